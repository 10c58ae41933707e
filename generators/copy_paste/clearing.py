"""Taking objects away: ground where they stood, and no shadow any more."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.core.scene import Scene, SceneObject
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.ground import grow_ground
from diachron.generators.copy_paste.palette import OBJECT_MARGIN_PX, palette_of
from diachron.generators.copy_paste.shadows import own_shadow, padded, shadow_reach_px

# Eaves, walls and drawing errors beside a footprint: outlines are loose by one to two pixels or a metre.
MARGIN_M = 1.0


def other_scenes(canvas: Canvas) -> tuple[Scene, ...]:
    """Return the donor scenes without the painted one, in order of name."""
    return tuple(scene for name, scene in sorted(canvas.request.donors.items()) if scene is not canvas.scene)


def remove_object(canvas: Canvas, entry: SceneObject, ground: int) -> None:
    """Paint ground over an object, the rim of its walls and its shadow.

    Args:
        canvas: is painted on.
        entry: the object of the real picture.
        ground: hub id of the surface that shows instead.
    """
    scene = canvas.scene
    margin = int(np.clip(round(MARGIN_M / scene.grid.gsd_m), 2, 6))
    reach = max(margin, shadow_reach_px(scene)) + 8
    box, footprint = padded(scene, entry, reach)
    palette = palette_of(scene)
    instances = canvas.target.instances[box]
    standing = (instances > 0) & ~footprint
    free = palette.open_ground[box]
    shadow, on_road = own_shadow(scene, entry, box, footprint)
    rim = ndimage.binary_dilation(footprint, iterations=margin) & free & ~footprint
    hole = footprint | rim | shadow
    hole = ndimage.binary_closing(np.pad(hole, 2), iterations=2)[2:-2, 2:-2] & (free | footprint)
    near_others = ndimage.binary_dilation(standing, iterations=OBJECT_MARGIN_PX)
    lit = palette.brightness[box] >= palette.dark_below
    known = free & ~hole & ~near_others & lit
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    filled = grow_ground(
        canvas.rng(entry.id), scene, other_scenes(canvas), ground, box, picture, hole, known, join=True
    )
    if on_road.any() and scene.sun is not None:
        # A road keeps its own markings: it is lit again instead of being replaced.
        contrast = np.asarray(scene.sun.contrast, np.float32)[:, None, None]
        soft = np.clip(ndimage.gaussian_filter(on_road.astype(np.float32), 1.0), 0.0, 1.0)
        filled = np.where(on_road, filled / (1.0 - (1.0 - contrast) * soft), filled)
    touched = hole | on_road
    # Half a pixel of transition inside the hole, so that no line shows where two grounds meet.
    depth = ndimage.distance_transform_edt(hole)
    alpha = np.clip(depth / 2.0, 0.0, 1.0)
    blended = np.where(hole & ~footprint, alpha * filled + (1 - alpha) * picture, filled)
    canvas.put(box, touched, blended, "removed shadow and walls", footprint)


def clear_plot(canvas: Canvas, event: ChangeEvent) -> None:
    """Paint bare ground over the footprint of a construction that has only begun."""
    scene = canvas.scene
    entry = SceneObject(event.object_id, hub.BUILDING, event.footprint)
    box, footprint = padded(scene, entry, 6)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    filled = grow_ground(
        canvas.rng(event.id + (1 << 32)),
        scene,
        other_scenes(canvas),
        hub.BARE,
        box,
        picture,
        footprint,
        np.zeros_like(footprint),
        join=False,
    )
    depth = ndimage.distance_transform_edt(footprint)
    alpha = np.clip(depth / 3.0, 0.0, 1.0)
    canvas.put(box, footprint, alpha * filled + (1 - alpha) * picture, "plot", footprint)
