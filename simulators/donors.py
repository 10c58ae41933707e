"""Which objects of a scene are good enough to be put up elsewhere."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Donor, Scene, SceneObject

SMALLEST_M2 = 25.0
LARGEST_M2 = 1500.0
# A labelled house fills its box, an L three quarters of it; ragged blobs are labels of something else.
FILL = 0.75
NARROWEST_M = 3.5
# A roof must differ from the ground around it by this share of the picture's spread, or the label lies.
VISIBLE = 0.25


def donors_of(scene: Scene) -> tuple[Donor, ...]:
    """Return the whole, compact and visible buildings of a scene, in order of id."""
    spread = float(scene.image[:3].std()) or 1.0
    found = []
    for object_id in sorted(scene.objects):
        entry = scene.objects[object_id]
        if entry.object_class != hub.BUILDING or not entry.whole or not entry.certain:
            continue
        area_m2 = entry.footprint.pixels * scene.grid.pixel_area_m2
        if not SMALLEST_M2 <= area_m2 <= LARGEST_M2:
            continue
        fill, width_px = compactness(entry.footprint.mask)
        if fill < FILL or width_px * scene.grid.gsd_m < NARROWEST_M or width_px < 5:
            continue
        if _stands_out(scene, entry) < VISIBLE * spread:
            continue
        found.append(Donor(scene.source, entry, area_m2, scene.grid.gsd_m, scene.sun))
    return tuple(found)


def compactness(mask: np.ndarray) -> tuple[float, float]:
    """Return (share of its best turned box that a mask fills, the box's shorter side in pixels)."""
    rows, cols = np.nonzero(mask)
    points = np.stack([rows, cols], axis=1).astype(np.float64)
    best_area, best_side = np.inf, 0.0
    for angle in np.deg2rad(np.arange(0, 90, 7.5)):
        along = points @ np.array([np.sin(angle), np.cos(angle)])
        across = points @ np.array([np.cos(angle), -np.sin(angle)])
        sides = np.ptp(along) + 1.0, np.ptp(across) + 1.0
        if sides[0] * sides[1] < best_area:
            best_area, best_side = sides[0] * sides[1], min(sides)
    return float(rows.size / best_area), float(best_side)


def _stands_out(scene: Scene, entry: SceneObject) -> float:
    """Return the largest difference, over bands, across an object's outline: two pixels in against two out.

    A label drawn beside its roof has the same picture on both sides of the line.
    """
    reach = 3
    grown = np.pad(entry.footprint.mask, reach)
    top, left = entry.footprint.row - reach, entry.footprint.col - reach
    rows, cols = scene.grid.shape
    box = (
        slice(max(top, 0), min(top + grown.shape[0], rows)),
        slice(max(left, 0), min(left + grown.shape[1], cols)),
    )
    grown = grown[box[0].start - top : box[0].stop - top, box[1].start - left : box[1].stop - left]
    inside = grown & ~ndimage.binary_erosion(grown, iterations=3)
    outside = ndimage.binary_dilation(grown, iterations=3) & ~ndimage.binary_dilation(grown)
    outside &= scene.instances[box] == 0
    if not outside.any() or not inside.any():
        return 0.0
    pixels = scene.image[:, box[0], box[1]]
    return float(np.abs(pixels[:, inside].mean(axis=1) - pixels[:, outside].mean(axis=1)).max())
