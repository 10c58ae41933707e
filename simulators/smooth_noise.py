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
# So many numbers are drawn to a deviation of the Gaussian, and between them the noise runs straight: it can
# hardly be told from a number a pixel, and large spots cost next to nothing.
PER_SPREAD = 3.0


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
    sigma_px = max(sigma_px, FINEST_PX)
    step = max(1, int(sigma_px / PER_SPREAD))
    if step == 1:
        return blurred_around(rng.standard_normal(shape), sigma_px)
    rows, cols = (-(-side // step) + 1 for side in shape)
    coarse = blurred_around(rng.standard_normal((rows, cols)), sigma_px / step)
    # Columns first, while there are few rows: what is large is then written once, row by row.
    wide = np.ascontiguousarray(_stretched(coarse.T, shape[1], step).T)
    return _stretched(wide, shape[0], step)


def _stretched(values: Field, length: int, step: int) -> Field:
    """Return (length, n) rows between those of (m, n) values that lie `step` apart, along straight lines."""
    at, share = np.divmod(np.arange(length), step)
    part = (share / step)[:, None]
    between: Field = (values[at + 1] - values[at]) * part
    between += values[at]
    return between


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
