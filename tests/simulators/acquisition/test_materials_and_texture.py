"""What decides how well two dates agree: materials that answer apart, and detail that is new."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.registry import load
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.fields import spline_weights
from diachron.simulators.acquisition.materials import LEVELS, NODES, levels_of, random_nodes, tables_of

CONTEXT = Context(("red", "green", "blue"), 0.6)


def ground(seed: int = 0) -> NDArray[np.float32]:
    """Return (3, 200, 200) coloured ground around 0.5 with detail of 1, 3 and 12 pixels."""
    rng = np.random.default_rng(seed)
    parts = [ndimage.gaussian_filter(rng.standard_normal((3, 200, 200)), (0, s, s)) for s in (1, 3, 12)]
    return (0.5 + 0.06 * sum(part / part.std() for part in parts)).astype(np.float32)


def acted(name: str, seed: int, **amounts: Any) -> NDArray[np.float32]:
    module = load("acquisition", name)
    drawn = module.draw(np.random.default_rng(seed), module.Parameters(**amounts), CONTEXT)
    result: NDArray[np.float32] = module.act(ground(), drawn, None)
    return result


def detail(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    grey = values.mean(axis=0)
    fine = ndimage.gaussian_filter(grey, low) if low else grey
    return np.asarray(fine - ndimage.gaussian_filter(grey, high)).ravel()


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_detail_of_a_size_agrees_by_one_minus_the_share(share: float) -> None:
    changed = acted("texture", 0, fine=0.0, coarse=share)
    before = detail(ground(), 1.2, 4.0)
    after = before + (changed - ground()).mean(axis=0).ravel()
    assert np.corrcoef(before, after)[0, 1] == pytest.approx(1 - share, abs=0.06)
    # New detail is as strong as what gives way, and ground of other sizes stays.
    assert after.std() == pytest.approx(before.std(), rel=0.1)
    assert np.corrcoef(detail(ground(), 12, 30), detail(changed, 12, 30))[0, 1] > 0.98


def test_new_detail_is_grey() -> None:
    gain = acted("texture", 0, fine=0.5, coarse=0.5) - ground()
    assert np.ptp(gain, axis=0).max() < 1e-6
    assert gain.std() > 0.01


def test_one_colour_answers_alike_everywhere_without_patchwork() -> None:
    module = load("acquisition", "materials")
    parameters = module.Parameters(brightness=0.5, colour=0.2, patchwork=0.0)
    drawn = module.draw(np.random.default_rng(1), parameters, CONTEXT)
    image = np.repeat(np.repeat(np.array([0.2, 0.5, 0.8], np.float32), 40)[None, None], 120, 1).repeat(3, 0)
    gain = module.act(image.copy(), drawn, None) - image
    for start in (0, 40, 80):
        assert np.ptp(gain[:, :, start + 4 : start + 36], axis=(1, 2)).max() < 1e-6
    assert gain.std() > 0.02


@pytest.mark.parametrize("amount", [0.1, 0.4])
def test_patchwork_has_the_spread_asked_for(amount: float) -> None:
    spread = ground().mean(axis=0).std()
    gains = [
        (acted("materials", seed, brightness=0.0, colour=0.0, patchwork=amount) - ground()).mean(axis=0).std()
        for seed in range(8)
    ]
    # Over one picture a few broad fields stray; their mean does not.
    assert np.sqrt(np.mean(np.square(gains))) == pytest.approx(amount * spread, rel=0.3)


def test_answers_are_standard_and_those_of_their_nodes() -> None:
    nodes = random_nodes(np.random.default_rng(0), 3)
    tables = tables_of(nodes)
    assert tables.shape == (LEVELS, 3, LEVELS, LEVELS)
    np.testing.assert_allclose(tables.mean(axis=(0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(tables.std(axis=(0, 2, 3)), 1, atol=1e-4)
    axis = spline_weights(LEVELS, (LEVELS - 1) / (NODES - 1), 0.0).toarray()
    for level in ((0, 0, 0), (47, 3, 20), (11, 46, 30)):
        along = [axis[at] for at in level]
        expected = np.einsum("kabc,a,b,c->k", nodes, *along)
        np.testing.assert_allclose(tables[level[0], :, level[1], level[2]], expected, atol=1e-5)


@pytest.mark.parametrize("bands", [1, 2, 3])
def test_every_colour_has_a_place(bands: int) -> None:
    colours = list(ground()[:bands])
    at = levels_of(colours, 4)
    red, rest = np.divmod(at, 4 * LEVELS**2)
    assert rest.max() < LEVELS**2
    assert red.min() == 0 and red.max() == LEVELS - 1
    darkest = np.unravel_index(int(colours[0].argmin()), colours[0].shape)
    assert red[darkest] == 0


def test_bands_beyond_the_third_answer_too() -> None:
    module = load("acquisition", "materials")
    four = Context(("red", "green", "blue", "nir"), 0.5)
    drawn = module.draw(np.random.default_rng(0), module.Parameters(), four)
    image = np.concatenate([ground(), ground(1)[:1]])
    assert (module.act(image.copy(), drawn, None) != image).any(axis=(1, 2)).all()


def test_less_detail_is_new_where_pixels_are_finer_than_those_it_was_measured_on() -> None:
    module = load("acquisition", "texture")
    parameters = module.Parameters(fine=0.4, coarse=0.2)
    fine = {
        gsd_m: module.draw(np.random.default_rng(0), parameters, Context(("red",), gsd_m))["fine"]
        for gsd_m in (0.15, 0.6, 2.0)
    }
    assert fine == {0.15: 0.1, 0.6: 0.4, 2.0: 0.4}
