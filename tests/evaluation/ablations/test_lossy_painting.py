"""Loss on the painted date: flatter and softer by what was drawn, everywhere, and on that date alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diachron.core.streams import stream
from diachron.evaluation.ablations.lossy_painting import BLUR_PX, CONTRAST, Loss, LossyPainting, apply, draw
from diachron.outputs.pairs import PackagePairs

IMAGES = arrays(np.uint8, (2, 12, 15), elements=st.integers(0, 255))
KNOWN = arrays(np.bool_, (12, 15))
LOSSES = st.builds(Loss, st.floats(*CONTRAST), st.floats(*BLUR_PX))


def ground(dtype: type = np.float64) -> np.ndarray:
    """Return smooth ground, of which a blur of half a pixel takes next to nothing."""
    rows, cols = np.mgrid[:64, :64] / 10.0
    return (1000.0 + 300.0 * np.stack([np.sin(rows), np.cos(cols)])).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_contrast_is_what_was_drawn_and_the_mean_stays(dtype: type) -> None:
    image = ground(dtype)
    lossy = apply(image, Loss(0.85, 0.5), np.ones((64, 64), bool))
    assert lossy.dtype == dtype
    for before, after in zip(image.astype(float), lossy.astype(float), strict=True):
        assert after.std() / before.std() == pytest.approx(0.85, abs=1e-3)
        assert after.mean() == pytest.approx(before.mean(), abs=0.1)


def test_noise_is_not_sharpened_again() -> None:
    noise = np.random.default_rng(0).normal(1000.0, 50.0, (1, 64, 64)).astype(np.float32)
    lossy = apply(noise, Loss(0.93, 0.8), np.ones((64, 64), bool))
    # White noise keeps 1 / (2 sqrt(pi) sigma) = 0.35 of its deviation under a Gaussian of 0.8 px.
    assert lossy.std() / noise.std() == pytest.approx(0.35, abs=0.03)


@given(IMAGES, KNOWN, LOSSES)
def test_what_is_not_known_keeps_its_bytes_and_leaks_nowhere(
    image: np.ndarray, known: np.ndarray, loss: Loss
) -> None:
    before = image.copy()
    lossy = apply(image, loss, known)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(lossy[:, ~known], image[:, ~known])
    other = np.where(known, image, 255 - image)
    np.testing.assert_array_equal(apply(other, loss, known)[:, known], lossy[:, known])


@given(st.integers(0, 2**32), st.integers(0, 10**6))
def test_draws_stay_in_the_published_range(seed: int, sample: int) -> None:
    loss = draw(stream(seed, sample, "x"))
    assert CONTRAST[0] <= loss.contrast <= CONTRAST[1]
    assert BLUR_PX[0] <= loss.blur_px <= BLUR_PX[1]


def test_the_painted_date_alone_loses_and_unchanged_ground_too(acquired: PackagePairs) -> None:
    lossy = LossyPainting(acquired, seed=3)
    assert len(lossy) == len(acquired)
    seen = set()
    for position, (pair, flat) in enumerate(zip(acquired, lossy, strict=True)):
        painted = acquired.painted(position)
        seen.add(painted)
        for is_painted, before, after in zip(painted, (pair.t1, pair.t2), (flat.t1, flat.t2), strict=True):
            if not is_painted:
                np.testing.assert_array_equal(after, before)
                continue
            ratio = after.std(axis=(1, 2)) / before.std(axis=(1, 2))
            assert (ratio <= CONTRAST[1] + 0.01).all()
            # Half of the pixels outside the change, and more, are other ones now.
            assert (after != before)[:, pair.change == 0].mean() > 0.5
        np.testing.assert_array_equal(flat.change, pair.change)
    assert (False, False) in seen
    assert len(seen) > 1


def test_a_pair_is_the_same_in_any_order_and_another_with_another_seed(acquired: PackagePairs) -> None:
    painted = next(i for i in range(len(acquired)) if any(acquired.painted(i)))
    one, again = LossyPainting(acquired, seed=3), LossyPainting(acquired, seed=3)
    list(again)
    np.testing.assert_array_equal(one[painted].t1, again[painted].t1)
    np.testing.assert_array_equal(one[painted].t2, again[painted].t2)
    other = LossyPainting(acquired, seed=4)[painted]
    assert (other.t1 != one[painted].t1).any() or (other.t2 != one[painted].t2).any()
