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
    return largest_share(piece, centre, along, length, width) >= 1.0


def largest_share(piece: Piece, centre: Point, along: Point, length: float, width: float) -> float:
    """Return by how much a rectangle of the plan may grow, or must shrink, to lie just in a piece."""
    p = piece.points
    x, y = centre
    tx, ty = along
    least = math.inf
    for (ax, ay), (bx, by) in zip(p, (*p[1:], p[0]), strict=True):
        dx, dy = bx - ax, by - ay
        if dx * dx + dy * dy < 1e-12:
            continue
        # Both are as many times too long as the edge is, so that no root is needed.
        middle = (y - ay) * dx - (x - ax) * dy
        spread = abs(ty * dx - tx * dy) * length + abs(tx * dx + ty * dy) * width
        if 2.0 * middle < least * spread:
            least = 2.0 * middle / spread
    return least


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
