"""The folder of a painter of sketches: it comes back whole, and what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import PackageError
from diachron.generators.inpainting.painter import Holes, Manner
from diachron.generators.semantic.painter import DESCRIPTION, Reading, SemanticPainter, load_painter
from tests.generators.models.nets import tiny_unet

MANNER = Manner(0.5, 2)


def holes(labels: int) -> Holes:
    rng = np.random.default_rng(0)
    picture, sketch, noise = (rng.standard_normal((1, 3, 32, 32), np.float32) for _ in range(3))
    known = np.full((1, 32, 32), labels, np.uint8)
    return Holes(picture, sketch, np.ones((1, 32, 32), bool), known, noise, 0.5)


def test_it_comes_back_from_its_folder(tmp_path: Path) -> None:
    made = SemanticPainter(tiny_unet(), {"loss": 0.5}, Reading(3.0, labels=False))
    made.save(tmp_path)
    found = SemanticPainter.load(tmp_path / DESCRIPTION)
    assert found.reading == made.reading
    assert found.training == {"loss": 0.5}
    np.testing.assert_array_equal(found.paint(holes(2), MANNER), made.paint(holes(2), MANNER))


def test_who_never_saw_labels_is_shown_none() -> None:
    """What a network makes of a class that it has not met is noise."""
    for reads in (True, False):
        painter = SemanticPainter(tiny_unet(), reading=Reading(labels=reads))
        same = np.array_equal(painter.paint(holes(2), MANNER), painter.paint(holes(11), MANNER))
        assert same != reads


def test_the_hash_tells_weights_and_sketches_apart(tmp_path: Path) -> None:
    found = set()
    for number, (seed, reading) in enumerate(
        [(0, Reading()), (1, Reading()), (0, Reading(3.0)), (0, Reading())]
    ):
        SemanticPainter(tiny_unet(seed), reading=reading).save(tmp_path / str(number))
        found.add(load_painter(str(tmp_path / str(number)))[1])
    assert len(found) == 3


def test_what_is_no_painter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"there is no semantic\.json.*`diachron train semantic"):
        SemanticPainter.load(tmp_path)
    SemanticPainter(tiny_unet()).save(tmp_path)
    card = json.loads((tmp_path / DESCRIPTION).read_text())
    for change, text in (
        ({"format": 9}, "format is 9, this Diachron reads 1"),
        ({"pixels": {"mean": 0.0, "spread": 1.0}}, "pixels is"),
        ({"network": {**card["network"], "name": "dit"}}, "the network is dit"),
        ({"network": {"name": "unet", "wide": 3}}, "the card tells no network"),
        ({"reading": {"detail": 3}}, "cannot be read"),
    ):
        (tmp_path / DESCRIPTION).write_text(json.dumps({**card, **change}))
        with pytest.raises(PackageError, match=text):
            SemanticPainter.load(tmp_path)
    (tmp_path / DESCRIPTION).write_text(json.dumps(card))
    (tmp_path / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(PackageError, match="no weights can be read there"):
        SemanticPainter.load(tmp_path)
