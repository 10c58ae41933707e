"""Planes that describe ground: colours free of what stands on it, grain, and the way that rows run."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.generators.copy_paste.features import ground_features


def test_an_object_lends_no_colour_to_the_ground_beside_it():
    image = np.full((3, 40, 40), 0.3, np.float32)
    valid = np.ones((40, 40), bool)
    image[:, 10:30, 10:30], valid[10:30, 10:30] = 0.9, False
    colours = ground_features(image, valid)[:3]
    assert colours[:, 4, 10] == pytest.approx(0.3, abs=1e-5)


def test_grain_is_the_deviation_from_pixel_to_pixel():
    rng = np.random.default_rng(0)
    grey = 0.5 + 0.05 * rng.standard_normal((120, 120))
    grain = ground_features(np.stack([grey] * 3), np.ones((120, 120), bool))[3]
    # Within four pixels the variance is 3/4 of that of all.
    assert grain[10:50, 10:50].mean() == pytest.approx(0.05 * 0.75**0.5, rel=0.1)


@pytest.mark.parametrize(("turn_deg", "double"), [(0, (1, 0)), (45, (0, 1)), (90, (-1, 0)), (135, (0, -1))])
def test_direction_is_the_double_angle_of_the_gradient(turn_deg, double):
    rows, cols = np.indices((80, 80))
    angle = np.radians(turn_deg)
    wave = 0.5 + 0.2 * np.sin(0.5 * (np.cos(angle) * cols + np.sin(angle) * rows))
    planes = ground_features(np.stack([wave] * 3), np.ones((80, 80), bool))[4:]
    found = planes[:, 10:30, 10:30].mean(axis=(1, 2))
    np.testing.assert_allclose(found / np.hypot(*found), double, atol=0.05)


def test_odd_sides_are_rounded_up():
    assert ground_features(np.zeros((4, 31, 20), np.uint8), np.ones((31, 20), bool)).shape == (7, 16, 10)
