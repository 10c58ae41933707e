"""What has to be painted: the objects, plots and blocks in which the target differs from the picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from diachron.core.events import ChangeEvent
from diachron.core.sample import RenderRequest
from diachron.core.scene import Footprint, SceneObject

# Phases of a construction that show on the ground and not on the maps.
UNFINISHED = ("foundation", "walls")


@dataclass(frozen=True)
class BlockEdit:
    """The ground of a whole block with the buildings that go with it.

    Args:
        event: what happened to the ground.
        ground: hub id of the surface that shows instead.
        removed: buildings of the real picture that are gone, in order of id.
    """

    event: ChangeEvent
    ground: int
    removed: tuple[SceneObject, ...]


@dataclass(frozen=True)
class SurfaceEdit:
    """Ground that is of another kind than in the real picture.

    Args:
        event: what happened to it; it names the width of its border.
        ground: hub id of the surface that shows instead.
        footprint: the pixels of the event where it does.
    """

    event: ChangeEvent
    ground: int
    footprint: Footprint


@dataclass(frozen=True)
class PartEdit:
    """A part of an object that stays: a wing, or a strip of a road, that comes or goes.

    Args:
        event: what happened to it.
        part: the object with the footprint of the part alone.
        ground: hub id of the surface that shows instead; None where the part is new.
    """

    event: ChangeEvent
    part: SceneObject
    ground: int | None


@dataclass(frozen=True)
class UndoneSite:
    """A plot, slab or walls that a later date shows.

    Args:
        event: that made it.
        ground: hub id of the surface that shows instead.
    """

    event: ChangeEvent
    ground: int


@dataclass(frozen=True)
class Edits:
    """What differs: objects gone with the ground that shows instead, ground, parts, and new objects.

    `undone` are building sites that the picture shows and the target has not begun yet: going back in time.
    """

    removed: tuple[tuple[SceneObject, int], ...]
    blocks: tuple[BlockEdit, ...]
    cleared: tuple[ChangeEvent, ...]
    sites: tuple[ChangeEvent, ...]
    added: tuple[tuple[SceneObject, ChangeEvent], ...]
    surfaces: tuple[SurfaceEdit, ...] = ()
    parts: tuple[PartEdit, ...] = ()
    undone: tuple[UndoneSite, ...] = ()


def plan_edits(request: RenderRequest) -> Edits:
    """Return the edits that lead from the picture to the target, each in order of object or event id."""
    before, after = request.scene, request.target
    gone = sorted(before.objects.keys() - after.objects.keys())
    blocks = _blocks(request, set(gone))
    in_blocks = {entry.id for block in blocks for entry in block.removed}
    removed = []
    for object_id in gone:
        if object_id in in_blocks:
            continue
        entry = before.objects[object_id]
        window, mask = entry.footprint.window, entry.footprint.mask
        removed.append((entry, int(after.surface[window][mask][0])))
    births = {event.object_id: event for event in request.log if event.new_object is not None}
    added = [
        (after.objects[object_id], births[object_id])
        for object_id in sorted(after.objects.keys() - before.objects.keys())
    ]
    seen, shown = _unfinished(request, _last_years(request)), _unfinished(request, after.time_years)
    undone = {number: event for number, event in seen.items() if _is_undone(request, event, shown)}
    cleared = []
    touched = {entry.id for entry, _ in removed} | {entry.id for entry, _ in added} | in_blocks
    for event in sorted(request.log, key=lambda e: e.id):
        if event.phase != "cleared" or event.object_id in touched or event.object_id == 0:
            continue
        if request.scene is not request.origin and event.time_years > after.time_years:
            continue
        if _ground_differs(request, event) or (event.object_id in undone and shown.get(event.object_id)):
            cleared.append(event)
    return Edits(
        tuple(removed),
        blocks,
        tuple(cleared),
        tuple(
            event
            for event in sorted(shown.values(), key=lambda e: e.id)
            if event.phase in UNFINISHED and seen.get(event.object_id) is not event
        ),
        tuple(added),
        _surfaces(request),
        _parts(request),
        tuple(
            UndoneSite(event, int(after.surface[event.footprint.window][event.footprint.mask][0]))
            for _, event in sorted(undone.items())
        ),
    )


def _last_years(request: RenderRequest) -> float | None:
    """Return the time of the date that is painted on; None for the real picture, which shows no site."""
    return None if request.scene is request.origin else request.scene.time_years


def _unfinished(request: RenderRequest, time_years: float | None) -> dict[int, ChangeEvent]:
    """Return object -> the plot, foundation or walls that show at a time: the last thing that happened."""
    last: dict[int, ChangeEvent] = {}
    for event in request.log:
        if event.object_id and time_years is not None and event.time_years <= time_years:
            last[event.object_id] = event
    return {number: event for number, event in last.items() if event.phase in ("cleared", *UNFINISHED)}


def _is_undone(request: RenderRequest, event: ChangeEvent, shown: dict[int, ChangeEvent]) -> bool:
    """Return whether a site of the picture has to go: going back, an earlier phase or none shows there."""
    if event.time_years <= request.target.time_years:
        return False
    return event.object_id not in request.target.objects and shown.get(event.object_id) is not event


def _surfaces(request: RenderRequest) -> tuple[SurfaceEdit, ...]:
    """Return the ground that events with a border have changed; each pixel once, by the first that fits.

    Phases of one incident share their pixels: the one that leads to the kind of the target is painted, also
    where only its undoing does.
    """
    scene, target = request.scene, request.target
    other = (target.surface != scene.surface) | ((scene.instances > 0) & (target.instances == 0))
    other &= target.instances == 0
    found = []
    for event in sorted(request.log, key=lambda e: e.id):
        # Whole objects that go are painted with their walls and shadows.
        if "border_m" not in event.parameters or event.new_object is not None:
            continue
        box, mask = event.footprint.window, event.footprint.mask
        for kind in sorted({event.before.surface, event.after.surface} - {None}):  # type: ignore[type-var]
            here = mask & other[box] & (target.surface[box] == kind)
            if here.any():
                found.append(SurfaceEdit(event, int(kind), Footprint(box[0].start, box[1].start, here)))  # type: ignore[arg-type]
                other[box] &= ~here
    return tuple(found)


def _parts(request: RenderRequest) -> tuple[PartEdit, ...]:
    """Return the parts of standing objects that differ, but for pieces of networks that become ground."""
    scene, target = request.scene, request.target
    found = []
    for event in sorted(request.log, key=lambda e: e.id):
        entry = scene.objects.get(event.object_id)
        if entry is None or event.new_object is not None or event.object_id not in target.objects:
            continue
        box, mask = event.footprint.window, event.footprint.mask
        was, now = scene.instances[box] == entry.id, target.instances[box] == entry.id
        part = replace(entry, footprint=event.footprint)
        if (mask & now & ~was).all(where=mask):
            found.append(PartEdit(event, part, None))
        elif (mask & was & ~now).all(where=mask) and "border_m" not in event.parameters:
            found.append(PartEdit(event, part, int(target.surface[box][mask][0])))
    return tuple(found)


def _blocks(request: RenderRequest, gone: set[int]) -> tuple[BlockEdit, ...]:
    """Return the events on ground that is no object's, with the buildings that name them as their cause."""
    members: dict[int, list[int]] = defaultdict(list)
    for event in request.log:
        for cause in event.causes:
            if event.object_id in gone:
                members[cause].append(event.object_id)
    found = []
    on_ground = {event.id for event in request.log if event.object_id == 0}
    for event in sorted(request.log, key=lambda e: e.id):
        # What follows on one piece of ground is painted with what began there.
        if event.id not in on_ground or on_ground & set(event.causes) or "border_m" in event.parameters:
            continue
        removed = tuple(request.scene.objects[number] for number in sorted(set(members[event.id])))
        if removed or _ground_differs(request, event):
            window, mask = event.footprint.window, event.footprint.mask
            found.append(BlockEdit(event, int(request.target.surface[window][mask][0]), removed))
    return tuple(found)


def _ground_differs(request: RenderRequest, event: ChangeEvent) -> bool:
    window, mask = event.footprint.window, event.footprint.mask
    return bool((request.target.surface[window] != request.scene.surface[window])[mask].any())
