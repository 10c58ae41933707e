"""Drawn footprints: rectangles and Ls, as numbers first and as pixels when they are needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.scene import Footprint

# Fewer pixels than this are a dot, not a building.
FEWEST_PIXELS = 20
# Rounding a point to its pixel moves it by up to half a diagonal, 0.71.
ROUNDING_PX = 0.75
# Thinner shapes have no pixel that is sure to be theirs.
SMALLEST_PROBED_PX = 6.0
PROBE_STEPS = np.array([(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)]).T


@dataclass(frozen=True)
class Shape:
    """A drawn footprint: a rectangle, or an L that lacks one corner.

    Args:
        length_px, width_px: of the whole rectangle.
        angle: of its length, radians from the column axis towards the row axis.
        cut: shares of length and width that the missing corner takes; zeros for a rectangle.
    """

    length_px: float
    width_px: float
    angle: float
    cut: tuple[float, float]

    @property
    def core_px(self) -> float:
        """Radius of the disc around its centre that is all its own."""
        corner = math.hypot(self.length_px * (0.5 - self.cut[0]), self.width_px * (0.5 - self.cut[1]))
        return min(self.width_px / 2, corner)

    def footprint_at(self, row: int, col: int) -> Footprint | None:
        """Return its pixels, centred on (row, col); None for a dot."""
        reach = math.ceil(math.hypot(self.length_px, self.width_px) / 2) + 1
        across_image = np.arange(-reach, reach + 1, dtype=np.float64)
        down_image = across_image[:, np.newaxis]
        along = across_image * math.cos(self.angle) + down_image * math.sin(self.angle)
        across = -across_image * math.sin(self.angle) + down_image * math.cos(self.angle)
        mask = (np.abs(along) <= self.length_px / 2) & (np.abs(across) <= self.width_px / 2)
        if self.cut != (0.0, 0.0):
            mask &= ~(
                (along > self.length_px * (0.5 - self.cut[0]))
                & (across > self.width_px * (0.5 - self.cut[1]))
            )
        return trimmed(Footprint(row - reach, col - reach, mask))

    def probes_at(self, row: int, col: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return (rows, cols) of pixels that `footprint_at` is sure to have: corners, sides, centre."""
        if self.width_px < SMALLEST_PROBED_PX:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        along = PROBE_STEPS[0] * (self.length_px / 2 - ROUNDING_PX)
        across = PROBE_STEPS[1] * (self.width_px / 2 - ROUNDING_PX)
        if self.cut != (0.0, 0.0):
            kept = (along <= self.length_px * (0.5 - self.cut[0]) - ROUNDING_PX) | (
                across <= self.width_px * (0.5 - self.cut[1]) - ROUNDING_PX
            )
            along, across = along[kept], across[kept]
        c, s = math.cos(self.angle), math.sin(self.angle)
        return (
            np.rint(along * s + across * c).astype(np.intp) + row,
            np.rint(along * c - across * s).astype(np.intp) + col,
        )


def draw_shape(rng: np.random.Generator, area_m2: float, gsd_m: float, local_deg: float | None) -> Shape:
    """Return a rectangle or, one time in four, an L, turned to its neighbours.

    Aspect ratios of 1 to 2.2 hold most detached houses; the L loses a corner of a quarter to a half by side.
    """
    aspect = float(rng.uniform(1.0, 2.2))
    angled = bool(rng.uniform() < 0.25)
    cut = rng.uniform(0.25, 0.5, 2).tolist() if angled else [0.0, 0.0]
    full_px = area_m2 / (gsd_m * gsd_m) / (1.0 - cut[0] * cut[1])
    angle = math.radians(float(rng.uniform(0, 90)) if local_deg is None else local_deg)
    if rng.uniform() < 0.5:
        angle += math.pi / 2
    return Shape(math.sqrt(full_px * aspect), math.sqrt(full_px / aspect), angle, (cut[0], cut[1]))


def trimmed(footprint: Footprint) -> Footprint | None:
    """Return the footprint in its smallest window; None for a dot."""
    rows = np.flatnonzero(footprint.mask.any(axis=1))
    cols = np.flatnonzero(footprint.mask.any(axis=0))
    if rows.size == 0 or np.count_nonzero(footprint.mask) < FEWEST_PIXELS:
        return None
    box = footprint.mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return Footprint(footprint.row + int(rows[0]), footprint.col + int(cols[0]), box)
