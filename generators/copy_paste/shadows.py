"""Cast shadows: how long an object's is, which pixels it darkens, and how to cast it on other ground."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub, light
from diachron.core.growth import grown
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene, SceneObject, object_class_map
from diachron.generators.copy_paste.palette import palette_of

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# A shadow is followed no farther than this many times the scene's usual length.
LONGEST = 1.8
# A house is seldom much higher than it is wide: a shadow longer than this many widths is a neighbour's.
WIDTHS = 1.2


def shadow_reach_px(scene: Scene) -> int:
    """Return how far from a wall a shadow may reach in this scene, in pixels; 0 where no sun is known."""
    if scene.sun is None:
        return 0
    return math.ceil(LONGEST * scene.sun.shadow_length_m / scene.grid.gsd_m) + 2


def measured_length_m(scene: Scene, entry: SceneObject) -> float:
    """Return the length of an object's own shadow, followed along the sun until the ground is mostly lit.

    Where too little open ground lies in its way to tell, the scene's usual length stands in.
    """
    sun = scene.sun
    if sun is None:
        return 0.0
    gsd = scene.grid.gsd_m
    width_m = entry.footprint.pixels**0.5 * gsd
    usual = min(sun.shadow_length_m, WIDTHS * width_m)
    reach = shadow_reach_px(scene)
    box, mask = padded(scene, entry, reach)
    palette = palette_of(scene)
    ground = palette.open_ground[box]
    dark = palette.brightness[box] < palette.dark_below
    waiting = ground & ~mask
    seen = 0
    misses = 0
    for step, moved in enumerate(light.sweep(mask, sun.shadow_row, sun.shadow_col, float(reach)), start=1):
        fresh = moved & waiting
        count = int(np.count_nonzero(fresh))
        waiting &= ~fresh
        if count < 3:
            continue
        seen += 1
        # Two lit rings in a row: one may be a bright kerb or a car.
        misses = misses + 1 if np.count_nonzero(fresh & dark) < 0.45 * count else 0
        if misses == 2:
            return float(np.clip((step - 2) * gsd, 0.0, WIDTHS * width_m))
    return usual if seen < 3 else float(min(reach * gsd, WIDTHS * width_m))


def padded(scene: Scene, entry: SceneObject, margin: int) -> tuple[Box, Mask]:
    """Return a window around an object, cut at the border, and its footprint in that window."""
    rows, cols = scene.grid.shape
    own = entry.footprint.window
    box = (
        slice(max(own[0].start - margin, 0), min(own[0].stop + margin, rows)),
        slice(max(own[1].start - margin, 0), min(own[1].stop + margin, cols)),
    )
    mask = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), bool)
    top, left = own[0].start - box[0].start, own[1].start - box[1].start
    mask[top : top + entry.footprint.mask.shape[0], left : left + entry.footprint.mask.shape[1]] = (
        entry.footprint.mask
    )
    return box, mask


def own_shadow(scene: Scene, entry: SceneObject, box: Box, mask: Mask) -> tuple[Mask, Mask]:
    """Return (on open ground, on roads): pixels of the window that this object alone keeps dark.

    Args:
        scene: real state.
        entry: the object.
        box: window with room for the shadow.
        mask: (h, w) its footprint there.
    """
    nothing = np.zeros(mask.shape, bool)
    sun = scene.sun
    if sun is None:
        return nothing, nothing
    gsd = scene.grid.gsd_m
    length_px = measured_length_m(scene, entry) / gsd + 2.0
    cone = light.swept(mask, sun.shadow_row, sun.shadow_col, length_px)
    classes = object_class_map(scene.instances[box], scene.objects)
    others = (scene.instances[box] > 0) & ~mask & ~np.isin(classes, list(hub.NETWORKS))
    theirs = light.swept(others, sun.shadow_row, sun.shadow_col, sun.shadow_length_m / gsd)
    palette = palette_of(scene)
    dark = palette.brightness[box] < palette.dark_below
    ground = palette.open_ground[box]
    cone &= ~theirs
    core = cone & dark
    # The penumbra: half-lit pixels along the edge of the dark ones.
    soft = grown(core, 2) & ~others & ~mask & ~theirs
    return soft & ground, soft & (classes == hub.ROAD)


def lower_roofs(
    scene: Scene, target: Snapshot, box: Box, entry: SceneObject
) -> tuple[tuple[Mask, float], ...]:
    """Return the roofs in a window that are known to be lower than an object, in order of id.

    Each comes with 1 - its height over the object's: the share of a shadow's length that reaches it.
    """
    if entry.height_m is None or entry.height_m <= 0:
        return ()
    instances = target.instances[box]
    found = []
    for number in np.unique(instances[instances > 0]).tolist():
        other = target.objects[number]
        if number == entry.id or other.object_class in hub.NETWORKS:
            continue
        height_m = other.height_m
        if height_m is None and scene.height_m is not None:
            height_m = float(np.median(scene.height_m[other.footprint.window][other.footprint.mask]))
        if height_m is not None and height_m < entry.height_m:
            found.append((instances == number, 1.0 - max(height_m, 0.0) / entry.height_m))
    return tuple(found)


def cast(
    scene: Scene,
    picture: NDArray[np.float32],
    box: Box,
    mask: Mask,
    may_fall_on: Mask,
    length_px: float,
    roofs: Sequence[tuple[Mask, float]] = (),
) -> tuple[NDArray[np.float32], Mask]:
    """Return (picture with a new shadow, pixels that it darkened).

    Lit pixels are multiplied by the scene's own contrast per band; what is dark already stays. The edge is
    softened over a pixel, as the sun's disc and the optics do.

    Args:
        scene: for sun and light levels.
        picture: (C, h, w) float32 as painted so far.
        box: window.
        mask: (h, w) footprint of the new object.
        may_fall_on: (h, w) ground that can receive a shadow.
        length_px: of the shadow.
        roofs: (h, w) lower roofs that can receive one too, each with the share of the length that reaches it.
    """
    sun = scene.sun
    if sun is None or length_px < 1.0:
        return picture, np.zeros(mask.shape, bool)
    umbra = light.swept(mask, sun.shadow_row, sun.shadow_col, length_px)
    for roof, share in roofs:
        # Seen from above, a shadow on a raised plane ends earlier by the plane's share of the height.
        umbra[roof] = light.swept(mask, sun.shadow_row, sun.shadow_col, share * length_px)[roof]
        may_fall_on = may_fall_on | roof
    # Soft along its rim; full where it meets the wall, and nothing on the sunny sides.
    soft = ndimage.gaussian_filter(umbra.astype(np.float32), 0.8)
    full = ndimage.gaussian_filter((umbra | mask).astype(np.float32), 0.8)
    strength = np.where(may_fall_on | mask, np.where(umbra, full, soft), 0.0)
    strength[strength < 0.08] = 0.0
    bright = picture[:3].mean(axis=0)
    palette = palette_of(scene)
    floor = palette.dark_below * 0.8
    lit = np.clip((bright - floor) / max(palette.lit_level - floor, 1e-6), 0.0, 1.0)
    contrast = np.asarray(sun.contrast, np.float32)[:, None, None]
    factor = 1.0 - (1.0 - contrast) * (strength * lit)
    touched = (strength > 0) & (lit > 0) & may_fall_on
    factor = np.where(touched | mask, factor, np.float32(1.0))
    return (picture * factor).astype(np.float32), touched & ~mask
