"""Rectangles that stay rectangles on bent ground: slabs, pitches, greenhouses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.convex import Piece, Point
from diachron.simulators.worlds.footprints import form
from diachron.simulators.worlds.plane import Plane

Points = NDArray[np.float64]


def turned(axis: Point, angle_deg: float) -> Point:
    """Return a unit vector turned by an angle."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return c * axis[0] - s * axis[1], s * axis[0] + c * axis[1]


def holds(piece: Piece, centre: Point, along: Point, length: float, width: float) -> bool:
    """Return whether a rectangle of the plan lies in a piece."""
    p = piece.points
    for k in range(len(p)):
        a, b = p[k], p[(k + 1) % len(p)]
        size = math.dist(a, b)
        if size < 1e-6:
            continue
        nx, ny = -(b[1] - a[1]) / size, (b[0] - a[0]) / size
        middle = (centre[0] - a[0]) * nx + (centre[1] - a[1]) * ny
        spread = abs(along[0] * nx + along[1] * ny) * length + abs(-along[1] * nx + along[0] * ny) * width
        if middle < spread / 2.0:
            return False
    return True


def on_ground(
    plane: Plane,
    centre: Point,
    along: Point,
    length: float,
    width: float,
    *,
    shape: str = "rectangle",
    cuts: tuple[float, float] = (0.5, 0.5),
    flipped: bool = False,
) -> tuple[Points, float, float]:
    """Return corners on the ground, direction of the length in degrees, and filled share of the box."""
    ends = plane.to_ground(np.array([centre, (centre[0] + 2.0 * along[0], centre[1] + 2.0 * along[1])]))
    step = ends[1] - ends[0]
    axis = step / np.hypot(*step)
    corners, filled = form(shape, *cuts)
    places = (np.array(corners) - 0.5) * np.array([length, -width if flipped else width])
    points = ends[0] + places[:, :1] * axis + places[:, 1:] * np.array([-axis[1], axis[0]])
    return points[::-1] if flipped else points, math.degrees(math.atan2(axis[1], axis[0])), filled
