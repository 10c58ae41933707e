"""Lines that work leaves on the land: rows, passes of machines, tramlines, swaths of mown grass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core.place import COVER_IDS
from diachron.generators.procedural.ground import Waves
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.state import PlaceState

Picture = NDArray[np.float32]

# Row spacing in metres and how much darker the gaps are, by cover. Maize and beets stand 0.45-0.75 m apart,
# vines and fruit 2-5 m; ploughs leave furrows of 0.3-0.5 m (agronomy handbooks; recalled).
ROWS = {"crop": (0.62, 0.20), "stubble": (0.5, 0.10), "ploughed": (0.45, 0.16), "orchard": (4.0, 0.0)}
# Machines are so wide: drills and combines 3-9 m, mowers about 3 m; one pass differs a little from the next.
PASS_M = {"crop": 4.5, "stubble": 7.0, "ploughed": 3.2, "meadow": 3.0, "lawn": 1.2}
PASS_DEPTH = {"crop": 0.030, "stubble": 0.045, "ploughed": 0.05, "meadow": 0.035, "lawn": 0.04}
# Lawns without a direction of their own that were mown in stripes.
STRIPED_SHARE = 0.4
# Sprayers are 15-36 m wide and always take the same two wheel lines.
TRAMLINE_COVERS = ("crop", "stubble")
TRAM_GAP_M, TRAM_WHEELS_M, TRAM_LINE_M = (15.0, 28.0), 1.9, 0.5


def paint_rows(state: PlaceState, bands: Sequence[str], waves: Waves, picture: Picture) -> None:
    """Paint rows and tracks of machines into (C, h, w) reflectance, in place."""
    flat = picture.reshape(len(bands), -1)
    off_roads = ~np.isfinite(state.lane_m)
    directed = np.isfinite(state.direction_deg) & off_roads
    for name in sorted({*ROWS, *PASS_M}):
        at = np.flatnonzero((state.cover == COVER_IDS[name]) & directed)
        if at.size:
            _paint(state, bands, waves, flat, name, at, state.direction_deg.ravel()[at])
    # Some lawns show in which way they were mown last, and nobody planned that.
    lawn = np.flatnonzero((state.cover == COVER_IDS["lawn"]) & off_roads & ~directed)
    patch = state.patch.ravel()[lawn]
    striped = uniform(15, patch) < STRIPED_SHARE
    if striped.any():
        _paint(state, bands, waves, flat, "lawn", lawn[striped], 180.0 * uniform(16, patch[striped]))


def _paint(
    state: PlaceState,
    bands: Sequence[str],
    waves: Waves,
    flat: Picture,
    name: str,
    at: NDArray[np.intp],
    direction_deg: NDArray[np.float32],
) -> None:
    step = state.frame.step_m
    rows, cols = np.divmod(at, state.frame.shape[1])
    angle = np.radians(direction_deg.astype(np.float64))
    patch = state.patch.ravel()[at]
    across = state.frame.south_m[rows] * np.cos(angle) - state.frame.east_m[cols] * np.sin(angle)
    # No machine drives quite straight.
    across += 0.5 * waves.spots[1].ravel()[at] * min(1.0, step)
    level = np.ones(at.size, np.float32)
    if name in PASS_M and PASS_M[name] > 2 * step:
        number = np.floor(across / PASS_M[name]).astype(np.int64)
        level += np.float32(PASS_DEPTH[name]) * 3.0 * (uniform(9, number, patch) - np.float32(0.5))
    if name in ROWS:
        period, depth = ROWS[name]
        seen = state.frame.resolves(period)
        if depth * seen > 0:
            level += np.float32(depth * seen) * np.cos(2 * np.pi * across / period).astype(np.float32)
        if name == "orchard" and seen > 0:
            # Bare strips under the trees, grass between them.
            soil = spectra(["soil"], bands)
            strip = np.clip(np.cos(2 * np.pi * across / period) * 2.0 - 0.6, 0.0, 1.0).astype(np.float32)
            flat[:, at] += np.float32(0.6) * seen * strip * (soil - flat[:, at])
    flat[:, at] *= level
    if name in TRAMLINE_COVERS and TRAM_LINE_M / step > 0.12:
        gap = TRAM_GAP_M[0] + (TRAM_GAP_M[1] - TRAM_GAP_M[0]) * uniform(13, patch)
        off = np.abs((across / gap) % 1.0 - 0.5) * gap
        wide = max(TRAM_LINE_M, step) / 2
        track = np.abs(off - TRAM_WHEELS_M / 2) < wide
        track &= uniform(14, patch) < 0.7
        share = np.float32(0.55 * min(1.0, TRAM_LINE_M / step))
        ground = spectra(["soil"], bands)
        chosen = at[track]
        flat[:, chosen] += share * (ground - flat[:, chosen])
