"""Many small boxes at once: cars, chimneys, panels, crates, each with a place, a turn, a height, a colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diachron.generators.procedural.spectra import MATERIALS, spectra
from diachron.generators.procedural.state import PlaceState

Picture = NDArray[np.float32]
MATERIAL_IDS = {name: number for number, name in enumerate(MATERIALS)}
# A box that may lie on any open ground, and one that may lie on anything.
OPEN, ANYWHERE = 0, -1
# Boxes smaller than this share of a fine pixel would flicker: they are left out.
SMALLEST_SHARE = 0.2
AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class Boxes:
    """N boxes on the ground or on roofs.

    Args:
        row, col: middles in fine pixels of the window.
        length_m, width_m: of their sides.
        angle_deg: of the long side, from the column axis towards the row axis.
        height_m: that they rise above what they stand on.
        material: numbers in `MATERIAL_IDS`.
        tone: factor of their brightness.
        on: object id that they must stand on, `OPEN` for ground without a building, or `ANYWHERE`.
    """

    row: NDArray[np.float64]
    col: NDArray[np.float64]
    length_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    angle_deg: NDArray[np.float64]
    height_m: NDArray[np.float64]
    material: NDArray[np.intp]
    tone: NDArray[np.float64]
    on: NDArray[np.int64]

    def part(self, chosen: NDArray[np.generic]) -> Boxes:
        """Return some of them, by mask or number."""
        return Boxes(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def boxes(row: ArrayLike, col: ArrayLike, **fields: ArrayLike) -> Boxes:
    """Return boxes from arrays and single numbers, which hold for all of them."""
    count = np.atleast_1d(np.asarray(row)).shape
    full = {name: np.broadcast_to(np.asarray(value), count) for name, value in fields.items()}
    return Boxes(np.atleast_1d(np.asarray(row, float)), np.atleast_1d(np.asarray(col, float)), **full)


def joined(parts: Sequence[Boxes]) -> Boxes | None:
    """Return all boxes in one; None where there are none."""
    parts = [part for part in parts if len(part.row)]
    if not parts:
        return None
    return Boxes(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Boxes.__dataclass_fields__)
    )


def stamp(
    state: PlaceState, found: Boxes | None, bands: Sequence[str], height_m: Picture, picture: Picture
) -> None:
    """Put boxes into a window: where they lie, height grows and the colour is theirs.

    Args:
        state: of the window.
        found: boxes; of two that overlap, the later one of the same size is seen.
        bands: names.
        height_m: (h, w) float32, written.
        picture: (C, h, w) float32 reflectance, written.
    """
    if found is None:
        return
    step = state.frame.step_m
    big = found.length_m * found.width_m >= SMALLEST_SHARE * step * step
    found = found.part(big)
    if not len(found.row):
        return
    reach = np.ceil(np.hypot(found.length_m, found.width_m) / 2 / step).astype(np.int64) + 1
    table = spectra(list(MATERIALS), bands)
    for size in np.unique(reach).tolist():
        members = np.flatnonzero(reach == size)
        per_chunk = max(1, AT_ONCE // (2 * size + 1) ** 2)
        for start in range(0, len(members), per_chunk):
            _put(state, found.part(members[start : start + per_chunk]), size, table, height_m, picture)


def _put(
    state: PlaceState, found: Boxes, reach: int, table: Picture, height_m: Picture, picture: Picture
) -> None:
    rows, cols = height_m.shape
    step = state.frame.step_m
    span = np.arange(-reach, reach + 1)
    r = np.floor(found.row).astype(np.int64)[:, None, None] + span[:, None]
    c = np.floor(found.col).astype(np.int64)[:, None, None] + span[None, :]
    down, right = (r + 0.5 - found.row[:, None, None]) * step, (c + 0.5 - found.col[:, None, None]) * step
    angle = np.radians(found.angle_deg)
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    # Sides of less than a pixel are drawn a pixel wide, paler in proportion.
    length, width = np.maximum(found.length_m, step), np.maximum(found.width_m, step)
    share = (found.length_m * found.width_m) / (length * width)
    inside = np.abs(right * cos + down * sin) <= length[:, None, None] / 2
    inside &= np.abs(down * cos - right * sin) <= width[:, None, None] / 2
    inside &= (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
    r, c = np.broadcast_to(r, inside.shape)[inside], np.broadcast_to(c, inside.shape)[inside]
    which = np.broadcast_to(np.arange(len(found.row))[:, None, None], inside.shape)[inside]
    on = found.on[which]
    free = (on == -1) | ((on == 0) & (state.classes[r, c] != 11)) | (on == state.instances[r, c])
    r, c, which = r[free], c[free], which[free]
    colour = table[:, found.material[which]] * found.tone[which].astype(np.float32)
    part = share[which].astype(np.float32)
    picture[:, r, c] += part * (colour - picture[:, r, c])
    height_m[r, c] += (found.height_m[which] * part).astype(np.float32)
