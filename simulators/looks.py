"""Looks: what a donor and the ground around it look like, and how far that is from a place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.look import Look, Tint
from diachron.core.optics import optics_of
from diachron.core.scene import Scene

Mask = NDArray[np.bool_]
Sums = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

# Ground within this distance of a wall is the surroundings of a house: its yard.
RING_M = 5.0
# The pixels beside an outline see both of its sides.
MIXED_PX = 1.5
FEWEST_PX = 12
# Ground darker than this share of the median of open ground is in shadow and tells nothing of its colour.
SHADOW_SHARE = 0.6
# Side of the cells by which the colour of a place is kept; three by three of them make its neighbourhood.
CELL_M = 4.0
# Differences that count as one: the usual spread of yards within a tile (medians of 12 tiles of four sets).
BRIGHTNESS = 0.17
WARMTH = 0.1
GREEN = 0.04
# A roof that is blurred by this share more than the picture counts as one.
SOFTER = 0.3


@dataclass(frozen=True, eq=False)
class Colours:
    """The colours of a scene in sums, so that means of any set of pixels follow.

    Args:
        level: (C',) median of lit open ground, of the first three bands or of the first.
        bands: (C', H, W) those bands.
        lit_ground: (H, W) open ground out of the shadow.
        cell_px: side of a cell.
        field: (3, rows, cols) brightness, warmth and green of the neighbourhood of each cell, nan
            where it has too little lit ground.
    """

    level: NDArray[np.float64]
    bands: NDArray[np.float32]
    lit_ground: Mask
    cell_px: int
    field: NDArray[np.float64]

    def at(self, row: int, col: int) -> Tint | None:
        """Return the colour of the ground around a pixel, or None where there is none."""
        brightness, warmth, green = self.field[:, row // self.cell_px, col // self.cell_px].tolist()
        return None if math.isnan(brightness) else Tint(brightness, warmth, green)


_KEPT: WeakKeyDictionary[Scene, Colours] = WeakKeyDictionary()


def colours_of(scene: Scene) -> Colours:
    """Return the colours of a scene, measured at the first call."""
    kept = _KEPT.get(scene)
    if kept is None:
        kept = _KEPT[scene] = _measured(scene)
    return kept


def _measured(scene: Scene) -> Colours:
    chosen_bands = scene.image[: 3 if scene.image.shape[0] >= 3 else 1]
    bands: NDArray[np.float32] = chosen_bands.astype(np.float32)
    bright = bands.mean(axis=0)
    ground = (scene.instances == 0) & (scene.surface != hub.IGNORE) & (scene.surface != hub.WATER)
    if ground.any():
        lit = ground & (bright >= SHADOW_SHARE * float(np.median(bright[ground])))
    else:
        lit = ground
    chosen = lit if lit.any() else ~scene.ignored
    values = bands.reshape(len(bands), -1)
    if chosen.any():
        values = values.take(np.flatnonzero(chosen), axis=1)
    level = np.maximum(np.median(values, axis=1), 1e-6 * scene.full_scale).astype(np.float64)
    side = max(2, round(CELL_M / scene.grid.gsd_m))
    count = _cells(lit.astype(np.float32), side)
    total = np.stack([_cells(np.where(lit, band, 0.0), side) for band in bands])
    field = np.stack(_tints(total, count, level))
    field[:, count < FEWEST_PX] = np.nan
    return Colours(level, bands, lit, side, field)


def _cells(values: NDArray[Any], side: int) -> NDArray[np.float64]:
    """Return the sums over cells and their eight neighbours."""
    rows, cols = (-(-n // side) for n in values.shape)
    padded = np.pad(values, ((0, rows * side - values.shape[0]), (0, cols * side - values.shape[1])))
    # Whole rows first: a third of the time of sums over both sides of a cell at once.
    sums = padded.reshape(rows, side, -1).sum(axis=1, dtype=np.float64).reshape(rows, cols, side).sum(axis=2)
    around: NDArray[np.float64] = 9.0 * ndimage.uniform_filter(sums, 3, mode="constant")
    return around


def _tints(sums: NDArray[np.float64], count: NDArray[Any], level: NDArray[np.float64]) -> Sums:
    """Return brightness, warmth and green of sums of pixels, (C', ...) and (...)."""
    mean = np.maximum(sums / np.maximum(count, 1.0), 1e-3 * level.reshape(-1, *[1] * count.ndim))
    brightness = np.log(mean.mean(axis=0) / level.mean())
    if mean.shape[0] < 3:
        return brightness, np.zeros_like(brightness), np.zeros_like(brightness)
    warmth = np.log(mean[0] / mean[2]) - math.log(level[0] / level[2])
    green = (2.0 * mean[1] - mean[0] - mean[2]) / mean.sum(axis=0)
    return brightness, warmth, green


def looks_of(scene: Scene, distance: NDArray[np.float64], nearest_id: NDArray[np.int32]) -> list[Look]:
    """Return the look of every object by id, from 0 (nothing) on.

    Args:
        scene: where they stand.
        distance: (H, W) pixels from the nearest object.
        nearest_id: (H, W) id of that object.
    """
    colours = colours_of(scene)
    size = int(scene.instances.max(initial=0)) + 1
    ring = (distance > MIXED_PX) & (distance <= max(RING_M / scene.grid.gsd_m, MIXED_PX + 2))
    ring &= colours.lit_ground
    own = _per_object(colours, scene.instances, scene.instances > 0, size)
    around = _per_object(colours, nearest_id, ring, size)
    optics = optics_of(scene)
    noise = float(np.mean(optics.noise)) / scene.full_scale
    return [
        Look(
            roof=Tint(*own[number, :3].tolist()),
            ground=Tint(*around[number, :3].tolist()) if around[number, 4] >= FEWEST_PX else None,
            roof_spread=float(own[number, 3]),
            ground_spread=float(around[number, 3]),
            blur_px=optics.blur_px,
            noise=noise,
        )
        for number in range(size)
    ]


def _per_object(colours: Colours, ids: NDArray[np.int32], where: Mask, size: int) -> NDArray[np.float64]:
    """Return (size, 5): brightness, warmth, green, spread of brightness over level, and pixels, by id."""
    at = np.flatnonzero(where)
    ids = ids.ravel()[at]
    values = colours.bands.reshape(len(colours.bands), -1).take(at, axis=1)
    count = np.bincount(ids, minlength=size).astype(np.float64)
    sums = np.stack([_sums(ids, band, size) for band in values])
    bright = values.mean(axis=0)
    known = np.maximum(count, 1.0)
    mean = _sums(ids, bright, size) / known
    square = _sums(ids, bright * bright, size) / known
    spread = np.sqrt(np.maximum(square - mean * mean, 0.0)) / colours.level.mean()
    return np.stack([*_tints(sums, count, colours.level), spread, count], axis=1)


def _sums(ids: NDArray[np.int32], values: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.bincount(ids, weights=values, minlength=size).astype(np.float64)
    return sums


def difference(one: Tint | None, other: Tint | None) -> float:
    """Return how far two colours are apart: 0 where they are equal or where one is not known."""
    if one is None or other is None:
        return 0.0
    return (
        abs(one.brightness - other.brightness) / BRIGHTNESS
        + abs(one.warmth - other.warmth) / WARMTH
        + abs(one.green - other.green) / GREEN
    ) / 3.0


def usual_roof(looks: list[Look]) -> Tint | None:
    """Return the middle of the roofs' colours, number by number; None without any."""
    if not looks:
        return None
    roofs = np.array([(look.roof.brightness, look.roof.warmth, look.roof.green) for look in looks])
    return Tint(*np.median(roofs, axis=0).tolist())


def softness(look: Look, scale: float, blur_px: float) -> float:
    """Return how much softer than a picture a donor comes out, in steps of `SOFTER`; 0 where it is sharper.

    Args:
        look: of the donor.
        scale: pixels here per pixel there.
        blur_px: of the picture that it comes to.
    """
    return max(0.0, math.log(max(look.blur_px * scale, 0.2) / max(blur_px, 0.2))) / SOFTER
