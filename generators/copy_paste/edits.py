"""What has to be painted: the objects, plots and blocks in which the target differs from the real picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from diachron.core.events import ChangeEvent
from diachron.core.sample import RenderRequest
from diachron.core.scene import SceneObject

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
class Edits:
    """Objects gone with the ground that shows instead, blocks, plots, building sites, and new objects."""

    removed: tuple[tuple[SceneObject, int], ...]
    blocks: tuple[BlockEdit, ...]
    cleared: tuple[ChangeEvent, ...]
    sites: tuple[ChangeEvent, ...]
    added: tuple[tuple[SceneObject, ChangeEvent], ...]


def plan_edits(request: RenderRequest) -> Edits:
    """Return the edits that lead from the real picture to the target, each in order of object or event id."""
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
    cleared = []
    touched = {entry.id for entry, _ in removed} | {entry.id for entry, _ in added} | in_blocks
    for event in sorted(request.log, key=lambda e: e.id):
        if event.phase != "cleared" or event.object_id in touched or event.object_id == 0:
            continue
        if _ground_differs(request, event):
            cleared.append(event)
    return Edits(tuple(removed), blocks, tuple(cleared), _sites(request), tuple(added))


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
        if event.id not in on_ground or on_ground & set(event.causes):
            continue
        removed = tuple(request.scene.objects[number] for number in sorted(set(members[event.id])))
        if removed or _ground_differs(request, event):
            window, mask = event.footprint.window, event.footprint.mask
            found.append(BlockEdit(event, int(request.target.surface[window][mask][0]), removed))
    return tuple(found)


def _sites(request: RenderRequest) -> tuple[ChangeEvent, ...]:
    """Return the foundations and walls that show at the target's time: the last thing that happened there."""
    last: dict[int, ChangeEvent] = {}
    for event in request.log:
        if event.object_id and event.time_years <= request.target.time_years:
            last[event.object_id] = event
    return tuple(sorted((e for e in last.values() if e.phase in UNFINISHED), key=lambda e: e.id))


def _ground_differs(request: RenderRequest, event: ChangeEvent) -> bool:
    window, mask = event.footprint.window, event.footprint.mask
    return bool((request.target.surface[window] != request.scene.surface[window])[mask].any())
