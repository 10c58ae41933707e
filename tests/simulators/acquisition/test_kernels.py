"""Filters against those of SciPy, which take each pixel by itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.simulators.acquisition.kernels import filtered, gaussian, joined, shift_kernel, smoothed, turned


@pytest.mark.parametrize("shape", [(2, 40, 70), (1, 5, 3)])
@pytest.mark.parametrize("shift", [0.3, -2.6])
def test_a_filter_is_the_correlation_along_both_axes(shape: tuple[int, int, int], shift: float) -> None:
    values = np.random.default_rng(0).random(shape).astype(np.float32)
    down, right = gaussian(0.8), joined([gaussian(0.6), shift_kernel(shift)])
    expected = ndimage.correlate1d(values, down, axis=1, mode="nearest")
    expected = ndimage.correlate1d(expected, right, axis=2, mode="nearest")
    np.testing.assert_allclose(filtered(values, down, right), expected, atol=1e-5)
    alone = ndimage.correlate1d(values, right, axis=2, mode="nearest")
    np.testing.assert_allclose(filtered(values, None, right), alone, atol=1e-5)
    assert filtered(values, None, None) is values


@pytest.mark.parametrize("sigma", [0.7, 1.2, 2.0, 2.4, 3.7, 8.0])
@pytest.mark.parametrize("shape", [(160, 131), (9, 40)])
def test_smoothing_is_a_gaussian_at_any_width_and_size(sigma: float, shape: tuple[int, int]) -> None:
    # White noise has all frequencies alike: the hardest layer to thin out.
    layer = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    kept = layer.copy()
    exact = ndimage.gaussian_filter(layer, sigma, mode="nearest", truncate=5.0)
    smooth = smoothed(layer, sigma)
    assert (smooth - exact).std() < 0.03 * exact.std()
    np.testing.assert_array_equal(layer, kept)


def test_smoothing_keeps_flat_ground_and_what_is_not_negative() -> None:
    flat = np.full((50, 37), 0.3, np.float32)
    spots = np.zeros((80, 80), np.float32)
    spots[::9, ::7] = 1.0
    for sigma in (1.2, 4.0, 9.0):
        np.testing.assert_allclose(smoothed(flat, sigma), 0.3, rtol=1e-5)
        assert smoothed(spots, sigma).min() >= 0.0


def test_a_turned_layer_is_the_transposed_one() -> None:
    layer = np.arange(15, dtype=np.float32).reshape(3, 5)
    np.testing.assert_array_equal(turned(layer), layer.T)
    assert turned(layer).flags.c_contiguous
