"""Where the sun of a picture stands, read off the shadows beside its buildings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import light
from diachron.core.scene import Sun
from diachron.simulators.bearing import NORTH_UP, Bearing

Mask = NDArray[np.bool_]

# Shadows are looked for this far from a wall.
REACH_M = 6.0
# Ground darker than this share of the median of open ground is taken for shadow.
DARK_SHARE = 0.62
# The brightness beside walls must swing by this share of the median around the compass ...
SMALLEST_SWING = 0.05
# ... and shadow must cover this share of the ground on the shaded side, so much more than on the sunny one.
DARK_ON_SHADED_SIDE = 0.17
ONE_SIDED = 1.5
# Below this many dark pixels beside buildings nothing is estimated.
FEWEST_DARK_PIXELS = 40
SECTORS = 24
# The shadow of an ordinary house (6 m) under a sun at 35 degrees: longer ones are shadows of shadows.
LONGEST_USUAL_M = 8.6


def estimate_sun(unit: NDArray[np.float32], buildings: Mask, open_ground: Mask, gsd_m: float) -> Sun | None:
    """Return where shadows fall, or None where the picture does not tell.

    Every pixel of open ground near a building votes with its direction from the nearest wall; the share of
    dark pixels per sector gives the mean direction. Length is where the dark share along that direction
    has fallen to half; contrast is the ratio of shadowed to lit ground per band.

    Args:
        unit: (C, H, W) float32, 0-1.
        buildings: (H, W) bool.
        open_ground: (H, W) bool ground that is neither object, water, tree nor ignore.
        gsd_m: ground sampling distance.
    """
    if not buildings.any() or not open_ground.any():
        return None
    bright = unit[:3].mean(axis=0)
    distance, (rows, cols) = ndimage.distance_transform_edt(~buildings, return_indices=True)
    near = open_ground & (distance <= REACH_M / gsd_m) & (distance >= 1.5)
    lit_level = float(np.median(bright[open_ground]))
    dark = bright < DARK_SHARE * lit_level
    if np.count_nonzero(near & dark) < FEWEST_DARK_PIXELS:
        return None
    here_rows, here_cols = np.nonzero(near)
    angle = np.arctan2(here_rows - rows[near], here_cols - cols[near])
    sector = np.floor((angle + np.pi) / (2 * np.pi) * SECTORS).astype(int) % SECTORS
    direction = _direction(sector, bright[near] / max(lit_level, 1e-6), dark[near])
    if direction is None:
        return None
    row_step, col_step = direction
    length_px = min(
        _length_px(buildings, open_ground, dark, row_step, col_step, gsd_m), LONGEST_USUAL_M / gsd_m
    )
    shadow = light.swept(buildings, row_step, col_step, length_px) & open_ground & dark
    lit = open_ground & ~dark
    if not shadow.any() or not lit.any():
        return None
    contrast = tuple(
        float(np.clip(band[shadow].mean() / max(float(band[lit].mean()), 1e-6), 0.1, 0.95)) for band in unit
    )
    return Sun(float(row_step), float(col_step), length_px * gsd_m, contrast)


def _direction(
    sector: NDArray[np.int64], bright: NDArray[np.float32], dark: Mask
) -> tuple[float, float] | None:
    """Return the unit vector (rows, columns) towards the shaded side of the walls, or None.

    Args:
        sector: of each pixel beside a wall.
        bright: its brightness over the median of open ground.
        dark: whether it counts as shadow.
    """
    total = np.bincount(sector, minlength=SECTORS)
    if np.count_nonzero(total >= 8) < SECTORS // 2:
        return None
    mean = np.bincount(sector, weights=bright, minlength=SECTORS) / np.maximum(total, 1)
    share = np.bincount(sector, weights=dark, minlength=SECTORS) / np.maximum(total, 1)
    seen = total >= 8
    # Sectors weigh by their pixels: in a square street grid four of them hold nearly all.
    weight = np.where(seen, total / total[seen].sum(), 0.0)
    deficit = np.where(seen, (weight * mean).sum() - mean, 0.0)
    middles = (np.arange(SECTORS) + 0.5) / SECTORS * 2 * np.pi - np.pi
    vector = complex((weight * deficit * np.exp(1j * middles)).sum() * 2.0)
    if abs(vector) < SMALLEST_SWING:
        return None
    # A third of the circle on the shaded side against the opposite third.
    towards = np.cos(middles - np.angle(vector))
    shaded, sunny = seen & (towards > 0.5), seen & (towards < -0.5)
    if not shaded.any() or not sunny.any():
        return None
    dark_shaded, dark_sunny = (np.average(share[side], weights=total[side]) for side in (shaded, sunny))
    if dark_shaded < max(DARK_ON_SHADED_SIDE, ONE_SIDED * dark_sunny):
        return None
    return vector.imag / abs(vector), vector.real / abs(vector)


def _length_px(
    buildings: Mask, open_ground: Mask, dark: Mask, row_step: float, col_step: float, gsd_m: float
) -> float:
    """Return how far from the walls the ground stays dark, in pixels: half of the largest dark share."""
    reach = max(3, round(3 * REACH_M / gsd_m))
    waiting = open_ground & ~buildings
    shares = []
    for moved in light.sweep(buildings, row_step, col_step, float(reach)):
        fresh = moved & waiting
        count = np.count_nonzero(fresh)
        shares.append(np.count_nonzero(fresh & dark) / count if count else 0.0)
        waiting &= ~fresh
    profile = ndimage.uniform_filter1d(np.asarray(shares), 3, mode="nearest")
    peak = int(profile[: max(3, round(REACH_M / gsd_m))].argmax())
    fallen = np.flatnonzero(profile[peak:] < 0.5 * profile[peak])
    return float(peak + fallen[0] + 1) if fallen.size else float(reach)


def given_sun(
    azimuth_deg: float,
    elevation_deg: float | None,
    estimated: Sun | None,
    bands: int,
    bearing: Bearing = NORTH_UP,
) -> Sun:
    """Return the sun that the source states, with the contrast of the picture where it could be read.

    Args:
        azimuth_deg: clockwise from north.
        elevation_deg: above the horizon; None keeps the estimated length, or 4 m.
        estimated: what the picture says, for contrast and length.
        bands: number of bands, for the default contrast of 0.45 (clear sky, urban; between the 0.3-0.6
            that shadows in aerial pictures have).
        bearing: of the grid; up is north by default.
    """
    row_step, col_step = bearing.shadow_direction(azimuth_deg)
    house_height_m = 5.0
    if elevation_deg is not None:
        length = light.shadow_length_m(house_height_m, elevation_deg)
    else:
        length = estimated.shadow_length_m if estimated else 4.0
    contrast = estimated.contrast if estimated else (0.45,) * bands
    return Sun(row_step, col_step, length, contrast, given=True)
