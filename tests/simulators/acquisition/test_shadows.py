"""Shadows of blocks of known height, against hand computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.light import shadow_direction
from diachron.simulators.acquisition.shadows import shaded

# A block of 10 x 10 pixels in the middle of 60 x 60.
BOX = (slice(25, 35), slice(25, 35))


def block(height_m: float) -> np.ndarray:
    heights = np.zeros((60, 60), np.float32)
    heights[BOX] = height_m
    return heights


@pytest.mark.parametrize(
    ("azimuth_deg", "rows", "cols"),
    [
        (180.0, (13, 25), (25, 35)),
        (0.0, (35, 47), (25, 35)),
        (90.0, (25, 35), (13, 25)),
        (270.0, (25, 35), (35, 47)),
    ],
)
def test_a_block_of_6_m_under_45_degrees_shades_12_pixels_of_half_a_metre(azimuth_deg, rows, cols):
    # 6 m / tan(45 degrees) = 6 m = 12 px, away from the sun; the grid is north-up.
    share = shaded(block(6.0), *shadow_direction(azimuth_deg), px_per_m=1.0 / 0.5)
    expected = np.zeros((60, 60), np.float32)
    expected[slice(*rows), slice(*cols)] = 1.0
    np.testing.assert_allclose(share, expected, atol=1e-5)


def test_a_shadow_that_ends_inside_a_pixel_shades_its_share():
    # 5 m / tan(30 degrees) = 8.66 m = 8.66 px.
    share = shaded(block(5.0), 0.0, 1.0, px_per_m=1.0 / math.tan(math.radians(30.0)))
    np.testing.assert_allclose(share[30, 35:45], [1] * 8 + [0.66, 0.0], atol=0.01)


@given(azimuth=st.floats(0, 360), elevation=st.floats(20, 80), height=st.floats(2, 8))
def test_the_tip_lies_h_over_tan_e_from_its_corner_in_every_direction(azimuth, elevation, height):
    down, right = shadow_direction(azimuth)
    length = height / math.tan(math.radians(elevation))
    heights = block(height)
    lies = np.argwhere(shaded(heights, down, right, 1.0 / math.tan(math.radians(elevation))) > 0.5)
    if length < 2.0:
        return
    along = lies @ np.array([down, right])
    corners = np.argwhere(heights > 0) @ np.array([down, right])
    # Moves are rounded to whole pixels, and so is the end.
    assert along.max() - corners.max() == pytest.approx(length, abs=1.5)
    across = lies @ np.array([-right, down])
    sides = np.argwhere(heights > 0) @ np.array([-right, down])
    assert across.max() <= sides.max() + 1.5
    assert across.min() >= sides.min() - 1.5


def test_a_lower_roof_is_shaded_only_as_far_as_the_ray_is_above_it():
    heights = block(6.0)
    heights[25:35, 35:50] = 2.0
    share = shaded(heights, 0.0, 1.0, px_per_m=1.0)
    # 6 m sink to 2 m over 4 pixels.
    np.testing.assert_allclose(share[30, 35:41], [1, 1, 1, 1, 0, 0], atol=1e-5)
    # The lower roof casts its own two pixels.
    np.testing.assert_allclose(share[30, 50:54], [1, 1, 0, 0], atol=1e-5)


def test_no_roof_shades_itself_or_a_higher_one():
    heights = block(6.0)
    heights[25:35, 35:40] = 9.0
    share = shaded(heights, 0.0, 1.0, px_per_m=1.0)
    assert share[25:35, 25:40].max() == 0.0
    assert (share[25:35, 40:49] == 1.0).all()


def test_nothing_that_stands_casts_nothing():
    assert not shaded(np.zeros((8, 9), np.float32), 1.0, 0.0, 2.0).any()
    assert not shaded(block(6.0), 1.0, 0.0, 0.0).any()
