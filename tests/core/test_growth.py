"""Masks grown by shifts of one line are those of the slower, general operations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from diachron.core.growth import closed, grown, near

masks = arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))
# Roots of whole numbers are where a distance is just near enough.
distances = st.one_of(st.floats(0.0, 9.0), st.integers(0, 90).map(np.sqrt))


@given(masks, st.integers(1, 6))
def test_grown_is_a_dilation(mask, steps):
    np.testing.assert_array_equal(grown(mask, steps), ndimage.binary_dilation(mask, iterations=steps))


@given(masks, st.integers(1, 4))
def test_closed_is_a_closing_with_room_around(mask, steps):
    framed = ndimage.binary_closing(np.pad(mask, 2 * steps), iterations=steps)
    expected = framed[2 * steps : -2 * steps, 2 * steps : -2 * steps]
    np.testing.assert_array_equal(closed(mask, steps), expected)
    assert not (mask & ~closed(mask, steps)).any()


@given(masks.filter(np.any), distances)
def test_near_is_a_distance_transform_cut(mask, distance_px):
    expected = ndimage.distance_transform_edt(~mask) <= distance_px
    np.testing.assert_array_equal(near(mask, distance_px), expected)


@pytest.mark.parametrize("grow", [grown, closed, near])
def test_nothing_grows_to_nothing_and_no_step_changes_nothing(grow):
    assert not grow(np.zeros((5, 7), bool), 3).any()
    mask = np.eye(6, 9, dtype=bool)
    before = mask.copy()
    np.testing.assert_array_equal(grow(mask, 0), before)
    grow(mask, 3)[:] = True
    np.testing.assert_array_equal(mask, before)


def test_a_row_does_not_grow_into_the_next_one():
    mask = np.zeros((4, 5), bool)
    mask[1, 4] = True
    for grow in (grown, near):
        # Two pixels beyond the end of a row lies nothing of the row below.
        assert not grow(mask, 2)[:, 0].any()
        assert grow(mask, 2)[1].tolist() == [False, False, True, True, True]
