"""A measure of distance whose circles have the form of a piece of ground: long, straight or with bays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.smooth_noise import blurred_noise, deviation

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]
Box = tuple[slice, slice]

# Bays are no deeper than this many deviations.
DEEPEST = 2.0
# By how much the first circle in which the nearest are sought is wider than a free one, then than the last.
FIRST, FURTHER = 1.15, 1.5


@dataclass(frozen=True, eq=False)
class Measure:
    """How far pixels lie from a seed.

    Args:
        rng: of the bays; drawn from once, when first asked.
        box: window of the grid that the bays are drawn for.
        seed: row and column in the grid.
        along_deg: direction of the long side, from the column axis towards the row axis.
        elongation: long over short side.
        straight: circles are rectangles; else ellipses with bays.
        rough: depth of the bays, as a share of the radius (deviation of a logarithm).
        grain_px: of the Gaussian that gives the bays their size.
    """

    rng: np.random.Generator
    box: Box
    seed: tuple[int, int]
    along_deg: float
    elongation: float
    straight: bool
    rough: float
    grain_px: float

    @cached_property
    def _bays(self) -> tuple[Values, float]:
        """(h, w) noise of the window, and its deviation, which takes the whole of it."""
        rows, cols = self.box
        noise = blurred_noise(self.rng, (rows.stop - rows.start, cols.stop - cols.start), self.grain_px)
        return noise, deviation(noise)

    def at(self, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Values:
        """Return (N,) the distances of pixels of the grid, which must lie in the window."""
        along, across = self._turned(rows, cols)
        if self.straight:
            return np.maximum(np.abs(along), np.abs(across))
        noise, spread = self._bays
        bays = noise[rows - self.box[0].start, cols - self.box[1].start]
        bays /= spread
        np.clip(bays, -DEEPEST, DEEPEST, out=bays)
        bays *= self.rough
        np.exp(bays, out=bays)
        bays *= np.hypot(along, across)
        return bays

    def nearest(self, mask: Mask, count: int) -> tuple[Mask, Box]:
        """Return the pixels of a mask that are no farther than its `count` nearest, and a window of them.

        Only where the window ends do they touch the border of theirs.

        Args:
            mask: of the window, more than `count` pixels.
            count: 1 or more.
        """
        # Without its bays, the distance is quick; bays change it by a factor within these bounds.
        radius = FIRST * math.sqrt(count / (math.pi * self.elongation))
        while True:
            inner = self._inside(mask, radius)[0]
            if np.count_nonzero(inner) >= count:
                break
            radius *= FURTHER
        inside, box = self._inside(mask, radius * math.exp(2 * DEEPEST * self.rough) * (1 + 1e-9))
        rows, cols = inside.nonzero()
        distance = self.at(rows + box[0].start, cols + box[1].start)
        inside[rows, cols] = distance <= np.partition(distance, count - 1)[count - 1]
        return inside, box

    def _inside(self, mask: Mask, radius: float) -> tuple[Mask, Box]:
        """Return the pixels of a mask within a circle without bays, and the window they are in."""
        reach = math.ceil(radius * math.hypot(self.elongation, 1.0)) + 2
        sides = [
            slice(max(at - reach, side.start), min(at + reach + 1, side.stop))
            for at, side in zip(self.seed, self.box, strict=True)
        ]
        along, across = self._turned(
            np.arange(sides[0].start, sides[0].stop)[:, None], np.arange(sides[1].start, sides[1].stop)[None]
        )
        if self.straight:
            inside = np.maximum(np.abs(along), np.abs(across)) <= radius
        else:
            inside = along * along + across * across <= radius * radius
        top, left = self.box[0].start, self.box[1].start
        inside &= mask[
            sides[0].start - top : sides[0].stop - top, sides[1].start - left : sides[1].stop - left
        ]
        return inside, (sides[0], sides[1])

    def _turned(self, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> tuple[Values, Values]:
        """Return how far pixels lie along and across; what is long counts for less."""
        turn = math.radians(self.along_deg)
        down, right = rows.astype(np.float64) - self.seed[0], cols.astype(np.float64) - self.seed[1]
        along = (right * math.cos(turn) + down * math.sin(turn)) / self.elongation
        return along, down * math.cos(turn) - right * math.sin(turn)
