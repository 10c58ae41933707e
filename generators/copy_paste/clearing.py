"""Taking objects away: ground where they stood, and no shadow any more."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.core.growth import closed, grown, near
from diachron.core.scene import Footprint, Scene, SceneObject
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.edits import UndoneSite
from diachron.generators.copy_paste.ground import grow_ground
from diachron.generators.copy_paste.palette import OBJECT_MARGIN_PX, palette_of
from diachron.generators.copy_paste.plots import SPREAD_M, broken, worked
from diachron.generators.copy_paste.shadows import own_shadow, padded, shadow_reach_px

Mask = NDArray[np.bool_]

# Eaves, walls and drawing errors beside a footprint: outlines are loose by one to two pixels or a metre.
MARGIN_M = 1.0
# Broken ground around a plot wanders up to this many times its usual spread.
FARTHEST_SPREAD = 1.9


def other_scenes(canvas: Canvas) -> tuple[Scene, ...]:
    """Return the donor scenes without the painted one, in order of name."""
    return tuple(scene for name, scene in sorted(canvas.request.donors.items()) if scene is not canvas.origin)


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
    rim = grown(footprint, margin) & free & ~footprint
    hole = footprint | rim | shadow
    hole = closed(hole, 2) & (free | footprint)
    near_others = grown(standing, OBJECT_MARGIN_PX)
    lit = palette.brightness[box] >= palette.dark_below
    known = free & ~hole & ~near_others & lit
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    filled = grow_ground(
        canvas.rng(entry.id),
        canvas.origin,
        other_scenes(canvas),
        ground,
        box,
        picture,
        hole,
        known,
        join=True,
        reach=free & ~hole & ~near_others,
    )
    touched = hole | (filled != picture).any(axis=0)
    if on_road.any() and scene.sun is not None:
        # A road keeps its own markings: it is lit again instead of being replaced.
        contrast = np.asarray(scene.sun.contrast, np.float32)[:, None, None]
        soft = np.clip(ndimage.gaussian_filter(on_road.astype(np.float32), 1.0), 0.0, 1.0)
        filled = np.where(on_road, filled / (1.0 - (1.0 - contrast) * soft), filled)
    # Where no ground beyond the rim could be used, half a pixel of transition hides the line.
    alpha = np.where(footprint, 1.0, _half_depth(touched | footprint))
    filled = np.where(touched, alpha * filled + (1.0 - alpha) * picture, filled)
    canvas.put(box, touched | on_road, filled, "removed shadow and walls", footprint)


def _half_depth(mask: Mask) -> NDArray[np.float64]:
    """Return (h, w) half of the distance to the outside of a mask or of the window, 1 at the most."""
    outside = np.ones((mask.shape[0] + 2, mask.shape[1] + 2), bool)
    outside[1:-1, 1:-1] = ~mask
    half: NDArray[np.float64] = np.full(mask.shape, 1.0)
    for distance_px in (math.sqrt(2.0), 1.0, 0.0):
        half[near(outside, distance_px)[1:-1, 1:-1]] = distance_px / 2.0
    return half


def clear_plot(canvas: Canvas, event: ChangeEvent) -> None:
    """Paint broken ground over and a little beyond the footprint of a construction that has only begun."""
    scene = canvas.scene
    gsd = scene.grid.gsd_m
    rng = canvas.rng(event.id + (1 << 32))
    entry = SceneObject(event.object_id, hub.BUILDING, event.footprint)
    box, footprint = padded(scene, entry, int(np.ceil(3.0 * SPREAD_M / gsd)) + 2)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    free = palette_of(scene).open_ground[box] & (canvas.target.instances[box] == 0)
    share = broken(rng, footprint, free, gsd)
    hole = share > 0
    filled = grow_ground(
        rng,
        canvas.origin,
        other_scenes(canvas),
        hub.BARE,
        box,
        picture,
        hole,
        np.zeros_like(hole),
        join=False,
    )
    filled = filled * worked(rng, hole.shape, footprint, gsd)
    canvas.put(box, hole | footprint, picture + share * (filled - picture), "plot", footprint)


def undo_site(canvas: Canvas, site: UndoneSite) -> None:
    """Paint ground over a building site that a later date shows, with its walls and its broken ground."""
    scene, event = canvas.scene, site.event
    gsd = scene.grid.gsd_m
    entry = SceneObject(event.object_id, hub.BUILDING, event.footprint)
    spread = int(np.ceil(FARTHEST_SPREAD * SPREAD_M / gsd))
    box, footprint = padded(scene, entry, spread)
    free = palette_of(scene).open_ground[box] & (canvas.target.instances[box] == 0)
    around = footprint | (grown(footprint, spread) & free)
    whole = SceneObject(event.object_id, hub.BUILDING, Footprint(box[0].start, box[1].start, around))
    remove_object(canvas, whole, site.ground)
