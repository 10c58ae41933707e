"""Smooth random fields and soft masks: what varies over the ground and not from pixel to pixel."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import ndtri

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
        field[:] = down @ np.ascontiguousarray((right @ np.ascontiguousarray(grid.T)).T)
    return fields


def spline_weights(size: int, length: float, offset: float, nodes: int | None = None) -> sparse.csr_array:
    """Return the (size, nodes) weights of a cubic B-spline with nodes `length` pixels apart.

    Args:
        size: pixels.
        length: of a node, in pixels.
        offset: of the first pixel after the second node, in nodes, at least 0.
        nodes: how many there are; as many as are needed by default.
    """
    place = np.arange(size) / length
    place += offset
    first = place.astype(np.int32)
    t = place - first
    rest = 1.0 - t
    outer, after = rest * rest * rest, t * t * t
    weights = np.empty((size, 4), np.float32)
    weights[:, 0] = outer / 6.0
    weights[:, 1] = 0.5 * after - t * t + 2.0 / 3.0
    weights[:, 2] = 0.5 * outer - rest * rest + 2.0 / 3.0
    weights[:, 3] = after / 6.0
    at = first[:, None] + np.arange(4, dtype=np.int32)
    ends = np.arange(0, 4 * size + 1, 4, dtype=np.int32)
    shape = (size, int(at[-1, -1]) + 1 if nodes is None else nodes)
    return sparse.csr_array((weights.ravel(), at.ravel(), ends), shape=shape)


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
    lines = layer.copy()
    lines[1:] += layer[:-1]
    lines[:-1] += layer[1:]
    lines[0] += layer[0]
    lines[-1] += layer[-1]
    mean = lines.copy()
    mean[:, 1:] += lines[:, :-1]
    mean[:, :-1] += lines[:, 1:]
    mean[:, 0] += lines[:, 0]
    mean[:, -1] += lines[:, -1]
    mean *= np.float32(1.0 / 9.0)
    return mean


def normal_numbers(seed: int, shape: tuple[int, ...]) -> Field:
    """Return standard normal numbers, by table: 16 random bits choose one of 65536 quantiles.

    A fourth of the time of drawing them; none lies farther off than 4.3, which one of 60 000 would.

    Args:
        seed: of the numbers.
        shape: of the result, float32.
    """
    count = math.prod(shape)
    raw = np.random.default_rng(seed).bit_generator.random_raw(-(-count // 4))
    # Low byte first, so that every machine reads the same numbers.
    bits = raw.astype("<u8", copy=False).view("<u2")[:count]
    return np.take(_quantiles(), bits).reshape(shape)


@cache
def _quantiles() -> Field:
    """Return the middles of 65536 equal shares of the normal distribution, standard deviation 1."""
    table = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16))
    return (table / table.std()).astype(np.float32)


def middle(values: Field) -> float:
    """Return about the median of a (H, W) layer: of every fourth pixel of every fourth row."""
    return float(np.median(values[::4, ::4]))
