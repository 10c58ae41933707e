"""Geometry of sunlight on a north-up grid: directions of shadows and the ground that they cover."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def shadow_direction(sun_azimuth_deg: float) -> tuple[float, float]:
    """Return the unit vector (rows down, columns right) from an object to its shadow.

    Args:
        sun_azimuth_deg: where the sun stands, clockwise from north; the grid is taken as north-up.
    """
    azimuth = math.radians(sun_azimuth_deg)
    return math.cos(azimuth), -math.sin(azimuth)


def shadow_length_m(height_m: float, sun_elevation_deg: float) -> float:
    """Return the length on flat ground of the shadow of something `height_m` high: h / tan(elevation).

    Raises:
        ValueError: the sun is not above the horizon.
    """
    if not 0 < sun_elevation_deg <= 90:
        raise ValueError(f"sun elevation must be in (0, 90] degrees, got {sun_elevation_deg}")
    return height_m / math.tan(math.radians(sun_elevation_deg))


def sweep(mask: Mask, row_step: float, col_step: float, length_px: float) -> Iterator[Mask]:
    """Yield the mask in each of its places while it slides, about a pixel apart, the start left out.

    Args:
        mask: (H, W) bool.
        row_step, col_step: unit vector of the direction.
        length_px: how far, in pixels; the last place is there.
    """
    rows, cols = mask.shape
    for step in range(1, math.ceil(length_px) + 1):
        distance = min(float(step), length_px)
        down, right = round(row_step * distance), round(col_step * distance)
        moved = np.zeros_like(mask)
        if abs(down) < rows and abs(right) < cols:
            to_box = (
                slice(max(down, 0), rows + min(down, 0)),
                slice(max(right, 0), cols + min(right, 0)),
            )
            from_box = (
                slice(max(-down, 0), rows + min(-down, 0)),
                slice(max(-right, 0), cols + min(-right, 0)),
            )
            moved[to_box] = mask[from_box]
        yield moved


def swept(mask: Mask, row_step: float, col_step: float, length_px: float) -> Mask:
    """Return the ground that a mask covers while it slides by `length_px`, without the mask itself.

    That is the shadow of a flat roof with vertical walls. The result has the shape of `mask`; what leaves
    the window is lost.

    Args:
        mask: (H, W) bool.
        row_step, col_step: unit vector of the direction.
        length_px: how far, in pixels.
    """
    covered = mask.copy()
    for moved in sweep(mask, row_step, col_step, length_px):
        covered |= moved
    shadow: Mask = covered & ~mask
    return shadow
