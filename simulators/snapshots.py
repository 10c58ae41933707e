"""States of a place from the real picture and the log, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.change import CHANGE_IGNORE, changed, owners, visible_pixels
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.labels import LabelSchema
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene, object_class_map

Mask = NDArray[np.bool_]


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
    for event, cover in covers_between(log, anchor_years, time_years):
        box, mask = event.footprint.window, event.footprint.mask
        if cover.surface is not None:
            surface[box][mask] = cover.surface
        instances[box][mask] = cover.object_id
        if cover.object_id == 0:
            objects.pop(event.object_id, None)
        elif event.new_object is not None:
            objects[cover.object_id] = event.new_object
    return Snapshot(time_years, surface, instances, objects, scene.height_m)


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
