"""Smooth random fields and soft masks: what varies over the ground and not from pixel to pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Field = NDArray[np.float32]

# Mean over all positions of the sum of squared weights of a cubic B-spline: its autocorrelation at 0.
SPREAD = 151.0 / 315.0


def smooth_field(shape: tuple[int, int], length_px: float, seed: int, count: int = 1) -> Field:
    """Return fields of mean 0 and standard deviation 1 that are about half correlated over a length.

    White noise on a grid of that spacing, at a random offset, under a cubic B-spline (two continuous
    derivatives; Unser 1999, equation 3). Cost: four taps a pixel and axis.

    Args:
        shape: rows, columns.
        length_px: over which the correlation falls to about 0.5; at least one pixel.
        seed: of the field.
        count: number of independent fields.

    Returns:
        (count, H, W) float32.
    """
    rng = np.random.default_rng(seed)
    length = max(length_px, 1.0)
    down, right = (spline_weights(size, length, float(rng.uniform())) for size in shape)
    nodes = rng.standard_normal((count, down.shape[1], right.shape[1]), np.float32)
    nodes /= np.float32(SPREAD)
    fields = np.empty((count, *shape), np.float32)
    for field, grid in zip(fields, nodes, strict=True):
        # Sparse products add in one order on every machine; a dense one may not.
        field[:] = down @ np.ascontiguousarray((right @ grid.T).T)
    return fields


def spline_weights(size: int, length: float, offset: float) -> sparse.csr_array:
    """Return the (size, nodes) weights of a cubic B-spline with nodes `length` pixels apart."""
    place = np.arange(size, dtype=np.float64) / length + offset
    first = np.floor(place).astype(np.int64)
    t = place - first
    weights = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1
    ) / 6.0  # fmt: skip
    at = first[:, None] + np.arange(4)
    ends = np.arange(0, 4 * size + 1, 4)
    shape = (size, int(at.max()) + 1)
    return sparse.csr_array((weights.astype(np.float32).ravel(), at.ravel(), ends), shape=shape)


def ramp(values: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high` and a smooth step between (3 t² - 2 t³); `low` may be larger."""
    if low == high:
        return (values > low).astype(np.float32)
    t = values - np.float32(low)
    t *= np.float32(1.0 / (high - low))
    np.clip(t, 0.0, 1.0, out=t)
    rest = t * np.float32(-2.0)
    rest += np.float32(3.0)
    t *= t
    t *= rest
    return t


def luminance(values: Field) -> Field:
    """Return the (H, W) mean of the first three bands."""
    bands = values[:3]
    total: Field = bands.sum(axis=0)
    total *= np.float32(1.0 / len(bands))
    return total


def softened(layer: Field) -> Field:
    """Return the (H, W) mean of 3 x 3 pixels, edges repeated."""
    padded = np.pad(layer, 1, mode="edge")
    lines = padded[:-2] + padded[1:-1]
    lines += padded[2:]
    mean: Field = lines[:, :-2] + lines[:, 1:-1]
    mean += lines[:, 2:]
    mean *= np.float32(1.0 / 9.0)
    return mean


def middle(values: Field) -> float:
    """Return about the median of a (H, W) layer: of every fourth pixel of every fourth row."""
    return float(np.median(values[::4, ::4]))
