"""Buildings under construction: a slab, and later walls without a roof. They show, and change no map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.events import ChangeEvent, EventLog
from diachron.core.place import COVER_IDS
from diachron.core.sample import Snapshot
from diachron.generators.procedural.new_ground import FIRST_PATCH, fine_footprint

Box = tuple[slice, slice]

UNFINISHED = ("foundation", "walls")
# Walls of brick or block in plan, their height before there is a roof, and the size of rooms.
WALL_M, WALL_HEIGHT_M, ROOM_M = 0.35, 2.4, 4.2


def sites_at(log: EventLog, time_years: float) -> tuple[ChangeEvent, ...]:
    """Return the foundations and walls that show at a time: the last that happened to their building."""
    last: dict[int, ChangeEvent] = {}
    for event in log:
        if event.object_id and event.time_years <= time_years:
            last[event.object_id] = event
    return tuple(sorted((e for e in last.values() if e.phase in UNFINISHED), key=lambda e: e.id))


def raise_sites(
    log: EventLog,
    state: Snapshot,
    box: Box,
    k: int,
    step_m: float,
    instances: NDArray[np.int32],
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
) -> NDArray[np.float32] | None:
    """Lay slabs on the ground and return the height of walls, or None where nothing is being built.

    Args:
        log, state, box, k: events, state and window as in `state_in`.
        step_m: side of a fine pixel.
        instances: (h, w) object ids: a site lies on open ground.
        cover, patch: (h, w), written.
    """
    walls = None
    for event in sites_at(log, state.time_years):
        part = fine_footprint(event, box, k)
        if part is None:
            continue
        window, mask = part
        mask = mask & (instances[window] == 0)
        cover[window][mask] = COVER_IDS["concrete"]
        patch[window][mask] = FIRST_PATCH + event.id
        if event.phase == "walls":
            if walls is None:
                walls = np.zeros(cover.shape, np.float32)
            walls[window][_plan(mask, step_m)] = WALL_HEIGHT_M
    return walls


def _plan(mask: NDArray[np.bool_], step_m: float) -> NDArray[np.bool_]:
    """Return the outer walls of a footprint and those between its rooms."""
    thick = max(1, round(WALL_M / step_m))
    framed = np.pad(mask, 1)
    outer = (framed & (ndimage.distance_transform_edt(framed) <= thick))[1:-1, 1:-1]
    room = max(4 * thick, round(ROOM_M / step_m))
    rows, cols = np.indices(mask.shape)
    inner = mask & ((rows % room < thick) | (cols % (room + thick) < thick))
    plan: NDArray[np.bool_] = outer | inner
    return plan
