"""Cars that stand: along kerbs, in the rows of car parks, on drives. They belong to the place, at any date.

Cars that drive are drawn with the acquisition, anew for every date.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.place import COVER_IDS
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.stamps import MATERIAL_IDS, OPEN, Boxes, boxes, joined
from diachron.generators.procedural.state import PlaceState

# Colours of cars: half are white, grey or silver, a quarter black (sales of the last decade; recalled).
COLOURS = (
    ("membrane", 0.95, 0.27), ("metal", 0.85, 0.24), ("fresh_asphalt", 0.55, 0.22), ("slate", 1.0, 0.12),
    ("blue_metal", 0.55, 0.07), ("red_tile", 0.75, 0.06), ("pale_soil", 0.8, 0.02),
)  # fmt: skip
LENGTH_M, WIDTH_M, HEIGHT_M = 4.4, 1.8, 1.0
# One place to look for a car a cell: at kerbs they keep the gaps that drivers leave.
CELL_M = 6.6
# Roads wider than this carry traffic to their kerbs.
WIDEST_M = 11.0
SLOT_M, SLOT_LENGTH_M, AISLE_M = 2.55, 5.0, 6.0
# Lines of bays, and what wear leaves of their brightness.
BAY_LINE_M, PAINT_LEFT = 0.12, 0.85
DRIVES = tuple(COVER_IDS[name] for name in ("yard", "concrete", "paving", "gravel"))
DRIVE_SHARE = 0.05
# Coarser pixels blur a car's windows away.
WINDOWS_STEP_M = 0.3


def parked_cars(state: PlaceState) -> list[Boxes | None]:
    """Return boxes in layers, bottom first: lines of bays, bodies, windows, tops."""
    lots = _car_parks(state)
    lines = joined([_bay_lines(slots, state.frame.step_m) for _, slots in lots])
    places = _merged([_beside_kerbs(state), _in_car_parks(state, lots), _on_drives(state)])
    if not len(places):
        return [lines]
    row, col, angle, chance = places.T
    weights = np.cumsum([weight for _, _, weight in COLOURS])
    colour = np.minimum(np.searchsorted(weights, chance), len(COLOURS) - 1)
    material = np.array([MATERIAL_IDS[name] for name, _, _ in COLOURS])[colour]
    tone = np.array([level for _, level, _ in COLOURS])[colour] * (0.8 + 0.4 * ((chance * 977.0) % 1.0))
    long = LENGTH_M * (0.92 + 0.2 * ((chance * 389.0) % 1.0))
    common = {"angle_deg": angle, "on": OPEN}
    body = boxes(
        row, col, length_m=long, width_m=WIDTH_M, height_m=HEIGHT_M, material=material, tone=tone, **common
    )
    if state.frame.step_m > WINDOWS_STEP_M:
        return [lines, body]
    glass = MATERIAL_IDS["fresh_asphalt"]
    cabin = boxes(
        row,
        col,
        length_m=0.62 * long,
        width_m=0.85 * WIDTH_M,
        height_m=0.25,
        material=glass,
        tone=0.8,
        **common,
    )
    top = boxes(
        row,
        col,
        length_m=0.36 * long,
        width_m=0.8 * WIDTH_M,
        height_m=0.2,
        material=material,
        tone=tone,
        **common,
    )
    return [lines, body, cabin, top]


def _merged(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros((0, 4)), *parts])


def _candidates(
    state: PlaceState, cell_m: float, stream: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return (N, 2) jittered places in fine pixels, one a cell of the world's lattice, and (N, 2) cells."""
    south, east = state.frame.south_m, state.frame.east_m
    i, j = np.meshgrid(
        np.arange(np.floor(south[0] / cell_m), np.floor(south[-1] / cell_m) + 1),
        np.arange(np.floor(east[0] / cell_m), np.floor(east[-1] / cell_m) + 1),
        indexing="ij",
    )
    cells = np.stack([i.ravel(), j.ravel()], axis=1).astype(np.int64)
    shift = np.stack([uniform(state.seed, stream + k, cells[:, 0], cells[:, 1]) for k in (0, 1)], axis=1)
    places = (cells + 0.3 + 0.4 * shift) * cell_m / state.frame.step_m
    places -= (state.frame.top, state.frame.left)
    inside = ((places >= 1) & (places < np.array(state.frame.shape) - 1)).all(axis=1)
    return places[inside], cells[inside]


def _beside_kerbs(state: PlaceState) -> NDArray[np.float64]:
    """Return (N, 4) places, turns and chances of cars along residential roads."""
    places, cells = _candidates(state, CELL_M, 70)
    r, c = np.floor(places).astype(np.intp).T
    lane, width = state.lane_m[r, c], state.road_width_m[r, c]
    chance = uniform(state.seed, 72, cells[:, 0], cells[:, 1])
    # Some streets are full of cars, others empty.
    full = uniform(state.seed, 73, state.patch[r, c].astype(np.int64)) * np.float32(0.55)
    good = np.isfinite(lane) & (np.abs(lane) < width / 2) & (width >= 5.0) & (width <= WIDEST_M)
    good &= (chance < full) & (state.classes[r, c] == hub.ROAD)
    places, cells, r, c, lane, width = (v[good] for v in (places, cells, r, c, lane, width))
    slope = np.stack(
        [state.lane_m[r + 1, c] - state.lane_m[r - 1, c], state.lane_m[r, c + 1] - state.lane_m[r, c - 1]],
        axis=1,
    )
    norm = np.hypot(*slope.T)
    straight = np.isfinite(norm) & (norm > state.frame.step_m)
    places, cells, lane, width, slope, norm = (v[straight] for v in (places, cells, lane, width, slope, norm))
    normal = slope / norm[:, None]
    kerb = np.where(lane < 0, -1.0, 1.0) * (width / 2 - 1.15)
    places = places + normal * ((kerb - lane) / state.frame.step_m)[:, None]
    # The normal points across the road; a car stands along it.
    angle = np.degrees(np.arctan2(normal[:, 0], normal[:, 1])) + 90.0
    look = uniform(state.seed, 74, cells[:, 0], cells[:, 1])
    return np.stack([places[:, 0], places[:, 1], angle, look], axis=1).astype(np.float64)


def _on_drives(state: PlaceState) -> NDArray[np.float64]:
    """Return (N, 4) single cars on yards and drives."""
    places, cells = _candidates(state, CELL_M, 80)
    r, c = np.floor(places).astype(np.intp).T
    good = np.isin(state.cover[r, c], DRIVES) & (state.instances[r, c] == 0)
    good &= uniform(state.seed, 82, cells[:, 0], cells[:, 1]) < DRIVE_SHARE
    places, cells, r, c = (v[good] for v in (places, cells, r, c))
    angle = state.direction_deg[r, c].astype(np.float64)
    own = uniform(state.seed, 83, cells[:, 0], cells[:, 1]) * 180.0
    look = uniform(state.seed, 84, cells[:, 0], cells[:, 1])
    return np.stack([*places.T, np.where(np.isfinite(angle), angle, own), look], axis=1)


def _car_parks(state: PlaceState) -> list[tuple[int, NDArray[np.float64]]]:
    """Return number and slots of asphalt that has a direction and is no road."""
    lot = (state.cover == COVER_IDS["asphalt"]) & (state.classes == 0) & np.isfinite(state.direction_deg)
    lot &= ~np.isfinite(state.lane_m)
    if not lot.any():
        return []
    found = []
    for number in np.unique(state.patch[lot]).tolist():
        slots = slots_of(state, lot & (state.patch == number), number)
        if len(slots):
            found.append((number, slots))
    return found


def _in_car_parks(state: PlaceState, lots: Sequence[tuple[int, NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Return (N, 4) cars in the slots of car parks."""
    found = []
    for number, slots in lots:
        u, v = slots[:, 3].astype(np.int64), slots[:, 4].astype(np.int64)
        full = 0.15 + 0.75 * float(uniform(state.seed, 92, number))
        taken = uniform(state.seed, 91, u, v, number) < full
        look = uniform(state.seed, 93, u, v, number)
        found.append(np.column_stack([slots[:, :3], look])[taken])
    return _merged(found)


def _bay_lines(slots: NDArray[np.float64], step_m: float) -> Boxes:
    """Return the painted lines on both sides of slots; neighbours share theirs."""
    turn = np.radians(slots[0, 2] - 90.0)
    off = SLOT_M / 2 / step_m * np.array([np.sin(turn), np.cos(turn)])
    before, behind = slots[:, :2] - off, slots[:, :2] + off
    numbers = np.concatenate([slots[:, 3:], slots[:, 3:] + (1.0, 0.0)])
    _, first = np.unique(numbers, axis=0, return_index=True)
    row, col = np.concatenate([before, behind])[first].T
    return boxes(
        row, col, length_m=SLOT_LENGTH_M, width_m=BAY_LINE_M, angle_deg=slots[0, 2], height_m=0.0,
        material=MATERIAL_IDS["paint"], tone=PAINT_LEFT, on=OPEN,
    )  # fmt: skip


def slots_of(state: PlaceState, lot: NDArray[np.bool_], number: int) -> NDArray[np.float64]:
    """Return (N, 5) row, col, turn of the slots of a car park, and their numbers along and across.

    Args:
        state: of the window.
        lot: (h, w) its pixels.
        number: of its patch: rows begin where a hash of it says.
    """
    rows, cols = np.nonzero(lot)
    if len(rows) * state.frame.step_m**2 < 60.0:
        return np.zeros((0, 5))
    angle = float(state.direction_deg[rows[0], cols[0]])
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    south, east = state.frame.south_m[rows], state.frame.east_m[cols]
    along, across = east * cos + south * sin, south * cos - east * sin
    pitch = 2 * SLOT_LENGTH_M + AISLE_M
    shift = float(uniform(state.seed, 90, number)) * pitch
    u = np.arange(np.floor(along.min() / SLOT_M), np.ceil(along.max() / SLOT_M) + 1)
    v = np.arange(np.floor((across.min() - shift) / pitch), np.ceil((across.max() - shift) / pitch) + 1)
    both = np.meshgrid(u, np.sort(np.concatenate([2 * v, 2 * v + 1])), indexing="ij")
    uu, vv = (part.ravel() for part in both)
    a = (uu + 0.5) * SLOT_M
    half = np.where(vv % 2 == 0, SLOT_LENGTH_M / 2, 1.5 * SLOT_LENGTH_M)
    b = np.floor(vv / 2) * pitch + shift + half
    row = (a * sin + b * cos) / state.frame.step_m - state.frame.top
    col = (a * cos - b * sin) / state.frame.step_m - state.frame.left
    # The whole slot lies on the lot: middle and both ends.
    good = np.ones(len(row), bool)
    for end in (-1.0, 0.0, 1.0):
        for side in (-0.5, 0.5):
            db, da = end * SLOT_LENGTH_M / 2, side * SLOT_M
            r = np.floor(row + (da * sin + db * cos) / state.frame.step_m).astype(np.int64)
            c = np.floor(col + (da * cos - db * sin) / state.frame.step_m).astype(np.int64)
            inside = (r >= 0) & (r < lot.shape[0]) & (c >= 0) & (c < lot.shape[1])
            good &= inside
            good[inside] &= lot[r[inside], c[inside]]
    return np.stack([row, col, np.full(len(row), angle + 90.0), uu, vv], axis=1)[good]
