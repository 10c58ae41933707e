"""What a step learns from: sketches of real crops, in holes or all over, with the crop's own colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diachron.core.errors import RecipeError
from diachron.core.streams import stream
from diachron.training.semantic.examples import BLACK, Sketches, tinted
from diachron.training.semantic.options import SemanticOptions
from tests.generators.models.nets import TINY
from tests.training.inpainting.places import Worlds

SHORT = SemanticOptions(steps=6, batch=6, crop_px=32, network=TINY, device="cpu", precision="fp32")


def test_a_step_is_the_same_whenever_it_is_asked_for() -> None:
    first, second = Sketches([Worlds()], SHORT), Sketches([Worlds()], SHORT)
    second[7]
    for name in ("picture", "proposal", "hole", "labels", "noise", "strength", "time"):
        assert torch.equal(getattr(first[3], name), getattr(second[3], name))
    assert not torch.equal(first[3].picture, first[4].picture)


def test_a_sketch_has_the_levels_of_its_picture_and_less_texture() -> None:
    batch = Sketches([Worlds()], replace(SHORT, whole=1.0))[0]
    assert batch.hole.min() == 1.0
    means = [layer.mean((2, 3)) for layer in (batch.picture, batch.proposal)]
    torch.testing.assert_close(means[0], means[1], atol=1e-3, rtol=0)
    rough = [(layer[..., 1:] - layer[..., :-1]).abs().mean() for layer in (batch.picture, batch.proposal)]
    assert rough[1] < 0.5 * rough[0]


def test_around_holes_the_picture_is_real() -> None:
    batch = Sketches([Worlds()], replace(SHORT, whole=0.0))[0]
    outside = (batch.hole == 0).expand_as(batch.picture)
    assert 0.2 < outside.float().mean() < 1.0
    assert torch.equal(batch.proposal[outside], batch.picture[outside])
    assert torch.equal(batch.start[outside], batch.picture[outside])
    assert not torch.equal(batch.proposal[~outside], batch.picture[~outside])


def test_a_tint_keeps_black_and_the_order_of_pixels() -> None:
    pixels = stream(0, 0, "test").standard_normal((3, 8, 8), np.float32)
    pixels[:, 0, 0] = BLACK
    found = tinted(stream(1, 0, "test"), pixels, 0.3)
    np.testing.assert_allclose(found[:, 0, 0], BLACK, atol=1e-6)
    assert not np.allclose(found, pixels)
    for band in range(3):
        np.testing.assert_array_equal(np.argsort(found[band], None), np.argsort(pixels[band], None))
    np.testing.assert_allclose(tinted(stream(1, 0, "test"), pixels, 0.0), pixels, atol=1e-6)


def test_options_are_stored_and_checked() -> None:
    stored = SHORT.to_json()
    assert stored["detail_px"] == 2.0
    assert "without_proposal" not in stored
    for change in ({"detail_px": 0.1}, {"whole": 1.5}, {"tint": -0.1}, {"without_proposal": 0.1}):
        with pytest.raises(RecipeError, match=r"expected 0|is 0"):
            replace(SHORT, **change)
