"""Buildings under construction: a foundation slab, and later walls without a roof."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub, light
from diachron.core.events import ChangeEvent
from diachron.core.scene import Scene, SceneObject, object_class_map
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.hard_ground import hard_ground, pale_level
from diachron.generators.copy_paste.shadows import cast, padded

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# Walls of brick or block, plan width; drawn at least one pixel wide.
WALL_M = 0.35
# Rooms are about this deep and wide, and no building has more of them in a row than this.
ROOM_M = (3.5, 6.0)
MOST_ROOMS = 4.0
# Height of walls without a roof beside that of an ordinary house with one.
WALL_SHARE = 0.45
# Blur of an ordinary picture, in pixels.
OPTICS_PX = 0.6
# Walls beside the slab, and the floor between them, in brightness.
WALL_LEVEL = (0.8, 1.1)
FLOOR_LEVEL = (0.8, 1.0)


def paint_site(canvas: Canvas, event: ChangeEvent) -> None:
    """Paint a foundation, or walls without a roof, over the footprint of a construction.

    Colours and grain come from the palest ground of the scene, so that they have its light; walls keep their
    floor and the ground beside them in shadow.

    Args:
        canvas: is painted on; the plot has been cleared.
        event: phase `foundation` or `walls`.
    """
    scene = canvas.scene
    gsd = scene.grid.gsd_m
    rng = canvas.rng(event.id + (1 << 34))
    entry = SceneObject(event.object_id, hub.BUILDING, event.footprint)
    length_px = 0.0
    if scene.sun is not None and event.phase == "walls":
        length_px = WALL_SHARE * scene.sun.shadow_length_m / gsd
    box, footprint = padded(scene, entry, math.ceil(length_px) + 4)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    slab = hard_ground(rng, picture, pale_level(canvas.origin), gsd)
    painted, shadow = picture, np.zeros_like(footprint)
    if event.phase == "walls":
        slab = _with_walls(rng, scene, slab, footprint, length_px)
        instances = canvas.target.instances[box]
        classes = object_class_map(instances, canvas.target.objects)
        receives = ((instances == 0) | np.isin(classes, list(hub.NETWORKS))) & ~scene.ignored[box]
        painted, shadow = cast(scene, picture, box, footprint, receives, length_px)
    # An edge pixel sees slab and ground.
    depth = ndimage.distance_transform_edt(np.pad(footprint, 1))[1:-1, 1:-1]
    alpha = np.clip(depth / 1.5, 0.0, 1.0).astype(np.float32)
    painted = np.where(footprint, alpha * slab + (1.0 - alpha) * painted, painted)
    canvas.put(box, footprint | shadow, painted, "new shadow", footprint)


def _with_walls(
    rng: np.random.Generator, scene: Scene, slab: Picture, footprint: Mask, length_px: float
) -> Picture:
    """Return the slab with outer and inner walls, and their shadows on the floor."""
    gsd = scene.grid.gsd_m
    wall_px = max(1.0, WALL_M / gsd)
    inside = ndimage.distance_transform_edt(np.pad(footprint, 1))[1:-1, 1:-1]
    walls = footprint & ((inside <= wall_px) | _partitions(rng, footprint, gsd, wall_px))
    floor = footprint & ~walls
    high, low = (float(rng.uniform(*limits)) for limits in (WALL_LEVEL, FLOOR_LEVEL))
    shown = np.where(walls, np.float32(high), np.float32(low)) * slab
    if scene.sun is not None and length_px >= 1.0:
        shade = light.swept(walls, scene.sun.shadow_row, scene.sun.shadow_col, length_px) & floor
        contrast = np.asarray(scene.sun.contrast, np.float32)[:, None, None]
        shown = np.where(shade, shown * contrast, shown)
    # Optics see a wall of a pixel as less than that.
    soft = ndimage.gaussian_filter(shown, (0, OPTICS_PX, OPTICS_PX))
    return np.where(ndimage.binary_erosion(footprint), soft, shown).astype(np.float32)


def _partitions(rng: np.random.Generator, footprint: Mask, gsd_m: float, wall_px: float) -> Mask:
    """Return inner walls along and across the main axis of a footprint."""
    rows, cols = np.nonzero(footprint)
    centred = np.stack([rows - rows.mean(), cols - cols.mean()])
    # The direction with the largest spread; for a square any will do.
    axis = np.linalg.eigh(centred @ centred.T)[1][:, -1]
    grid = (
        np.mgrid[: footprint.shape[0], : footprint.shape[1]]
        - np.array([rows.mean(), cols.mean()])[:, None, None]
    )
    result = np.zeros(footprint.shape, bool)
    for down, right in ((axis[0], axis[1]), (-axis[1], axis[0])):
        along = down * grid[0] + right * grid[1]
        reach = float(np.ptp(along[footprint]))
        room_px = max(float(rng.uniform(*ROOM_M)) / gsd_m, reach / MOST_ROOMS)
        shift = float(rng.uniform(0.0, room_px))
        result |= np.mod(along + shift, room_px) < wall_px
    return result
