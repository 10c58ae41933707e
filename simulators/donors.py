"""Which objects of a scene are good enough to be put up elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.growth import near
from diachron.core.scene import Donor, Scene
from diachron.simulators.looks import looks_of

SMALLEST_M2 = 25.0
LARGEST_M2 = 1500.0
# A labelled house fills its box, an L three quarters of it; ragged blobs are labels of something else.
FILL = 0.75
NARROWEST_M = 3.5
# A roof must differ from the ground around it by this share of the picture's spread, or the label lies.
VISIBLE = 0.25
# Width of the strips that are compared.
BAND_PX = 3.0


def donors_of(scene: Scene) -> tuple[Donor, ...]:
    """Return the whole, compact and visible buildings of a scene, with their looks, in order of id."""
    standing = scene.instances > 0
    if not standing.any() or standing.all():
        return ()
    spread = float(scene.image[:3].std()) or 1.0
    distance, (rows, cols) = ndimage.distance_transform_edt(~standing, return_indices=True)
    nearest_id = scene.instances[rows, cols]
    contrast = outline_contrast(scene, distance, nearest_id)
    looks = looks_of(scene, distance, nearest_id)
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
        if contrast[object_id] < VISIBLE * spread:
            continue
        found.append(Donor(scene.source, entry, area_m2, scene.grid.gsd_m, scene.sun, looks[object_id]))
    return tuple(found)


# Directions in which the box of a mask is tried; opposite sides make 90 degrees enough.
_ANGLES = np.deg2rad(np.arange(0, 90, 7.5))
_ALONG = np.stack([np.sin(_ANGLES), np.cos(_ANGLES)])
_ACROSS = np.stack([np.cos(_ANGLES), -np.sin(_ANGLES)])


def compactness(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Return (share of its best turned box that a mask fills, the box's shorter side in pixels)."""
    # The ends of each row hold all corners.
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    points = np.stack([np.concatenate([rows, rows]), np.concatenate([first, last])], axis=1)
    lengths = np.ptp(points @ _ALONG, axis=0) + 1.0
    widths = np.ptp(points @ _ACROSS, axis=0) + 1.0
    best = int((lengths * widths).argmin())
    fill = np.count_nonzero(mask) / (lengths[best] * widths[best])
    return float(fill), float(min(lengths[best], widths[best]))


def outline_contrast(
    scene: Scene, distance: NDArray[np.float64], nearest_id: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return, by object id, the largest difference over bands across its outline: three pixels in, three out.

    A label drawn beside its roof has the same picture on both sides of the line. Ground belongs to the
    nearest object; the pixel next to the line is left out, since it sees both.

    Args:
        scene: where they stand.
        distance: (H, W) pixels from the nearest object.
        nearest_id: (H, W) id of that object.
    """
    standing = scene.instances > 0
    count = int(scene.instances.max()) + 1
    inside = standing & near(~standing, BAND_PX)
    outside = (distance > 1.5) & (distance <= BAND_PX + 1)
    owners = nearest_id[outside], scene.instances[inside]
    sizes = [np.maximum(np.bincount(ids, minlength=count), 1) for ids in owners]
    contrast = np.zeros(count)
    for band in scene.image:
        outer, inner = (
            np.bincount(ids, weights=band[where], minlength=count) / size
            for ids, where, size in zip(owners, (outside, inside), sizes, strict=True)
        )
        contrast = np.maximum(contrast, np.abs(inner - outer))
    contrast[np.bincount(owners[0], minlength=count) == 0] = 0.0
    return contrast
