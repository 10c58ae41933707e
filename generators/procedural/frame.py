"""Where a raster lies in its world: the same pixel has the same coordinates in every window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Frame:
    """A window of the fine grid of a world, counted in whole pixels from the world's origin.

    Coordinates come from whole numbers, so that two windows get the same floats for one pixel: textures that
    are functions of them agree to the bit.

    Args:
        step_m: side of a fine pixel.
        top, left: number of the upper left pixel, southwards and eastwards.
        shape: of the window.
    """

    step_m: float
    top: int
    left: int
    shape: tuple[int, int]

    @property
    def south_m(self) -> NDArray[np.float64]:
        """(h,) middles of the rows, metres south of the origin."""
        return (np.arange(self.shape[0], dtype=np.float64) + (self.top + 0.5)) * np.float64(self.step_m)

    @property
    def east_m(self) -> NDArray[np.float64]:
        """(w,) middles of the columns, metres east of the origin."""
        return (np.arange(self.shape[1], dtype=np.float64) + (self.left + 0.5)) * np.float64(self.step_m)

    def resolves(self, period_m: float) -> float:
        """Return how much of a pattern is left in these pixels: 1 for coarse ones, 0 below two pixels."""
        return float(np.clip(period_m / self.step_m / 2.0 - 1.0, 0.0, 1.0))

    @classmethod
    def of(cls, origin_m: tuple[float, float], step_m: float, shape: tuple[int, int]) -> Frame:
        """Return the frame of a window whose upper left corner is at (east, north)."""
        return cls(step_m, round(-origin_m[1] / step_m), round(origin_m[0] / step_m), shape)

    def part(self, rows: slice, cols: slice) -> Frame:
        """Return the frame of a part."""
        shape = (rows.stop - rows.start, cols.stop - cols.start)
        return Frame(self.step_m, self.top + rows.start, self.left + cols.start, shape)
