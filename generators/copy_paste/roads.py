"""Roads along new centre lines, kerb to kerb in the pixels of a real road of the scene."""

from __future__ import annotations

import math
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.core.scene import Scene, SceneObject, object_class_map
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.hard_ground import grey_level, hard_ground
from diachron.generators.copy_paste.palette import palette_of
from diachron.generators.copy_paste.shadows import padded

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# A straight piece of road that is copied: shortest in metres, and most looked for in one picture.
STRIP_M = 24.0
STRIPS = 12
# Places on roads that are looked at for them.
PLACES = 120
# A strip is straight where this share of it, to its full width, is road.
STRAIGHT = 0.92
# Of the strips found, this share with the most even brightness is used: the others hold cars and shade.
CALM = 0.6


def paint_road(canvas: Canvas, entry: SceneObject, event: ChangeEvent) -> None:
    """Paint a road over its footprint.

    Straight pieces of the scene's own roads are laid along the line, every second one the other way round so
    that they meet without a step, and stretched across to its width. Where labels tell of no road, plain
    asphalt at the level of the scene's grey ground stands in. What lies in shadow stays in shadow.

    Args:
        canvas: is painted on.
        entry: the new road.
        event: names its middle `line` and its `width_m`.
    """
    scene = canvas.scene
    rng = canvas.rng(entry.id)
    box, footprint = padded(scene, entry, 4)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    strips = _strips(canvas.origin)
    if strips:
        strip = strips[int(rng.integers(len(strips)))]
        surface = _laid(strip, event.parameters, scene.grid.gsd_m, box, footprint.shape)
    else:
        surface = hard_ground(rng, picture, grey_level(canvas.origin), scene.grid.gsd_m)
    if scene.sun is not None:
        palette = palette_of(scene)
        dark = (palette.brightness[box] < palette.dark_below) & (scene.instances[box] == 0)
        soft = ndimage.gaussian_filter(dark.astype(np.float32), 1.0)
        surface = surface * (1.0 - (1.0 - np.asarray(scene.sun.contrast, np.float32)[:, None, None]) * soft)
    # Where it meets another road it is open; towards the ground an edge pixel sees both.
    classes = object_class_map(canvas.target.instances[box], canvas.target.objects)
    paved = footprint | (classes == hub.ROAD)
    depth = ndimage.distance_transform_edt(np.pad(paved, 1, mode="edge"))[1:-1, 1:-1]
    alpha = np.clip(depth / 2.0, 0.0, 1.0).astype(np.float32)
    painted = np.where(footprint, alpha * surface + (1.0 - alpha) * picture, picture)
    canvas.put(box, footprint, painted, "road", footprint)


def _laid(
    strip: Picture,
    parameters: Mapping[str, object],
    gsd_m: float,
    box: tuple[slice, slice],
    shape: tuple[int, ...],
) -> Picture:
    """Return (C, h, w) a strip laid along a line: columns of the strip are along it, rows across."""
    line = np.asarray(parameters["line"], np.float64) - np.array([box[0].start, box[1].start])
    width_px = float(parameters["width_m"]) / gsd_m  # type: ignore[arg-type]
    steps = np.hypot(*np.diff(line, axis=0).T)
    # One point a pixel, so that the nearest one tells how far along a pixel lies.
    along = np.concatenate([[0.0], np.cumsum(steps)])
    fine = np.arange(0.0, along[-1] + 1.0, 0.5)
    points = np.stack([np.interp(fine, along, line[:, axis]) for axis in (0, 1)], axis=1)
    tangents = np.gradient(points, axis=0)
    tangents /= np.maximum(np.hypot(*tangents.T)[:, None], 1e-6)
    at = np.rint(points).astype(int)
    inside = ((at >= 0) & (at < shape)).all(axis=1)
    number = np.full(shape, -1)
    number[tuple(at[inside].T)] = np.flatnonzero(inside)
    rows, cols = ndimage.distance_transform_edt(number < 0, return_distances=False, return_indices=True)
    nearest = number[rows, cols]
    grid = np.mgrid[: shape[0], : shape[1]]
    off = grid - points[nearest].transpose(2, 0, 1)
    direction = tangents[nearest].transpose(2, 0, 1)
    forth = off[0] * direction[0] + off[1] * direction[1] + fine[nearest]
    across = off[0] * direction[1] - off[1] * direction[0]
    # To and fro: the end of one copy is the end of the next.
    length = strip.shape[2] - 1
    column = length - np.abs(np.mod(forth, 2 * length) - length)
    row = (across / width_px + 0.5) * (strip.shape[1] - 1)
    places = np.stack([np.clip(row, 0, strip.shape[1] - 1), column])
    laid = [ndimage.map_coordinates(band, places, order=1, mode="nearest") for band in strip]
    return np.stack(laid).astype(np.float32)


_KEPT: WeakKeyDictionary[Scene, list[Picture]] = WeakKeyDictionary()


def _strips(scene: Scene) -> list[Picture]:
    """Return straight pieces of a scene's roads, (C, across, along) float32 each, found at the first call."""
    if scene not in _KEPT:
        _KEPT[scene] = _find_strips(scene)
    return _KEPT[scene]


def _find_strips(scene: Scene) -> list[Picture]:
    roads = object_class_map(scene.instances, scene.objects) == hub.ROAD
    if not roads.any():
        return []
    gsd = scene.grid.gsd_m
    half_px = ndimage.distance_transform_edt(np.pad(roads, 1, mode="edge"))[1:-1, 1:-1]
    # The middle of a road: nowhere near is it farther to its kerb.
    middle = roads & (half_px >= ndimage.maximum_filter(half_px, 5)) & (half_px >= 1.5)
    places = np.argwhere(middle)
    # Everywhere in the picture, and the same ones each time.
    places = places[:: max(1, len(places) // PLACES)]
    length_px = max(12, math.ceil(STRIP_M / gsd))
    found: list[tuple[float, Picture]] = []
    for row, col in places.tolist():
        # The distance to the next pixel off the road counts that one's half.
        width = 2.0 * float(half_px[row, col]) - 1.0
        strip = _straight(scene, roads, row, col, width, length_px)
        if strip is not None:
            found.append((float(strip.mean(axis=0).std()), strip))
        if len(found) >= 3 * STRIPS:
            break
    found.sort(key=lambda entry: entry[0])
    calm = found[: max(1, math.ceil(CALM * len(found)))] if found else []
    return [strip for _, strip in calm[:STRIPS]]


def _straight(
    scene: Scene, roads: Mask, row: int, col: int, width_px: float, length_px: int
) -> Picture | None:
    """Return the strip around a point in the direction of its road; None where the road is not straight."""
    reach = length_px
    box = slice(max(row - reach, 0), row + reach + 1), slice(max(col - reach, 0), col + reach + 1)
    rows, cols = np.nonzero(roads[box])
    offsets = np.stack([rows + box[0].start - row, cols + box[1].start - col]).astype(float)
    near = offsets[:, np.hypot(*offsets) <= max(width_px * 1.5, length_px / 2)]
    if near.shape[1] < 8:
        return None
    axis = np.linalg.eigh(near @ near.T)[1][:, -1]
    forth = np.arange(length_px) - (length_px - 1) / 2
    across = np.linspace(-0.5, 0.5, max(3, round(width_px))) * (width_px - 1)
    # Rows of the strip go across, columns along.
    down = row + forth[None, :] * axis[0] + across[:, None] * axis[1]
    right = col + forth[None, :] * axis[1] - across[:, None] * axis[0]
    most = scene.grid.shape
    if down.min() < 0 or right.min() < 0 or down.max() > most[0] - 1 or right.max() > most[1] - 1:
        return None
    if roads[np.rint(down).astype(int), np.rint(right).astype(int)].mean() < STRAIGHT:
        return None
    bands = [ndimage.map_coordinates(band.astype(np.float32), (down, right), order=1) for band in scene.image]
    return np.stack(bands).astype(np.float32)
