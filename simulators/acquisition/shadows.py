"""Shadows of flat roofs with vertical walls, on the ground and on lower roofs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Layer = NDArray[np.float32]


def shaded(heights_m: Layer, row_step: float, col_step: float, px_per_m: float) -> Layer:
    """Return which share of each pixel lies in the shadow of something else, (H, W) float32 in 0-1.

    The last ray over a roof's edge sinks by a metre on every `px_per_m` pixels, the cotangent of the sun's
    elevation over the gsd; what lies below it gets no sun. So a shadow on the ground is `h px_per_m` long, a
    shadow on a lower roof shorter, and no roof shades itself or a higher one. The ray is followed in steps of
    1, 1, 2, 4 ... pixels, each rounded to whole ones.

    Args:
        heights_m: (H, W) of what stands there, 0 on the ground.
        row_step, col_step: unit vector from a thing to its shadow, rows down and columns right.
        px_per_m: length of the shadow of a metre of height, in pixels.
    """
    reach_px = float(heights_m.max(initial=0.0)) * px_per_m
    if reach_px <= 0.0:
        return np.zeros_like(heights_m)
    drop_m = 1.0 / px_per_m
    ray = np.full_like(heights_m, -np.inf)
    _raise(ray, heights_m, row_step, col_step, drop_m)
    step = 1
    while step < math.ceil(reach_px):
        _raise(ray, ray.copy(), step * row_step, step * col_step, step * drop_m)
        step *= 2
    ray -= heights_m
    # A ray that ends within a pixel shades that part of it.
    ray *= np.float32(px_per_m)
    ray += np.float32(1.0)
    share: Layer = np.clip(ray, 0.0, 1.0, out=ray)
    return share


def _raise(ray: Layer, source: Layer, down: float, right: float, drop_m: float) -> None:
    """Raise the ray to the source moved by so much and lowered by `drop_m`, where that is higher."""
    rows, cols = ray.shape
    row, col = round(down), round(right)
    if abs(row) >= rows or abs(col) >= cols:
        return
    to_box = slice(max(row, 0), rows + min(row, 0)), slice(max(col, 0), cols + min(col, 0))
    from_box = slice(max(-row, 0), rows + min(-row, 0)), slice(max(-col, 0), cols + min(-col, 0))
    np.maximum(ray[to_box], source[from_box] - np.float32(drop_m), out=ray[to_box])
