"""What lies about: crates and containers in yards, garden things, rubbish, mended places in the asphalt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.place import COVER_IDS
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.stamps import MATERIAL_IDS, OPEN, Boxes, boxes
from diachron.generators.procedural.state import PlaceState

CELL_M = 3.6
# Share of cells that hold something, by cover.
SHARE = {
    "yard": 0.10,
    "rubbish": 0.5,
    "gravel": 0.06,
    "dirt": 0.05,
    "concrete": 0.05,
    "paving": 0.05,
    "lawn": 0.022,
    "soil": 0.02,
}
# More lies about in some styles.
BUSY = {"informal": 2.2, "industrial": 1.0, "dense-city": 1.2}
THINGS = (
    "old_metal", "rust", "slate", "brown_tile", "litter", "blue_metal", "green_metal", "litter",
    "fresh_asphalt", "paving", "concrete", "scrub",
)  # fmt: skip
CONTAINER_SHARE = 0.22
# Utilities dig up roads: repairs along them, one in so many cells.
REPAIR_SHARE, REPAIR_CELL_M = 0.10, 11.0


def lying_about(state: PlaceState) -> Boxes | None:
    """Return boxes on open ground of a window."""
    table = np.zeros(len(COVER_IDS), np.float32)
    for name, share in SHARE.items():
        table[COVER_IDS[name]] = share * BUSY.get(state.style, 1.0)
    row, col, i, j = _cells(state, CELL_M, 500)
    r, c = row.astype(np.intp), col.astype(np.intp)
    chosen = uniform(state.seed, 502, i, j) < table[state.cover[r, c]]
    chosen &= (state.classes[r, c] == 0) & ~np.isfinite(state.lane_m[r, c])
    if not chosen.any():
        return None
    row, col = row[chosen], col[chosen]
    i, j, r, c = i[chosen], j[chosen], r[chosen], c[chosen]
    chance = np.stack([uniform(state.seed, 503 + k, i, j) for k in range(6)]).astype(np.float64)
    length = 0.5 + 2.2 * chance[0] ** 2
    width = length * (0.4 + 0.6 * chance[1])
    height = 0.2 + 1.1 * chance[2] ** 2
    material = np.array([MATERIAL_IDS[name] for name in THINGS])[(chance[3] * len(THINGS)).astype(int)]
    angle = np.nan_to_num(state.direction_deg[r, c].astype(np.float64), nan=-1.0)
    angle = np.where((angle < 0) | (chance[4] < 0.3), chance[5] * 180.0, angle)
    if state.style == "industrial":
        crate = (chance[4] > 1.0 - CONTAINER_SHARE) & (state.cover[r, c] != COVER_IDS["lawn"])
        length, width = np.where(crate, 6.1, length), np.where(crate, 2.44, width)
        # Put down by one crane: side by side, or at right angles.
        own = 180.0 * uniform(state.seed, 509, state.patch[r, c].astype(np.int64))
        angle = np.where(crate, own + 90.0 * (chance[5] < 0.2), angle)
        height = np.where(crate, 2.6, height)
        material = np.where(crate & (chance[3] < 0.6), MATERIAL_IDS["rust"], material)
    return boxes(
        row,
        col,
        length_m=length,
        width_m=width,
        angle_deg=angle,
        height_m=height,
        material=material,
        tone=0.7 + 0.4 * chance[1],
        on=OPEN,
    )


def repairs(state: PlaceState) -> Boxes | None:
    """Return patches of fresh asphalt on roads, flat."""
    row, col, i, j = _cells(state, REPAIR_CELL_M, 520)
    r, c = row.astype(np.intp), col.astype(np.intp)
    chosen = (uniform(state.seed, 522, i, j) < REPAIR_SHARE) & (state.cover[r, c] == COVER_IDS["asphalt"])
    chosen &= np.isin(state.classes[r, c], (0, hub.ROAD))
    if not chosen.any():
        return None
    row, col = row[chosen], col[chosen]
    i, j, r, c = i[chosen], j[chosen], r[chosen], c[chosen]
    chance = np.stack([uniform(state.seed, 523 + k, i, j) for k in range(4)]).astype(np.float64)
    return boxes(
        row,
        col,
        length_m=1.5 + 11.0 * chance[0] ** 2,
        width_m=0.7 + 1.8 * chance[1] ** 2,
        angle_deg=np.nan_to_num(state.direction_deg[r, c].astype(np.float64)) + 90.0 * (chance[2] < 0.25),
        height_m=0.0,
        material=np.where(chance[3] < 0.6, MATERIAL_IDS["fresh_asphalt"], MATERIAL_IDS["worn_asphalt"]),
        tone=0.95 + 0.25 * chance[2],
        on=OPEN,
    )


def _cells(
    state: PlaceState, cell_m: float, stream: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return jittered places in fine pixels, one a cell of the world's lattice, and the cells' numbers."""
    south, east = state.frame.south_m, state.frame.east_m
    both = np.meshgrid(
        np.arange(np.floor(south[0] / cell_m), np.floor(south[-1] / cell_m) + 1).astype(np.int64),
        np.arange(np.floor(east[0] / cell_m), np.floor(east[-1] / cell_m) + 1).astype(np.int64),
        indexing="ij",
    )
    i, j = (part.ravel() for part in both)
    row = (i + uniform(state.seed, stream, i, j)) * cell_m / state.frame.step_m - state.frame.top
    col = (j + uniform(state.seed, stream + 1, i, j)) * cell_m / state.frame.step_m - state.frame.left
    inside = (row >= 0) & (row < state.frame.shape[0]) & (col >= 0) & (col < state.frame.shape[1])
    places = np.stack([row, col], axis=1).astype(np.float64)[inside]
    return places[:, 0], places[:, 1], i[inside], j[inside]
