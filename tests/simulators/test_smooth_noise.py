"""Smooth noise: what SciPy's filter gives, by either way, with the deviation that is promised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.simulators.smooth_noise import blurred_around, blurred_noise, deviation, smooth_noise


# Sides with and without large prime factors, narrow and wide; some are no longer than the Gaussian reaches.
@pytest.mark.parametrize("shape", [(64, 96), (61, 103), (7, 90), (5, 5), (50, 1)])
@pytest.mark.parametrize("sigma_px", [0.5, 1.3, 6.0, 14.0, 40.0])
def test_blurring_is_that_of_scipy(shape, sigma_px):
    values = np.random.default_rng(0).standard_normal(shape)
    expected = ndimage.gaussian_filter(values, sigma_px, mode="wrap")
    np.testing.assert_allclose(blurred_around(values, sigma_px), expected, atol=1e-12)


def test_the_deviation_is_numpys_and_never_nothing():
    values = 3.0 + np.random.default_rng(0).standard_normal((40, 61))
    assert deviation(values) == pytest.approx(values.std(), rel=1e-12)
    assert deviation(np.full((4, 4), 0.3)) > 0


@pytest.mark.parametrize("sigma_px", [3.0, 9.0, 20.0])
def test_noise_has_mean_nothing_and_deviation_one_within_its_bounds(sigma_px):
    noise = smooth_noise(np.random.default_rng(1), (300, 311), sigma_px)
    assert noise.shape == (300, 311)
    assert abs(noise.mean()) < 0.2
    assert 0.9 < noise.std() < 1.0
    assert np.abs(noise).max() <= 2.0


def test_coarse_numbers_leave_spots_of_the_size_of_the_gaussian():
    """White noise under a Gaussian correlates by exp(-d^2 / 4 sigma^2) with itself a distance d away."""
    sigma_px, found = 9.0, []
    for seed in range(12):
        noise = smooth_noise(np.random.default_rng(seed), (400, 400), sigma_px)
        found.append([(noise[:, d:] * noise[:, : 400 - d]).mean() / noise.var() for d in (3, 9, 18)])
    expected = np.exp(-(np.array([3, 9, 18]) ** 2) / (4 * sigma_px**2))
    np.testing.assert_allclose(np.mean(found, axis=0), expected, atol=0.05)


def test_numbers_are_drawn_for_few_pixels_where_spots_are_large():
    class Counting:
        drawn = 0

        def standard_normal(self, shape):
            self.drawn += shape[0] * shape[1]
            return np.zeros(shape)

    counting = Counting()
    blurred_noise(counting, (600, 600), 30.0)
    assert 0 < counting.drawn < 600 * 600 / 80
