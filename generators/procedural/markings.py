"""What roads show besides asphalt: lines, wheel tracks, dirty edges, mended places, ruts, rails."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.place import COVER_IDS
from diachron.generators.procedural.ground import Waves
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.state import PlaceState

Picture = NDArray[np.float32]
Places = NDArray[np.intp]

# Lane width of town roads and the gap between the wheels of a car.
LANE_M, WHEELS_M = 3.3, 1.7
LINE_M = 0.14
# Narrower carriageways have no lines; wider ones have lines along their edges, too.
LEAST_MARKED_M, EDGED_M = 6.4, 8.5
# Dashes: paint and gap. Along a road the count begins anew every so many metres, as directions bend.
DASH_M, GAP_M, CELL_M = 3.0, 6.0, 96.0
# A track of standard gauge, rail to rail, and the spacing of its sleepers.
GAUGE_M, SLEEPER_M = 1.5, 0.62


def paint_roads(state: PlaceState, bands: Sequence[str], waves: Waves, picture: Picture) -> None:
    """Paint carriageways and tracks into (C, h, w) reflectance, in place."""
    known = np.isfinite(state.lane_m)
    at = np.flatnonzero(known & np.isin(state.classes, (hub.ROAD, hub.RAIL, 0)))
    if at.size == 0:
        return
    flat = picture.reshape(len(bands), -1)
    cover = state.cover.ravel()[at]
    rail = state.classes.ravel()[at] == hub.RAIL
    paved = ~rail & np.isin(cover, [COVER_IDS[name] for name in ("asphalt", "concrete", "paving")])
    loose = ~rail & ~paved
    if paved.any():
        _paved(state, bands, waves, flat, at[paved])
    if loose.any():
        _loose(state, bands, waves, flat, at[loose])
    if rail.any():
        _rails(state, bands, flat, at[rail])


def _mix(flat: Picture, at: Places, colour: Picture, share: Picture) -> None:
    """Lay a colour over pixels."""
    here = flat[:, at]
    flat[:, at] = here + share * (colour[:, None] - here)


def _paved(state: PlaceState, bands: Sequence[str], waves: Waves, flat: Picture, at: Places) -> None:
    step = state.frame.step_m
    lane, width = state.lane_m.ravel()[at], state.road_width_m.ravel()[at]
    half = width / 2
    soil, paint, yellow = spectra(["soil", "paint", "yellow_paint"], bands).T
    mottled = waves.grain[2].ravel()[at]
    # Two wheels to a lane, polished or blackened; oil drips between them.
    lanes = np.maximum(np.round(width / LANE_M), 1.0)
    inside = (np.abs(lane) / (width / lanes) + np.where(lanes % 2 == 0, 0.0, 0.5)) % 1.0 - 0.5
    off = np.abs(inside) * width / lanes
    wheel = np.exp(-(((off - WHEELS_M / 2) / 0.35) ** 2))
    drip = np.exp(-((off / 0.4) ** 2))
    amount = np.float32(min(1.0, 1.2 / step)) * (uniform(3, state.patch.ravel()[at]) * 0.16 - 0.06)
    flat[:, at] *= np.float32(1.0) + amount * wheel - np.float32(0.05) * drip
    # Dust and leaves gather along the kerb.
    edge = np.exp(-np.maximum(half - np.abs(lane), 0.0) / np.float32(0.45))
    _mix(flat, at, soil, np.clip(edge * (0.35 + 0.25 * mottled), 0.0, 0.7).astype(np.float32))
    marked = width >= LEAST_MARKED_M
    if not marked.any() or LINE_M / step < 0.1:
        return
    strength = np.float32(min(1.0, LINE_M / step))
    reach = np.float32(max(LINE_M, step) / 2)
    worn = np.clip(0.75 + 0.25 * mottled + 0.15 * waves.grain[1].ravel()[at], 0.1, 1.0) * strength
    dashed = _along(state, at) % (DASH_M + GAP_M) < DASH_M
    middle = marked & (np.abs(lane) < reach) & (lanes % 2 == 0) & (dashed | (width >= 10.0))
    between = marked & (lanes > 2) & (np.abs(np.abs(inside) - 0.5) * width / lanes < reach) & dashed
    between &= np.abs(lane) > LANE_M / 2
    edges = (width >= EDGED_M) & (np.abs(half - np.float32(0.35) - np.abs(lane)) < reach)
    yellowish = uniform(5, np.array(state.seed)) < 0.3
    _mix(flat, at[middle], yellow if yellowish else paint, worn[middle])
    rest = (between | edges) & ~middle
    _mix(flat, at[rest], paint, worn[rest])


def _along(state: PlaceState, at: Places) -> NDArray[np.float64]:
    """Return metres along the road, counted from the middle of a cell of the world."""
    rows, cols = np.divmod(at, state.frame.shape[1])
    south, east = state.frame.south_m[rows], state.frame.east_m[cols]
    south = (south % CELL_M) - CELL_M / 2
    east = (east % CELL_M) - CELL_M / 2
    angle = np.radians(np.nan_to_num(state.direction_deg.ravel()[at]).astype(np.float64))
    along: NDArray[np.float64] = east * np.cos(angle) + south * np.sin(angle)
    return along


def _loose(state: PlaceState, bands: Sequence[str], waves: Waves, flat: Picture, at: Places) -> None:
    """Two ruts, and grass between them and along the edges."""
    lane, width = np.abs(state.lane_m.ravel()[at]), state.road_width_m.ravel()[at]
    grass, pale = spectra(["grass", "pale_soil"], bands).T
    mottled = waves.grain[1].ravel()[at] + waves.grain[2].ravel()[at]
    wet = uniform(7, state.patch.ravel()[at])
    between = np.exp(-((lane / 0.4) ** 2)) * (wet > 0.35)
    edge = np.exp(-np.maximum(width / 2 - lane, 0.0) / 0.5)
    share = np.clip((0.55 * between + 0.7 * edge) * (0.75 + 0.35 * mottled), 0.0, 0.9)
    _mix(flat, at, grass, share.astype(np.float32))
    rut = np.exp(-(((lane - WHEELS_M / 2) / 0.35) ** 2)) * np.clip(0.35 + 0.2 * mottled, 0.0, 0.7)
    _mix(flat, at, pale, rut.astype(np.float32))


def _rails(state: PlaceState, bands: Sequence[str], flat: Picture, at: Places) -> None:
    """Two rails on sleepers, rust in the ballast between them."""
    step = state.frame.step_m
    lane = np.abs(state.lane_m.ravel()[at])
    rust, steel, wood = spectra(["rust", "metal", "litter"], bands).T
    dirty = np.exp(-((lane / 1.1) ** 4)) * np.float32(0.4)
    _mix(flat, at, rust, dirty.astype(np.float32))
    if step < SLEEPER_M / 2:
        tie = (_along(state, at) % SLEEPER_M < 0.26) & (lane < 1.3)
        _mix(flat, at[tie], wood, np.full(int(tie.sum()), 0.6, np.float32))
    on_rail = np.abs(lane - GAUGE_M / 2) < max(0.08, step / 2)
    share = np.float32(min(0.8, 0.16 / step))
    _mix(flat, at[on_rail], steel, np.full(int(on_rail.sum()), share, np.float32))
