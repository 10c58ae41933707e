"""Parts of objects that come and go while the object stays: pieces of a road, wings of a building.

An event that names an object and brings no new one is about a part of it: where its cover carries the object,
the part stands; where it carries none, the part is ground.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Footprint, SceneObject, object_class_map
from diachron.simulators.blocks import cropped, union
from diachron.simulators.site import SMALLEST_GAP_PX, Site
from diachron.simulators.surface_events import window_around

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# Of a network, events of one process leave at least this share.
KEPT_SHARE = 0.5


def joined(whole: Footprint, part: Footprint) -> Footprint:
    """Return a footprint with a part added."""
    return union((whole, part))


def without(whole: Footprint, part: Footprint) -> Footprint | None:
    """Return a footprint with the pixels of a part taken out, in its smallest window; None for nothing."""
    mask = whole.mask.copy()
    top, left = part.row - whole.row, part.col - whole.col
    cut = part.mask[max(-top, 0) :, max(-left, 0) :]
    place = mask[max(top, 0) :, max(left, 0) :][: cut.shape[0], : cut.shape[1]]
    place &= ~cut[: place.shape[0], : place.shape[1]]
    if not mask.any():
        return None
    return cropped(mask, whole.window)


def network_piece(site: Site, free: Mask, row: int, col: int, length_m: float) -> Footprint | None:
    """Return a stretch of a road or rail, over its whole width; None where it would be most of the network.

    Args:
        site: where it lies.
        free: (H, W) pixels that no event has touched.
        row, col: a pixel of it.
        length_m: of the stretch.
    """
    scene = site.scene
    number = int(scene.instances[row, col])
    half_px = max(length_m / scene.grid.gsd_m / 2, 2.0)
    reach = math.ceil(half_px)
    box = window_around(row, col, reach, scene.grid.shape)
    own = scene.instances[box] == number
    down, right = np.mgrid[box] - np.array([row, col])[:, None, None]
    own &= np.hypot(down, right) <= half_px
    pieces, _ = ndimage.label(own)
    piece = pieces == pieces[row - box[0].start, col - box[1].start]
    if not free[box][piece].all():
        return None
    if np.count_nonzero(piece) > (1 - KEPT_SHARE) * site.terrain.object_px[number]:
        return None
    return cropped(piece, box)


def room_beside(
    site: Site, entry: SceneObject, box: Box, allowed: NDArray[np.bool_], gap_m: float, set_back_m: float
) -> Mask:
    """Return (h, w) pixels of a window that an object, or another in its place, may take.

    They keep away from all else that stands; its own footprint is among them.

    Args:
        site: what stands and what is claimed.
        entry: the object, which may be met.
        box: window.
        allowed: 256 booleans, by hub id of the surface.
        gap_m: to other objects, water, ignored pixels and the border.
        set_back_m: from the nearest road.
    """
    scene = site.scene
    gsd = scene.grid.gsd_m
    instances, surface = scene.instances[box], scene.surface[box]
    own = instances == entry.id
    standing = (instances > 0) & ~own
    closed = standing | (np.isin(surface, (hub.IGNORE, hub.WATER)) & ~own) | ~site.unclaimed()[box]
    # Beyond the picture, nobody knows what stands.
    sides = [
        (int(part.start == 0), int(part.stop == size))
        for part, size in zip(box, scene.grid.shape, strict=True)
    ]
    framed = np.pad(closed, sides, constant_values=True)
    inner = tuple(slice(first, n - last) for (first, last), n in zip(sides, framed.shape, strict=True))
    gap_px = max(SMALLEST_GAP_PX, gap_m / gsd)
    room: Mask = (allowed[surface] | own) & ~closed
    if framed.any():
        room &= ndimage.distance_transform_edt(~framed)[inner] > gap_px
    roads = object_class_map(instances, scene.objects) == hub.ROAD
    if roads.any():
        room &= ndimage.distance_transform_edt(~roads) >= max(set_back_m / gsd, gap_px)
    return room
