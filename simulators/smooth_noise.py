"""Smooth noise: independent numbers blurred by a Gaussian that goes around the borders of the window."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Field = NDArray[np.float64]

# The Gaussian ends here.
SPREADS = 4.0
# No spots are finer.
FINEST_PX = 0.5


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> Field:
    """Return (h, w) smooth noise of mean 0 and deviation 1, between -2 and 2.

    Args:
        rng: of the numbers.
        shape: of the window.
        sigma_px: of the Gaussian.
    """
    noise = blurred_noise(rng, shape, sigma_px)
    noise /= deviation(noise)
    result: Field = np.clip(noise, -2.0, 2.0, out=noise)
    return result


def blurred_noise(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> Field:
    """Return (h, w) smooth noise as blurring leaves it: its deviation falls with `sigma_px`."""
    return blurred_around(rng.standard_normal(shape), max(sigma_px, FINEST_PX))


def deviation(noise: Field) -> float:
    """Return the standard deviation of a window, never nothing."""
    mean = float(noise.mean())
    return max(math.sqrt(max(float(np.vdot(noise, noise)) / noise.size - mean * mean, 0.0)), 1e-9)


def blurred_around(values: Field, sigma_px: float) -> Field:
    """Return `ndimage.gaussian_filter(values, sigma_px, mode="wrap")` in one time for any width.

    Args:
        values: (h, w).
        sigma_px: above 0.
    """
    reach = int(SPREADS * sigma_px + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    weights /= weights.sum()
    waves = fft.rfft2(values)
    for axis, transform in ((0, fft.fft), (1, fft.rfft)):
        length = values.shape[axis]
        kernel = np.bincount(np.arange(-reach, reach + 1) % length, weights, minlength=length)
        # A symmetric kernel has a real transform.
        share = transform(kernel).real
        waves *= share[:, None] if axis == 0 else share[None, :]
    return np.asarray(fft.irfft2(waves, s=values.shape, overwrite_x=True))
