"""Crowns of trees as lumpy domes: their height, and which tree each pixel shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.generators.procedural.ground import Waves
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.seasons import BARE, MATERIALS_OF_CROWNS, leaves_of
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.state import PlaceState
from diachron.generators.procedural.toning import Toning, shift_things

Picture = NDArray[np.float32]

# Share of the height at which a crown begins, by kind (broadleaf, conifer, palm, bush).
BASE = np.array([0.42, 0.12, 0.78, 0.05], np.float32)
# Clumps of leaves: how far they push the outline, as a share of the radius, and the canopy, in metres a metre
# of radius.
RAGGED = np.array([0.24, 0.16, 0.0, 0.26], np.float32)
LUMPS = np.array([0.15, 0.08, 0.05, 0.12], np.float32)
LOBES = (3, 5, 8)
FRONDS = 9
BUSH = 3
# One crown is lighter than the next, and yellower.
AMONG = 0.20
# Leaves let light through and throw it about inside a crown: of the sunlight that would fall on level ground
# so much comes back from the sides that face away.
THROUGH = 0.5
# Sunlight that filters down to leaves in the shade of others.
FILTERED = 0.16
# Of a crown without leaves so much is ground that shows between the branches, and so much sunlight comes
# through (leaf-off canopies let through 40-60 % of the light, forest meteorology; recalled).
BETWEEN = 0.5
# Crowns that are drawn at once: memory stays flat.
AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Canopy:
    """What crowns cover.

    Args:
        height_m: (h, w) float32 above ground, 0 where there is none.
        owner: (h, w) int32 row of the crown in the state's table, -1 where there is none.
    """

    height_m: Picture
    owner: NDArray[np.int32]


def canopy(state: PlaceState, waves: Waves) -> Canopy:
    """Return the crowns of a window."""
    height = np.zeros(state.frame.shape, np.float32)
    owner = np.full(state.frame.shape, -1, np.int32)
    table = state.crowns
    if len(table):
        radius_px = table[:, 2] / state.frame.step_m
        side = 2 * np.ceil(radius_px * 1.3 + 1.0).astype(np.int64) + 1
        lumps = (waves.grain[2] + np.float32(0.6) * waves.spots[2]).ravel()
        for size in np.unique(side).tolist():
            members = np.flatnonzero(side == size)
            per_chunk = max(1, AT_ONCE // (size * size))
            for start in range(0, len(members), per_chunk):
                _draw(state, members[start : start + per_chunk], size, lumps, height, owner)
    return Canopy(height, owner)


def _draw(
    state: PlaceState,
    members: NDArray[np.intp],
    size: int,
    lumps: Picture,
    height: Picture,
    owner: NDArray[np.int32],
) -> None:
    """Put crowns whose boxes are `size` pixels wide on the canopy; the highest leaf is seen."""
    rows, cols = height.shape
    row, col, radius_m, top_m, kind, seed = state.crowns[members].T
    kind_of, number = kind.astype(np.intp), seed.astype(np.int64)
    first_row, first_col = (np.floor(v).astype(np.int64) - size // 2 for v in (row, col))
    span = np.arange(size)
    r, c = first_row[:, None] + span, first_col[:, None] + span
    down = ((r + 0.5 - row[:, None]) * state.frame.step_m / radius_m[:, None]).astype(np.float32)[:, :, None]
    right = ((c + 0.5 - col[:, None]) * state.frame.step_m / radius_m[:, None]).astype(np.float32)[:, None, :]
    inside = ((r >= 0) & (r < rows))[:, :, None] & ((c >= 0) & (c < cols))[:, None, :]
    flat = np.clip(r, 0, rows - 1)[:, :, None] * cols + np.clip(c, 0, cols - 1)[:, None, :]
    clump = lumps[flat]
    rho = np.sqrt(down * down + right * right)
    ragged = RAGGED[kind_of][:, None, None]
    rough = ragged * np.float32(0.35) * clump
    if size > 7:
        angle = np.arctan2(down, right)
        for lobe, phase in zip(LOBES, (21, 22, 23), strict=True):
            turn = (uniform(phase, number) * np.float32(2 * np.pi))[:, None, None]
            rough += ragged * np.float32(0.34) * np.sin(np.float32(lobe) * angle + turn)
        palms = kind_of == 2
        if palms.any():
            turn = (uniform(24, number) * np.float32(2 * np.pi))[palms, None, None]
            frond = np.abs(np.cos(np.float32(FRONDS / 2) * angle[palms] + turn))
            rho[palms] /= np.float32(0.35) + np.float32(0.65) * frond**1.5
    rho = rho * (np.float32(1.0) + rough)
    inside &= rho < 1.0
    base = BASE[kind_of][:, None, None]
    dome = np.sqrt(np.maximum(np.float32(1.0) - rho * rho, 0.0))
    cone = np.float32(1.0) - rho
    pointed = (kind_of == 1)[:, None, None]
    form = np.where(pointed, cone, dome)
    top = top_m.astype(np.float32)[:, None, None]
    lump = LUMPS[kind_of][:, None, None] * radius_m.astype(np.float32)[:, None, None]
    value = top * (base + (np.float32(1.0) - base) * form) + lump * clump * np.minimum(form * 2, 1.0)
    np.maximum(value, np.float32(0.3), out=value)
    flat, value = flat[inside], value[inside]
    which = np.broadcast_to(members[:, None, None], inside.shape)[inside].astype(np.int32)
    tall = height.reshape(-1)
    np.maximum.at(tall, flat, value)
    seen = tall[flat] == value
    owner.reshape(-1)[flat[seen]] = which[seen]


@dataclass(frozen=True, eq=False)
class CrownPixels:
    """What the P pixels that show a crown look like.

    Args:
        at: places in the raveled raster.
        colour: (C, P) float32 reflectance.
        bare: (P,) bool without leaves: the ground shows between the branches; None where all have leaves.
    """

    at: NDArray[np.intp]
    colour: Picture
    bare: NDArray[np.bool_] | None

    def part(self, chosen: NDArray[np.bool_]) -> CrownPixels:
        """Return some of them."""
        bare = None if self.bare is None else self.bare[chosen]
        return CrownPixels(self.at[chosen], self.colour[:, chosen], bare)


def crown_pixels(
    state: PlaceState, found: Canopy, bands: Sequence[str], waves: Waves, toning: Toning | None = None
) -> CrownPixels:
    """Return the crowns of a window in their season."""
    owner = found.owner.ravel()
    at = np.flatnonzero(owner >= 0)
    table = state.crowns
    if at.size == 0:
        return CrownPixels(at, np.zeros((len(bands), 0), np.float32), None)
    kind, number = table[:, 4].astype(np.intp), table[:, 5].astype(np.int64)
    material = leaves_of(state.season, kind, uniform(28, number))
    base = spectra(MATERIALS_OF_CROWNS, bands)[:, material]
    # Some trees are yellower (other kinds, dry ones), some bluer.
    other = spectra(["grass", "conifer"], bands)
    yellow, blue = (
        np.maximum(uniform(25, number) * 2 - 1, 0) ** 2,
        np.maximum(1 - 2 * uniform(25, number), 0) ** 2,
    )
    leafy = ((kind != 1) & (material != BARE)).astype(np.float32)
    share = np.stack([yellow * np.float32(0.55), blue * np.float32(0.65)]) * leafy
    base = base * (1 - share.sum(axis=0)) + other[:, :1] * share[0] + other[:, 1:] * share[1]
    tone = np.exp(np.float32(AMONG) * (uniform(26, number) + uniform(27, number) - 1) * np.float32(2.4))
    base = (base * tone).astype(np.float32)
    bush = kind == BUSH
    base[:, bush] = shift_things(base[:, bush], hub.SHRUB, toning)
    base[:, ~bush] = shift_things(base[:, ~bush], hub.TREE, toning)
    grain = waves.grain[3].ravel()[at] * np.float32(0.09) + waves.grain[2].ravel()[at] * np.float32(0.10)
    colour = base[:, owner[at]] * np.clip(np.float32(1.0) + grain, 0.5, 1.6)
    leafless = material == BARE
    return CrownPixels(at, colour, leafless[owner[at]] if leafless.any() else None)
