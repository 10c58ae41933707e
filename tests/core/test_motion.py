"""How donors are moved: the way back leads to the pixel that came."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from diachron.core.motion import Motion

places = st.floats(-200, 200)
motions = st.builds(Motion, places, places, places, places, st.floats(-180, 180), st.floats(0.3, 3.0))


def forward(motion: Motion, row: float, col: float) -> tuple[float, float]:
    """Return where a pixel of the donor's scene comes to lie: scaled and turned about its centre."""
    angle = math.radians(motion.turn_deg)
    down, right = row - motion.from_row, col - motion.from_col
    # From the column axis towards the row axis: (0, 1) turned by 90 degrees is (1, 0).
    turned = (
        down * math.cos(angle) + right * math.sin(angle),
        right * math.cos(angle) - down * math.sin(angle),
    )
    return motion.to_row + motion.scale * turned[0], motion.to_col + motion.scale * turned[1]


@given(motions, places, places)
def test_the_way_back_leads_to_the_pixel_that_came(motion, row, col):
    here = forward(motion, row, col)
    top, left = 3, -7
    back = motion.matrix() @ np.array([here[0] - top, here[1] - left]) + motion.offset(top, left)
    np.testing.assert_allclose(back, (row, col), atol=1e-6)


@given(motions)
def test_a_motion_comes_back_from_its_record(motion):
    assert Motion.from_json(json.loads(json.dumps(motion.to_json()))) == motion


@pytest.mark.parametrize(
    ("more", "exact"),
    [
        ({}, True),
        ({"to_row": 12.5}, False),
        ({"from_row": 4.5, "to_row": 10.5}, True),
        ({"turn_deg": 90.0}, False),
        ({"scale": 1.01}, False),
    ],
)
def test_a_motion_is_exact_where_pixels_fall_on_pixels(more, exact):
    assert (
        Motion(**{"from_row": 4.0, "from_col": 5.0, "to_row": 10.0, "to_col": 3.0, **more}).is_exact == exact
    )


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_an_exact_motion_copies_pixels(down, right):
    donor = np.random.default_rng(0).random((30, 30))
    motion = Motion(12.0, 14.0, 12.0 + down, 14.0 + right)
    assert motion.is_exact
    moved = ndimage.affine_transform(
        donor, motion.matrix(), motion.offset(8, 8), output_shape=(12, 12), order=1
    )
    np.testing.assert_allclose(moved, donor[8 - down : 20 - down, 8 - right : 20 - right], atol=1e-12)


def test_a_quarter_turn_takes_the_column_axis_to_the_row_axis():
    donor = np.zeros((21, 21))
    donor[10, 14] = 1.0
    motion = Motion(10.0, 10.0, 10.0, 10.0, turn_deg=90.0)
    moved = ndimage.affine_transform(donor, motion.matrix(), motion.offset(0, 0), order=1)
    assert np.unravel_index(moved.argmax(), moved.shape) == (14, 10)
