"""One-dimensional kernels: what spreads a point, along rows and along columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from diachron.simulators.acquisition.fields import spline_weights

Kernel = NDArray[np.float32]

# Taps at the ends of a kernel that are lighter than this move no 8-bit value by half a step.
SMALLEST_TAP = 1e-3


def gaussian(sigma_px: float) -> Kernel:
    """Return the sampled Gaussian, cut at three standard deviations, summing to one."""
    reach = max(1, int(np.ceil(3.0 * sigma_px)))
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    weights = np.exp(-0.5 * (at / max(sigma_px, 1e-3)) ** 2)
    return (weights / weights.sum()).astype(np.float32)


def shift_kernel(shift: float) -> Kernel:
    """Return the kernel that moves a line of pixels (cubic convolution, a = -0.5; Keys 1981, equation 4)."""
    reach = int(np.ceil(abs(shift))) + 2
    # Correlation: the result at 0 reads the source at -shift.
    distance = np.abs(np.arange(-reach, reach + 1) + shift)
    inner = 1.5 * distance**3 - 2.5 * distance**2 + 1.0
    outer = -0.5 * distance**3 + 2.5 * distance**2 - 4.0 * distance + 2.0
    weights = np.where(distance < 1, inner, np.where(distance < 2, outer, 0.0))
    return (weights / weights.sum()).astype(np.float32)


def joined(kernels: Sequence[Kernel]) -> Kernel | None:
    """Return one kernel for all, without ends below `SMALLEST_TAP`, summing to one; None for none."""
    if not kernels:
        return None
    kernel = reduce(np.convolve, kernels)
    reach = kernel.size // 2
    heavy = np.flatnonzero(np.abs(kernel) > SMALLEST_TAP)
    keep = max(reach - int(heavy[0]), int(heavy[-1]) - reach)
    inner = kernel[reach - keep : reach + keep + 1]
    return (inner / inner.sum()).astype(np.float32)


def filtered(values: NDArray[np.float32], down: Kernel | None, right: Kernel | None) -> NDArray[np.float32]:
    """Return the correlation of all bands with a kernel along rows and one along columns, edges repeated.

    Args:
        values: (C, H, W).
        down, right: of odd length; None changes nothing.
    """
    rows, cols = values.shape[1:]
    by_row = None if down is None or down.size == 1 else _weights(rows, down)
    if rows == cols and down is not None and right is not None and np.array_equal(down, right):
        by_col = by_row
    else:
        by_col = None if right is None or right.size == 1 else _weights(cols, right)
    if by_row is None and by_col is None:
        return values
    result = np.empty_like(values)
    for band, out in zip(values, result, strict=True):
        moved = band if by_row is None else by_row @ band
        out[:] = moved if by_col is None else turned(by_col @ turned(moved))
    return result


def _weights(size: int, kernel: Kernel) -> sparse.csr_array:
    """Return the (size, size) weights of a correlation.

    A sparse product takes the rows of a picture whole: a third of the time of shifted sums.
    """
    reach = kernel.size // 2
    at = np.arange(size, dtype=np.int32)[:, None] + np.arange(-reach, reach + 1, dtype=np.int32)
    np.clip(at, 0, size - 1, out=at)
    ends = np.arange(0, size * kernel.size + 1, kernel.size, dtype=np.int32)
    return sparse.csr_array((np.tile(kernel, size), at.ravel(), ends), shape=(size, size))


def turned(layer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a (H, W) layer as (W, H), contiguous."""
    rows, cols = layer.shape
    # Lines a power of two apart share a few places of the cache: 16 pixels more, and it takes a quarter.
    wide = np.empty((rows, cols + 16), np.float32)
    wide[:, :cols] = layer
    return np.ascontiguousarray(wide[:, :cols].T)


def smoothed(layer: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Return a (H, W) layer under a Gaussian, edges repeated.

    Wide ones are taken at every few pixels only and brought back under a cubic B-spline, whose variance is
    part of the Gaussian's: a tenth of the time, within 2 % of the spread of the result.

    Args:
        layer: float32.
        sigma_px: standard deviation.
    """
    step = int(sigma_px)
    if step < 2:
        kernel = gaussian(sigma_px)
        return filtered(layer[None], kernel, kernel)[0]
    (down, up), (down_right, up_right) = (_there_and_back(size, step, sigma_px) for size in layer.shape)
    coarse = turned(down_right @ turned(down @ layer))
    smooth: NDArray[np.float32] = up @ turned(up_right @ turned(coarse))
    return smooth


@lru_cache(maxsize=64)
def _there_and_back(size: int, step: int, sigma_px: float) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the weights of nodes `step` pixels apart, (nodes, size), and of pixels, (size, nodes)."""
    # A cubic B-spline has the variance of four boxes of one node.
    narrow = float(np.sqrt(sigma_px**2 - step**2 / 3.0))
    # One node before the first pixel and two behind the last.
    centres = np.arange(-1, -(-size // step) + 2) * step
    reach = int(np.ceil(3.0 * narrow))
    offsets = np.arange(-reach, reach + 1)
    kernel = gaussian(narrow)
    at = np.clip(centres[:, None] + offsets, 0, size - 1).astype(np.int32)
    ends = np.arange(0, at.size + 1, offsets.size, dtype=np.int32)
    down = sparse.csr_array((np.tile(kernel, centres.size), at.ravel(), ends), shape=(centres.size, size))
    return down, spline_weights(size, float(step), 0.0, nodes=centres.size)
