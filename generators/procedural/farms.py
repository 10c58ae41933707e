"""Solar farms that events have built: where their tables stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.events import ChangeEvent, EventLog
from diachron.core.sample import Snapshot
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.noise import uniform

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# Free ground along the fence, length of a table and the gap to the next (usual designs; recalled).
FENCE_M, TABLE_M, GAP_M = 1.0, (4.0, 8.0), 0.3


@dataclass(frozen=True, eq=False)
class Farm:
    """One farm in a window.

    Args:
        number: of its event, for chance.
        row, col: (N,) middles of the tables in fine pixels of the window.
        length_m, width_m: of a table, seen from above.
        along_deg: of the rows, from the column axis towards the row axis.
    """

    number: int
    row: NDArray[np.float64]
    col: NDArray[np.float64]
    length_m: float
    width_m: float
    along_deg: float


def farms_in(
    log: EventLog, state: Snapshot, frame: Frame, box: Box, k: int, shows: Mask, seed: int
) -> tuple[Farm, ...]:
    """Return the farms that stand in a window at a time.

    Args:
        log: an event whose `panels` name `pitch_m`, `width_m` and `along_deg` is a farm.
        state: its time decides which are built.
        frame: of the window's fine pixels.
        box: the window in pixels of the picture.
        k: fine pixels to one of them.
        shows: (h, w) fine pixels of farms that are still there.
        seed: of the world.
    """
    found = []
    for event in log:
        if "panels" not in event.parameters or event.time_years > state.time_years:
            continue
        tables = _tables(event, frame, box, k, seed)
        r, c = np.floor(tables.row).astype(int), np.floor(tables.col).astype(int)
        seen = (r >= 0) & (r < frame.shape[0]) & (c >= 0) & (c < frame.shape[1])
        # Beyond the window nothing has changed, so a table that stands there stands here.
        gone = seen.copy()
        gone[seen] = ~shows[r[seen], c[seen]]
        if not gone.all():
            found.append(
                Farm(event.id, tables.row[~gone], tables.col[~gone], tables.length_m, tables.width_m,
                     tables.along_deg)
            )  # fmt: skip
    return tuple(found)


def _tables(event: ChangeEvent, frame: Frame, box: Box, k: int, seed: int) -> Farm:
    """Return all tables of an event that lie whole inside its fence, on a lattice of the world."""
    panels = cast("Mapping[str, float]", event.parameters["panels"])
    low, high = TABLE_M
    length = low + (high - low) * float(uniform(seed, event.id, 610))
    pitch, width = float(panels["pitch_m"]), float(panels["width_m"])
    turn = np.radians(float(panels["along_deg"]))
    cos, sin = np.cos(turn), np.sin(turn)
    gsd = frame.step_m * k
    margin = max(1, round(FENCE_M / gsd))
    inside = ndimage.binary_erosion(event.footprint.mask, iterations=margin)
    # Metres south and east of the world's origin; the box's corner is the frame's.
    north_m = frame.top * frame.step_m + (event.footprint.row - box[0].start) * gsd
    west_m = frame.left * frame.step_m + (event.footprint.col - box[1].start) * gsd
    rows, cols = inside.shape
    corners = np.array([(0, 0), (rows, 0), (0, cols), (rows, cols)]) * gsd + (north_m, west_m)
    along, across = corners[:, 1] * cos + corners[:, 0] * sin, corners[:, 0] * cos - corners[:, 1] * sin
    u = np.arange(np.floor(along.min() / length), np.ceil(along.max() / length) + 1)
    v = np.arange(np.floor(across.min() / pitch), np.ceil(across.max() / pitch) + 1)
    a, b = (
        (part.ravel() + 0.5) * size for part, size in zip(np.meshgrid(u, v), (length, pitch), strict=True)
    )
    whole = np.ones(a.size, bool)
    for end in (-0.5, 0.0, 0.5):
        for side in (-0.5, 0.5):
            da, db = a + end * (length - GAP_M), b + side * width
            r = np.floor((da * sin + db * cos - north_m) / gsd).astype(int)
            c = np.floor((da * cos - db * sin - west_m) / gsd).astype(int)
            within = (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
            whole &= within
            whole[within] &= inside[r[within], c[within]]
    row = (a * sin + b * cos) / frame.step_m - frame.top
    col = (a * cos - b * sin) / frame.step_m - frame.left
    return Farm(event.id, row[whole], col[whole], length - GAP_M, width, float(panels["along_deg"]))
