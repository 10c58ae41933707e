"""Windows around what changed, and what of them differs when both states are rendered."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.core.light import shadow_direction
from diachron.core.place import PlaceModel
from diachron.core.sample import RenderRequest, Snapshot
from diachron.generators.procedural.light import Sunlight
from diachron.generators.procedural.sites import sites_at

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# Walls and crowns darken the ground around them over so many metres; crowns reach as far over it.
AROUND_M = 14.0
# Windows that would cover more than this share of the picture together are one window.
MOST_SHARE = 0.7
# Differences of reflectance below this are less than a grey level and are left as they were.
LEAST = 0.002


def changed_pixels(request: RenderRequest) -> Mask:
    """Return (H, W) where the target shows another object, another surface on open ground, or a new site."""
    scene, target = request.scene, request.target
    other = target.instances != scene.instances
    ground = (target.surface != scene.surface) & (target.instances == 0)
    changed: Mask = (other | ground) & ~scene.ignored
    shown = {event.id for event in _sites_seen(request)}
    for event in sites_at(request.log, target.time_years):
        if event.id not in shown:
            changed[event.footprint.window] |= event.footprint.mask & ~scene.ignored[event.footprint.window]
    return changed


def stirred_pixels(request: RenderRequest) -> Mask:
    """Return (H, W) where a date that was painted may look different although its maps are the same.

    Sites that are there no more, ground on which something happened between the two dates, and whole
    buildings that were given another outline, and so another roof. Nothing where the scene is the real
    picture: what it shows does not come from the log.
    """
    scene, target = request.scene, request.target
    stirred: Mask = np.zeros(scene.grid.shape, bool)
    if scene is request.origin or scene.time_years is None:
        return stirred
    now = {event.id for event in sites_at(request.log, target.time_years)}
    first, last = sorted((scene.time_years, target.time_years))
    places = [event.footprint for event in _sites_seen(request) if event.id not in now]
    for event in request.log.between(first, last):
        places.append(event.footprint)
        objects = (scene.objects.get(event.object_id), target.objects.get(event.object_id))
        if objects[0] is not objects[1]:
            places += [entry.footprint for entry in objects if entry and entry.object_class == hub.BUILDING]
    for place in places:
        stirred[place.window] |= place.mask
    return stirred & ~scene.ignored


def _sites_seen(request: RenderRequest) -> tuple[ChangeEvent, ...]:
    """Return the sites that the scene's picture shows: none on a real one."""
    if request.scene is request.origin or request.scene.time_years is None:
        return ()
    return sites_at(request.log, request.scene.time_years)


def highest_m(model: PlaceModel, state: Snapshot) -> float:
    """Return the height of the tallest thing that may cast a shadow."""
    heights = [roof.eaves_m + 4.0 for roof in model.roofs.values()]
    heights += [crown.height_m for crown in model.crowns]
    heights += [entry.height_m for entry in state.objects.values() if entry.height_m is not None]
    return max(heights, default=8.0)


def windows(changed: Mask, height_m: float, sun: Sunlight | None, gsd_m: float) -> list[Box]:
    """Return disjoint windows that hold every change, its shadow and what may shade it, in raster order.

    Args:
        changed: (H, W).
        height_m: of the tallest thing.
        sun: None where there are no shadows.
        gsd_m: of the picture.
    """
    rows, cols = changed.shape
    around = math.ceil(AROUND_M / gsd_m) + 2
    down, right = (0, 0)
    if sun is not None:
        reach_px = height_m / sun.slope / gsd_m
        way = shadow_direction(sun.azimuth_deg)
        down, right = (math.ceil(abs(part) * reach_px) for part in way)
    grow = (around + down, around + right)
    # Boxes of pieces, grown and joined until none meets another.
    pieces, _ = ndimage.label(changed, np.ones((3, 3), int))
    boxes = [
        [max(b[0].start - grow[0], 0), min(b[0].stop + grow[0], rows),
         max(b[1].start - grow[1], 0), min(b[1].stop + grow[1], cols)]
        for b in ndimage.find_objects(pieces)
    ]  # fmt: skip
    joined = _joined(boxes)
    if sum((b[1] - b[0]) * (b[3] - b[2]) for b in joined) > MOST_SHARE * rows * cols:
        return [(slice(0, rows), slice(0, cols))]
    return [(slice(b[0], b[1]), slice(b[2], b[3])) for b in sorted(joined)]


def _joined(boxes: list[list[int]]) -> list[list[int]]:
    done: list[list[int]] = []
    waiting = sorted(boxes)
    while waiting:
        box = waiting.pop()
        met = [b for b in done if b[0] < box[1] and box[0] < b[1] and b[2] < box[3] and box[2] < b[3]]
        if met:
            done = [b for b in done if b not in met]
            sides = np.array([box, *met])
            waiting.append(
                [
                    int(sides[:, 0].min()),
                    int(sides[:, 1].max()),
                    int(sides[:, 2].min()),
                    int(sides[:, 3].max()),
                ]
            )
        else:
            done.append(box)
    return done


def differs(before: NDArray[np.float32], after: NDArray[np.float32]) -> Mask:
    """Return (H, W) where two renderings differ visibly in any band."""
    found: Mask = (np.abs(after - before) > LEAST).any(axis=0)
    return found
