"""Directions and lengths of shadows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diachron.core.light import shadow_direction, shadow_length_m, swept


@pytest.mark.parametrize(
    ("sun_azimuth_deg", "direction"),
    [(0, (1, 0)), (90, (0, -1)), (180, (-1, 0)), (270, (0, 1)), (135, (-math.sqrt(0.5), -math.sqrt(0.5)))],
)
def test_shadows_fall_away_from_the_sun(sun_azimuth_deg, direction):
    # (rows down, columns right): the sun in the north throws shadows south, which is down.
    assert shadow_direction(sun_azimuth_deg) == pytest.approx(direction, abs=1e-12)


@pytest.mark.parametrize(
    ("elevation", "length"), [(45, 6.0), (90, 0.0), (math.degrees(math.atan(0.5)), 12.0)]
)
def test_a_shadow_is_height_over_the_tangent_of_elevation(elevation, length):
    assert shadow_length_m(6.0, elevation) == pytest.approx(length, abs=1e-12)


@pytest.mark.parametrize("elevation", [0.0, -5.0, 90.1])
def test_a_sun_below_the_horizon_is_refused(elevation):
    with pytest.raises(ValueError, match=rf"must be in \(0, 90\] degrees, got {elevation}"):
        shadow_length_m(6.0, elevation)


def box(shape: tuple[int, int] = (20, 24)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[8:12, 9:14] = True
    return mask


@pytest.mark.parametrize(
    ("step", "rows", "cols"),
    [
        ((0, 1), (8, 12), (14, 17)),
        ((0, -1), (8, 12), (6, 9)),
        ((1, 0), (12, 15), (9, 14)),
        ((-1, 0), (5, 8), (9, 14)),
    ],
)
def test_a_box_sweeps_a_box_along_an_axis(step, rows, cols):
    expected = np.zeros((20, 24), bool)
    expected[slice(*rows), slice(*cols)] = True
    np.testing.assert_array_equal(swept(box(), *step, 3.0), expected)


def test_along_the_diagonal_a_box_sweeps_its_two_sides():
    # Each step of (1, 1) uncovers a row and a column that share one pixel.
    covered = swept(box(), math.sqrt(0.5), math.sqrt(0.5), 3 * math.sqrt(2))
    assert np.count_nonzero(covered) == 3 * (4 + 5 - 1)


def test_nothing_is_swept_by_a_length_of_zero():
    assert not swept(box(), 0.0, 1.0, 0.0).any()


def test_what_leaves_the_window_is_lost():
    covered = swept(box(), 0.0, 1.0, 100.0)
    expected = np.zeros((20, 24), bool)
    expected[8:12, 14:] = True
    np.testing.assert_array_equal(covered, expected)


@given(hnp.arrays(np.bool_, (9, 11)), st.floats(0, 360), st.floats(0, 12), st.floats(0, 12))
def test_a_shadow_keeps_off_its_object_and_grows_with_its_length(mask, azimuth, a, b):
    step = shadow_direction(azimuth)
    untouched = mask.copy()
    short, long = (swept(mask, *step, float(math.floor(n))) for n in sorted((a, b)))
    np.testing.assert_array_equal(mask, untouched)
    assert not (long & mask).any()
    assert not (short & ~long).any()
