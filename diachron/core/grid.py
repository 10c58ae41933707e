"""The grid that every layer of a sample shares: shape, transform, CRS and ground sampling distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diachron.core.errors import GridError

Transform = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class GeoGrid:
    """A pixel grid on the ground.

    Args:
        shape: (rows, columns), both >= 1.
        transform: six floats in rasterio's order (a, b, c, d, e, f): x = a col + b row + c,
            y = d col + e row + f.
        crs: `EPSG:…` or WKT; None for a plain pixel grid.
        gsd_m: side of a pixel in metres, > 0 and finite. For a geographic CRS the length on the ground, not
            degrees.

    Raises:
        GridError: a shape without pixels or a gsd that is not positive and finite.
    """

    shape: tuple[int, int]
    transform: Transform
    crs: str | None
    gsd_m: float

    def __post_init__(self) -> None:
        if len(self.shape) != 2 or min(self.shape) < 1:
            raise GridError(f"a grid needs at least one row and one column, got shape {self.shape}")
        if not 0 < self.gsd_m < math.inf:
            raise GridError(f"gsd must be a positive length in metres, got {self.gsd_m}; give it with --gsd")

    @classmethod
    def plain(cls, shape: tuple[int, int], gsd_m: float) -> GeoGrid:
        """Return a grid without georeference: origin upper left, y down, one unit a pixel."""
        return cls(shape, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), None, gsd_m)

    @property
    def pixel_area_m2(self) -> float:
        """Area of one pixel in m²."""
        return self.gsd_m * self.gsd_m

    @property
    def area_km2(self) -> float:
        """Area of the whole grid in km²."""
        return self.shape[0] * self.shape[1] * self.pixel_area_m2 / 1e6

    def window(self, row: int, col: int, rows: int, cols: int) -> GeoGrid:
        """Return the grid of a window whose upper left pixel is (row, col).

        Raises:
            GridError: the window does not lie inside the grid.
        """
        if row < 0 or col < 0 or row + rows > self.shape[0] or col + cols > self.shape[1]:
            raise GridError(
                f"window (row {row}, col {col}, {rows} x {cols}) does not lie inside a grid of {self.shape}"
            )
        a, b, c, d, e, f = self.transform
        origin = (a * col + b * row + c, d * col + e * row + f)
        return GeoGrid((rows, cols), (a, b, origin[0], d, e, origin[1]), self.crs, self.gsd_m)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return (left, bottom, right, top) in the units of the CRS, also for a rotated transform."""
        a, b, c, d, e, f = self.transform
        rows, cols = self.shape
        corners = [(0, 0), (0, cols), (rows, 0), (rows, cols)]
        xs = [a * col + b * row + c for row, col in corners]
        ys = [d * col + e * row + f for row, col in corners]
        return min(xs), min(ys), max(xs), max(ys)
