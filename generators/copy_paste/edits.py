"""What has to be painted: the objects and plots in which the target differs from the real picture."""

from __future__ import annotations

from dataclasses import dataclass

from diachron.core.events import ChangeEvent
from diachron.core.sample import RenderRequest
from diachron.core.scene import SceneObject


@dataclass(frozen=True)
class Edits:
    """Objects gone with the ground that shows instead, plots that are cleared, objects that are new."""

    removed: tuple[tuple[SceneObject, int], ...]
    cleared: tuple[ChangeEvent, ...]
    added: tuple[tuple[SceneObject, ChangeEvent], ...]


def plan_edits(request: RenderRequest) -> Edits:
    """Return the edits that lead from the real picture to the target, each in order of object or event id."""
    before, after = request.scene, request.target
    removed = []
    for object_id in sorted(before.objects.keys() - after.objects.keys()):
        entry = before.objects[object_id]
        window, mask = entry.footprint.window, entry.footprint.mask
        removed.append((entry, int(after.surface[window][mask][0])))
    births = {event.object_id: event for event in request.log if event.new_object is not None}
    added = [
        (after.objects[object_id], births[object_id])
        for object_id in sorted(after.objects.keys() - before.objects.keys())
    ]
    cleared = []
    touched = {entry.id for entry, _ in removed} | {entry.id for entry, _ in added}
    for event in sorted(request.log, key=lambda e: e.id):
        if event.phase != "cleared" or event.object_id in touched:
            continue
        window, mask = event.footprint.window, event.footprint.mask
        if (after.surface[window] != before.surface[window])[mask].any():
            cleared.append(event)
    return Edits(tuple(removed), tuple(cleared), tuple(added))
