"""Drawn footprints: rectangles and Ls, as numbers first and as pixels when they are needed."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from diachron.core.scene import Footprint

# Fewer pixels than this are a dot, not a building.
FEWEST_PIXELS = 20
# Rounding a point to its pixel moves it by up to half a diagonal, 0.71.
ROUNDING_PX = 0.75
# Thinner shapes have no pixel that is sure to be theirs.
SMALLEST_PROBED_PX = 6.0
# Corners, sides and centre, in halves of length and width.
PROBE_STEPS = ((-1, -1), (-1, 1), (1, -1), (1, 1), (-1, 0), (0, -1), (0, 1), (1, 0), (0, 0))


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
        c, s = math.cos(self.angle), math.sin(self.angle)
        down = math.ceil((self.length_px * abs(s) + self.width_px * abs(c)) / 2)
        right = math.ceil((self.length_px * abs(c) + self.width_px * abs(s)) / 2)
        across_image = np.arange(-right, right + 1, dtype=np.float64)
        down_image = np.arange(-down, down + 1, dtype=np.float64)[:, np.newaxis]
        along = across_image * c + down_image * s
        across = down_image * c - across_image * s
        mask = (np.abs(along) <= self.length_px / 2) & (np.abs(across) <= self.width_px / 2)
        if self.cut != (0.0, 0.0):
            mask &= ~(
                (along > self.length_px * (0.5 - self.cut[0]))
                & (across > self.width_px * (0.5 - self.cut[1]))
            )
        return trimmed(Footprint(row - down, col - right, mask))

    def probes_at(self, row: int, col: int) -> Iterator[complex]:
        """Yield points, rows + 1j * columns, of pixels that `footprint_at` is sure to have."""
        if self.width_px < SMALLEST_PROBED_PX:
            return
        middle, turn = complex(row, col), cmath.rect(1.0, -self.angle)
        length_px, width_px = self.length_px / 2 - ROUNDING_PX, self.width_px / 2 - ROUNDING_PX
        for a, b in PROBE_STEPS:
            along, across = a * length_px, b * width_px
            if self.cut == (0.0, 0.0) or (
                along <= self.length_px * (0.5 - self.cut[0]) - ROUNDING_PX
                or across <= self.width_px * (0.5 - self.cut[1]) - ROUNDING_PX
            ):
                yield middle + turn * complex(across, along)


def draw_shape(rng: np.random.Generator, area_m2: float, gsd_m: float, local_deg: float | None) -> Shape:
    """Return a rectangle or, one time in four, an L, turned to its neighbours.

    Aspect ratios of 1 to 2.2 hold most detached houses; the L loses a corner of a quarter to a half by side.
    """
    long, angled, first, second, turned, upright = rng.random(6).tolist()
    aspect = 1.0 + 1.2 * long
    cut = (0.25 + 0.25 * first, 0.25 + 0.25 * second) if angled < 0.25 else (0.0, 0.0)
    full_px = area_m2 / (gsd_m * gsd_m) / (1.0 - cut[0] * cut[1])
    angle = math.radians(90.0 * turned if local_deg is None else local_deg)
    if upright < 0.5:
        angle += math.pi / 2
    return Shape(math.sqrt(full_px * aspect), math.sqrt(full_px / aspect), angle, cut)


def trimmed(footprint: Footprint) -> Footprint | None:
    """Return the footprint in its smallest window; None for a dot."""
    rows = np.flatnonzero(footprint.mask.any(axis=1))
    cols = np.flatnonzero(footprint.mask.any(axis=0))
    if rows.size == 0 or np.count_nonzero(footprint.mask) < FEWEST_PIXELS:
        return None
    box = footprint.mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return Footprint(footprint.row + int(rows[0]), footprint.col + int(cols[0]), box)
