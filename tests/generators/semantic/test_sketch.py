"""Sketches: texture goes, levels stay, and no colour crosses a border."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.streams import stream
from diachron.generators.semantic.sketch import VOID, regions_of, sketch_of, steps_of


def halves(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return noise, and two regions with a slanting border."""
    rows, cols = np.mgrid[:40, :48]
    return rng.standard_normal((3, 40, 48), np.float32), (2 * rows + cols > 60).astype(np.int32)


@given(seed=st.integers(0, 100), detail_px=st.floats(0.5, 4.0))
def test_each_region_keeps_its_mean_and_loses_its_texture(seed: int, detail_px: float) -> None:
    pixels, regions = halves(stream(seed, 0, "test"))
    sketch = sketch_of(pixels, regions, detail_px)
    for number in (0, 1):
        own = regions == number
        np.testing.assert_allclose(sketch[:, own].mean(1), pixels[:, own].mean(1), atol=1e-5)
        assert sketch[:, own].std() < pixels[:, own].std()


def test_what_lies_in_another_region_does_not_count() -> None:
    pixels, regions = halves(stream(1, 0, "test"))
    other = np.where(regions == 1, pixels + 5.0, pixels).astype(np.float32)
    first, second = (sketch_of(image, regions, 3.0) for image in (pixels, other))
    np.testing.assert_array_equal(first[:, regions == 0], second[:, regions == 0])
    assert (first != second)[:, regions == 1].all()


def test_in_one_region_it_is_a_gaussian() -> None:
    pixels = np.zeros((1, 41, 41), np.float32)
    pixels[0, 20, 20] = 1.0
    found = sketch_of(pixels, np.zeros((41, 41), np.int32), 3.0)[0]
    wanted = ndimage.gaussian_filter(pixels[0], 3.0, truncate=6)
    np.testing.assert_allclose(found, wanted, atol=0.05 * wanted.max())


def test_it_looks_no_further_than_it_says() -> None:
    """So a window with that much around it has the sketch of the whole picture."""
    pixels = stream(2, 0, "test").standard_normal((3, 60, 60), np.float32)
    regions = np.zeros((60, 60), np.int32)
    reach = steps_of(2.0)
    assert reach == 10
    whole = sketch_of(pixels, regions, 2.0)
    part = sketch_of(pixels[:, 10:50, 10:50], regions[10:50, 10:50], 2.0)
    np.testing.assert_array_equal(part[:, reach:-reach, reach:-reach], whole[:, 20:40, 20:40])


def test_the_picture_itself_stays() -> None:
    pixels, regions = halves(stream(3, 0, "test"))
    before = pixels.copy()
    assert sketch_of(pixels, regions, 1.0).dtype == np.float32
    np.testing.assert_array_equal(pixels, before)


def test_regions_are_objects_classes_and_nothing() -> None:
    labels = np.array([[1, 1, 11, 11, 2]], np.uint8)
    instances = np.array([[0, 0, 1, 7, 0]], np.int32)
    void = np.array([[False, True, False, False, False]])
    found = regions_of(labels, instances, void)
    assert found.tolist() == [[-1, VOID, 1, 7, -2]]
    # An object of id 1 is not ground of class 1.
    assert len(np.unique(regions_of(labels, instances, None))) == 4


@pytest.mark.parametrize(("detail_px", "steps"), [(0.5, 1), (1.0, 3), (2.0, 10)])
def test_steps_rise_with_the_square(detail_px: float, steps: int) -> None:
    assert steps_of(detail_px) == steps
