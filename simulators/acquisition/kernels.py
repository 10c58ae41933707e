"""One-dimensional kernels: what spreads a point, along rows and along columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

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


def filtered(values: NDArray[np.float32], kernel: Kernel | None, *, axis: int) -> NDArray[np.float32]:
    """Return the correlation of a (H, W) layer along an axis, edges repeated.

    Few taps: shifted sums beat a general filter.
    """
    if kernel is None or kernel.size == 1:
        return values
    reach = kernel.size // 2
    pads = [(0, 0), (0, 0)]
    pads[axis] = (reach, reach)
    padded = np.pad(values, pads, mode="edge")
    length = values.shape[axis]
    total = np.zeros_like(values)
    term = np.empty_like(values)
    for tap, weight in enumerate(kernel):
        if abs(weight) < 1e-6:
            continue
        part = padded[tap : tap + length] if axis == 0 else padded[:, tap : tap + length]
        np.multiply(part, weight, out=term)
        total += term
    return total
