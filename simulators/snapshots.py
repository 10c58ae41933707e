"""States of a place from the real picture and the log, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.change import CHANGE_IGNORE, changed, owners, visible_pixels
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.labels import LabelSchema
from diachron.core.sample import Snapshot
from diachron.core.scene import Footprint, Scene, SceneObject, object_class_map
from diachron.simulators.parts import joined, without

Mask = NDArray[np.bool_]

# Crowns of 6-10 m, as streets and gardens have them; set by us.
USUAL_TREE_M = 8.0


def snapshot(scene: Scene, log: EventLog, *, time_years: float, anchor_years: float) -> Snapshot:
    """Return the state at a time: the real state with later events applied, or earlier ones undone.

    Args:
        scene: the real picture's state.
        log: the sample's events.
        time_years: asked for.
        anchor_years: of the real picture.
    """
    surface = scene.surface.copy()
    instances = scene.instances.copy()
    objects = dict(scene.objects)
    heights = None if scene.height_m is None else scene.height_m.copy()
    for event, cover in covers_between(log, anchor_years, time_years):
        box, mask = event.footprint.window, event.footprint.mask
        if cover.surface is not None:
            surface[box][mask] = cover.surface
        instances[box][mask] = cover.object_id
        if event.new_object is None:
            _resize(objects, event, cover)
        elif cover.object_id == 0:
            objects.pop(event.object_id, None)
        else:
            objects[cover.object_id] = event.new_object
        if heights is not None:
            heights[box][mask] = _height_of(cover, scene, event, objects)[mask]
    return Snapshot(time_years, surface, instances, objects, heights)


def _resize(objects: dict[int, SceneObject], event: ChangeEvent, cover: Cover) -> None:
    """Let a standing object gain or lose a part, which is what an event on it without a new object means."""
    entry = objects.get(event.object_id)
    if entry is None:
        return
    part = event.footprint if cover.object_id else None
    footprint = joined(entry.footprint, part) if part else without(entry.footprint, event.footprint)
    if footprint is None:
        del objects[entry.id]
    else:
        objects[entry.id] = replace(entry, footprint=footprint)


def _height_of(
    cover: Cover, scene: Scene, event: ChangeEvent, standing: Mapping[int, SceneObject]
) -> NDArray[np.float32]:
    """Return the (h, w) heights of an event's window as its cover says.

    Where the scene's own object stands again, its height comes back; what is added to it, and new objects,
    are as high as the object is stated to be, and ground that turns to trees as the scene's trees.
    """
    box = event.footprint.window
    assert scene.height_m is not None
    if cover.object_id:
        stated = standing[cover.object_id].height_m if cover.object_id in standing else None
        own = scene.instances[box] == cover.object_id
        if stated is None:
            stated = float(scene.height_m[box][own].mean()) if own.any() else 0.0
        return np.where(own, scene.height_m[box], np.float32(stated))
    height = _tree_height_m(scene) if cover.surface == hub.TREE else 0.0
    return np.full(event.footprint.mask.shape, height, np.float32)


def _tree_height_m(scene: Scene) -> float:
    """Return the median height of a scene's trees, the usual one where it has none."""
    assert scene.height_m is not None
    trees = scene.height_m[(scene.surface == hub.TREE) & (scene.instances == 0)]
    return float(np.median(trees)) if trees.size else USUAL_TREE_M


def covers_between(
    log: EventLog, anchor_years: float, time_years: float
) -> Iterator[tuple[ChangeEvent, Cover]]:
    """Yield (event, what its footprint carries then), in the order in which they take effect."""
    if time_years >= anchor_years:
        for event in log.between(anchor_years, time_years):
            yield event, event.after
    else:
        for event in reversed(log.between(time_years, anchor_years)):
            yield event, event.before


def draw_labels(scene: Scene, state: Snapshot, log: EventLog, schema: LabelSchema) -> NDArray[np.uint8]:
    """Return the (H, W) label map of a state in a scheme.

    In the source's own scheme, pixels that no event has touched keep the value that they came with, also
    where several of its classes share one hub id.
    """
    if schema != scene.schema:
        classes = object_class_map(state.instances, state.objects)
        return schema.draw(np.where(scene.ignored, hub.IGNORE, state.surface).astype(np.uint8), classes)
    labels = scene.labels.copy()
    for event in log:
        box = event.footprint.window
        differs = (state.surface[box] != scene.surface[box]) | (state.instances[box] != scene.instances[box])
        classes = object_class_map(state.instances[box], state.objects)
        labels[box] = np.where(differs, schema.draw(state.surface[box], classes), labels[box])
    return labels


@dataclass(frozen=True)
class EditedWindow:
    """What one event has made of its window.

    Args:
        event_id: of the event.
        window: slices of the grid.
        labels: (h, w) uint8 label map of the window, with everything that happened in it.
        change: (h, w) bool changed pixels that this event owns; those of other events are in their windows.
    """

    event_id: int
    window: tuple[slice, slice]
    labels: NDArray[np.uint8]
    change: Mask


def edited_windows(
    scene: Scene,
    log: EventLog,
    schema: LabelSchema,
    *,
    anchor_years: float = -np.inf,
    time_years: float = np.inf,
) -> list[EditedWindow]:
    """Return the parts of the label map that differ at a time, without touching the rest of the frame.

    Put into the label map of the real picture, in any order, they give `draw_labels` of `snapshot`; their
    changes are disjoint and sum to the change of `difference`. An event that later ones hide whole has no
    window.

    Args:
        scene: the real picture's state.
        log: the sample's events.
        schema: of the label maps.
        anchor_years: of the real picture; by default before every event.
        time_years: asked for; by default after every event.
    """
    steps = list(covers_between(log, anchor_years, time_years))
    seen = _seen(steps)
    if not seen:
        return []
    boxes = [steps[number][0].footprint.window for number, _, _ in seen]
    touched = [_touched(parts) for _, _, parts in seen]
    own_scheme = schema == scene.schema
    labels = [
        scene.labels[box].copy()
        if own_scheme
        else schema.draw(scene.surface[box], object_class_map(scene.instances[box], scene.objects))
        for box in boxes
    ]

    # The pixels that any step meets lie end to end in one row, so that each rule is applied once and not per
    # window.
    def row_of(windows: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([window[part] for window, part in zip(windows, touched, strict=True)])

    surface = row_of(scene.surface[box] for box in boxes)
    instances = row_of(scene.instances[box] for box in boxes)
    before = row_of(labels)
    # What differs is drawn, and there the steps say what stands.
    classes = np.zeros_like(surface)
    new_surface, new_instances = surface.copy(), instances.copy()
    shown = {number for number, _, _ in seen}
    ends = list(accumulate((int(np.count_nonzero(met)) for met in touched), initial=0))
    for start, stop, met, (_, _, parts) in zip(ends[:-1], ends[1:], touched, seen, strict=True):
        row = slice(start, stop)
        for k, part in parts:
            event, cover = steps[k]
            at: slice | NDArray[np.intp] = row if part is met else start + part[met].nonzero()[0]
            if cover.surface is not None:
                new_surface[at] = cover.surface
            # Later steps hide the others whole, and say what stands there.
            if k in shown:
                new_instances[at] = cover.object_id
                standing = event.new_object or scene.objects.get(cover.object_id)
                classes[at] = standing.object_class if cover.object_id and standing is not None else 0
    known = (surface != hub.IGNORE) | (instances != 0)
    differs = (new_surface != surface) | (new_instances != instances)
    if not own_scheme:
        new_surface[~known] = hub.IGNORE
    after = np.where(differs, schema.draw(new_surface, classes), before)
    change = changed(schema, before, instances, after, new_instances) & differs & known
    edited = []
    for start, stop, box, drawn, met, (number, owned, _) in zip(
        ends[:-1], ends[1:], boxes, labels, touched, seen, strict=True
    ):
        drawn[met] = after[start:stop]
        own = np.zeros(owned.shape, bool)
        own[met] = change[start:stop]
        edited.append(EditedWindow(steps[number][0].id, box, drawn, own if owned is met else own & owned))
    return edited


def _touched(parts: list[tuple[int, Mask]]) -> Mask:
    """Return the pixels of a window that any step meets: the mask itself where all steps share one."""
    first = parts[0][1]
    others = [part for _, part in parts if part is not first]
    return np.logical_or.reduce([first, *others]) if others else first


def _seen(
    steps: list[tuple[ChangeEvent, Cover]],
) -> list[tuple[int, Mask, list[tuple[int, Mask]]]]:
    """Return (number, pixels that no later step covers, steps that meet its window), where there are any."""
    boxes = [_bounds(event.footprint) for event, _ in steps]
    # The phases of one object share its mask and its place, and only the last of them is seen.
    last = {
        (id(event.footprint.mask), box): k
        for k, ((event, _), box) in enumerate(zip(steps, boxes, strict=True))
    }
    numbers = sorted(last.values())
    sides = np.array(boxes, np.int64).reshape(-1, 4)
    tops, lefts, bottoms, rights = sides.T
    top, left, bottom, right = sides[numbers].T[..., np.newaxis]
    meets = (tops < bottom) & (lefts < right) & (bottoms > top) & (rights > left)
    seen = []
    for number, met in zip(numbers, meets, strict=True):
        parts = [(k, _cut(steps[k][0].footprint, boxes[k], boxes[number])) for k in met.nonzero()[0].tolist()]
        owned = steps[number][0].footprint.mask
        for k, part in parts:
            owned = owned & ~part if k > number else owned
        if np.count_nonzero(owned):
            seen.append((number, owned, parts))
    return seen


Box = tuple[int, int, int, int]


def _bounds(footprint: Footprint) -> Box:
    """Return top, left, bottom and right of a window."""
    height, width = footprint.mask.shape
    return footprint.row, footprint.col, footprint.row + height, footprint.col + width


def _cut(footprint: Footprint, box: Box, place: Box) -> Mask:
    """Return the pixels of a footprint in the window of another that it meets."""
    if box == place:
        return footprint.mask
    top, left = box[0] - place[0], box[1] - place[1]
    rows, cols = place[2] - place[0], place[3] - place[1]
    inside = footprint.mask[max(-top, 0) : rows - top, max(-left, 0) : cols - left]
    part = np.zeros((rows, cols), bool)
    part[max(top, 0) : max(top, 0) + inside.shape[0], max(left, 0) : max(left, 0) + inside.shape[1]] = inside
    return part


@dataclass(frozen=True)
class Difference:
    """What changed from one date to another.

    Args:
        change: (H, W) uint8: 0 same, 1 changed, 255 not known.
        visible: event id -> pixels of the change that it owns.
    """

    change: NDArray[np.uint8]
    visible: dict[int, int]


def difference(
    schema: LabelSchema,
    ignored: Mask,
    log: EventLog,
    before: tuple[Snapshot, NDArray[np.uint8]],
    after: tuple[Snapshot, NDArray[np.uint8]],
) -> Difference:
    """Return the change between two dates and who owns each pixel of it: the last event that covers it.

    Args:
        schema: of the label maps.
        ignored: (H, W) pixels that say nothing.
        log: the sample's events.
        before, after: (state, label map) of the two dates.
    """
    differs = changed(schema, before[1], before[0].instances, after[1], after[0].instances) & ~ignored
    events = log.between(before[0].time_years, after[0].time_years)
    visible = {event.id: 0 for event in events}
    visible |= visible_pixels(owners(differs.shape, events), differs)
    change = differs.astype(np.uint8)
    change[ignored] = CHANGE_IGNORE
    return Difference(change, visible)
