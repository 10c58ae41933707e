"""Where north lies on a grid: azimuths of the sun become directions in rows and columns, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diachron.core import light
from diachron.core.grid import GeoGrid


@dataclass(frozen=True)
class Bearing:
    """How a grid lies on the ground.

    Args:
        north_deg: where north is on the grid, clockwise from up.
        mirrored: whether east lies to the left of north there.
    """

    north_deg: float = 0.0
    mirrored: bool = False

    def shadow_direction(self, sun_azimuth_deg: float) -> tuple[float, float]:
        """Return the unit vector (rows down, columns right) from an object to its shadow.

        Args:
            sun_azimuth_deg: where the sun stands, clockwise from north.
        """
        turn = -sun_azimuth_deg if self.mirrored else sun_azimuth_deg
        return light.shadow_direction(turn + self.north_deg)

    def sun_azimuth_deg(self, shadow_row: float, shadow_col: float) -> float:
        """Return where the sun stands, clockwise from north, from the direction of shadows on the grid."""
        turn = math.degrees(math.atan2(-shadow_col, shadow_row)) - self.north_deg
        return -turn if self.mirrored else turn


NORTH_UP = Bearing()


def bearing_of(grid: GeoGrid) -> Bearing:
    """Return how a grid lies: up is north where its transform says nothing else, and where it has no CRS.

    A rotated grid in degrees is taken as if a degree were as long to the east as to the north.
    """
    a, b, _, d, e, _ = grid.transform
    area = a * e - b * d
    if grid.crs is None or (b == d == 0 and a > 0 > e) or area == 0:
        return NORTH_UP
    # One unit to the north in columns and rows: the inverse of the transform on (0, 1).
    right, down = -b / area, a / area
    return Bearing(math.degrees(math.atan2(right, -down)), mirrored=area > 0)
