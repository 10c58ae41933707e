"""Convex pieces of the plan and how they are cut: by a line, along their edges, into strips.

Every piece of a street plan is convex, so that cutting and insetting are a few lines each and exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

Point = tuple[float, float]

# A cut that leaves less than this on one side does not cut, metres.
NOTHING_M = 1e-6


@dataclass(frozen=True)
class Piece:
    """A convex polygon, its corners in the order in which the inside is to the left (x right, y up).

    Args:
        points: corners.
        tags: of the edge from each corner to the next: the street or border that it lies on.
    """

    points: tuple[Point, ...]
    tags: tuple[int, ...]

    @cached_property
    def area(self) -> float:
        """Square metres."""
        twice = 0.0
        ax, ay = self.points[-1]
        for bx, by in self.points:
            twice += ax * by - bx * ay
            ax, ay = bx, by
        return 0.5 * twice

    @property
    def centre(self) -> Point:
        """The centroid."""
        p, x, y, twice = self.points, 0.0, 0.0, 0.0
        x0, y0 = p[0]
        for k in range(1, len(p) - 1):
            ax, ay, bx, by = p[k][0] - x0, p[k][1] - y0, p[k + 1][0] - x0, p[k + 1][1] - y0
            cross = ax * by - bx * ay
            x, y, twice = x + cross * (ax + bx), y + cross * (ay + by), twice + cross
        if twice <= 0.0:
            return p[0]
        return x0 + x / (3.0 * twice), y0 + y / (3.0 * twice)

    def extent(self, direction: Point) -> tuple[float, float]:
        """Return the least and greatest coordinate along a unit vector."""
        dx, dy = direction
        along = [x * dx + y * dy for x, y in self.points]
        return min(along), max(along)

    def axes(self) -> tuple[Point, Point, float, float]:
        """Return unit vectors along and across the tightest box that lies along an edge, and its sides."""
        return self._axes

    @cached_property
    def _axes(self) -> tuple[Point, Point, float, float]:
        best, length, width, t = math.inf, 0.0, 0.0, (1.0, 0.0)
        p = self.points
        ax, ay = p[-1]
        for bx, by in p:
            dx, dy = bx - ax, by - ay
            size = math.hypot(dx, dy)
            if size >= 1.0:
                tx, ty = dx / size, dy / size
                # An edge of a convex piece is the lower side of its own box.
                low = high = ax * tx + ay * ty
                far = 0.0
                for x, y in p:
                    along = x * tx + y * ty
                    if along < low:
                        low = along
                    elif along > high:
                        high = along
                    away = (y - ay) * tx - (x - ax) * ty
                    if away > far:
                        far = away
                if (high - low) * far < best - 1e-9:
                    best, length, width, t = (high - low) * far, high - low, far, (tx, ty)
            ax, ay = bx, by
        if width > length:
            return (-t[1], t[0]), (-t[0], -t[1]), width, length
        return t, (-t[1], t[0]), length, width


@dataclass(frozen=True)
class Cut:
    """What a line does to a piece: two pieces, where it meets the outline, and which edges it meets there."""

    ahead: Piece
    behind: Piece
    ends: tuple[Point, Point]
    tags: tuple[int, int]


def cut(piece: Piece, through: Point, normal: Point, tag: int) -> Cut | None:
    """Cut a piece by a line; None where the line passes beside it.

    Args:
        piece: to be cut.
        through: a point of the line.
        normal: unit vector; `ahead` of the result lies on its side.
        tag: of the new edges.
    """
    p, tags = piece.points, piece.tags
    offset = through[0] * normal[0] + through[1] * normal[1]
    side = [x * normal[0] + y * normal[1] - offset for x, y in p]
    if max(side) < NOTHING_M or min(side) > -NOTHING_M:
        return None
    ahead: list[Point] = []
    behind: list[Point] = []
    ahead_tags: list[int] = []
    behind_tags: list[int] = []
    ends: list[tuple[Point, int]] = []
    n = len(p)
    for k in range(n):
        here, there = p[k], p[(k + 1) % n]
        a, b = side[k], side[(k + 1) % n]
        if abs(a) <= NOTHING_M:
            ends.append((here, tags[k]))
            ahead.append(here)
            behind.append(here)
            ahead_tags.append(tags[k] if b > 0 else tag)
            behind_tags.append(tags[k] if b <= 0 else tag)
            continue
        (ahead if a > 0 else behind).append(here)
        (ahead_tags if a > 0 else behind_tags).append(tags[k])
        if abs(b) > NOTHING_M and (a > 0) != (b > 0):
            share = a / (a - b)
            met = (here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1]))
            ends.append((met, tags[k]))
            ahead.append(met)
            behind.append(met)
            ahead_tags.append(tags[k] if b > 0 else tag)
            behind_tags.append(tags[k] if b <= 0 else tag)
    if len(ahead) < 3 or len(behind) < 3 or len(ends) != 2:
        return None
    return Cut(
        Piece(tuple(ahead), tuple(ahead_tags)),
        Piece(tuple(behind), tuple(behind_tags)),
        (ends[0][0], ends[1][0]),
        (ends[0][1], ends[1][1]),
    )


def inset(piece: Piece, distances: list[float]) -> Piece | None:
    """Return what is left when each edge moves inwards by its distance; None for nothing."""
    rest = piece
    p = piece.points
    for k, distance in enumerate(distances):
        if distance == 0.0:
            continue
        a, b = p[k], p[(k + 1) % len(p)]
        dx, dy = b[0] - a[0], b[1] - a[1]
        size = math.hypot(dx, dy)
        if size < NOTHING_M:
            continue
        inwards = (-dy / size, dx / size)
        moved = (a[0] + distance * inwards[0], a[1] + distance * inwards[1])
        parts = cut(rest, moved, inwards, piece.tags[k])
        if parts is not None:
            rest = parts.ahead
        elif rest.extent(inwards)[1] <= moved[0] * inwards[0] + moved[1] * inwards[1] + NOTHING_M:
            return None
    return rest


def edge_lengths(piece: Piece) -> list[float]:
    """Return the length of each edge."""
    p = piece.points
    return [math.dist(p[k], p[(k + 1) % len(p)]) for k in range(len(p))]


def strips(piece: Piece, direction: Point, at: list[float], tag: int) -> list[Piece]:
    """Return the pieces between parallel cuts, in order along `direction`.

    Args:
        piece: to be cut.
        direction: unit vector across the cuts.
        at: rising coordinates of the cuts along it.
        tag: of the new edges.
    """
    parts: list[Piece] = []
    rest = piece
    for place in at:
        done = cut(rest, (place * direction[0], place * direction[1]), direction, tag)
        if done is None:
            continue
        parts.append(done.behind)
        rest = done.ahead
    return [*parts, rest]
