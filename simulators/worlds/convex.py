"""Convex pieces of the plan and how they are cut: by a line, along their edges, into strips.

Every piece of a street plan is convex, so that cutting and insetting are a few lines each and exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

Point = tuple[float, float]
Axes = tuple[Point, Point, float, float]

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

    @property
    def area(self) -> float:
        """Square metres."""
        kept: float | None = self.__dict__.get("_area")
        if kept is None:
            twice = 0.0
            ax, ay = self.points[-1]
            for bx, by in self.points:
                twice += ax * by - bx * ay
                ax, ay = bx, by
            kept = self.__dict__["_area"] = 0.5 * twice
        return kept

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

    def axes(self) -> Axes:
        """Return unit vectors along and across the tightest box that lies along an edge, and its sides."""
        # Not a cached property: those of Python 3.11 take a lock each time.
        kept: Axes | None = self.__dict__.get("_axes")
        if kept is None:
            kept = self.__dict__["_axes"] = _tightest(self.points)
        return kept


def _tightest(p: tuple[Point, ...]) -> Axes:
    best, length, width, tx, ty = math.inf, 0.0, 0.0, 1.0, 0.0
    ax, ay = p[-1]
    for bx, by in p:
        dx = bx - ax
        dy = by - ay
        size = math.hypot(dx, dy)
        if size >= 1.0:
            dx /= size
            dy /= size
            # An edge of a convex piece is the lower side of its own box. One loop: twice as fast as four
            # calls of min and max.
            low = high = ax * dx + ay * dy
            far = 0.0
            for x, y in p:
                place = x * dx + y * dy
                if place < low:
                    low = place
                elif place > high:
                    high = place
                place = (y - ay) * dx - (x - ax) * dy
                if place > far:
                    far = place
            long = high - low
            if long * far < best - 1e-9:
                best, length, width, tx, ty = long * far, long, far, dx, dy
        ax, ay = bx, by
    if width > length:
        return (-ty, tx), (-tx, -ty), width, length
    return (tx, ty), (-ty, tx), length, width


class Cut(NamedTuple):
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
    nx, ny = normal
    offset = through[0] * nx + through[1] * ny
    side = [x * nx + y * ny - offset for x, y in p]
    if max(side) < NOTHING_M or min(side) > -NOTHING_M:
        return None
    # Edges on which the line is crossed: from ahead to behind, and back.
    out = back = -1
    before = side[-1]
    for k, here in enumerate(side, start=-1):
        if -NOTHING_M <= here <= NOTHING_M:
            return _cut_at_corner(piece, side, tag)
        if here < 0.0 < before:
            out = k
        elif before < 0.0 < here:
            back = k
        before = here
    leaves, returns = _met(p, side, out), _met(p, side, back)
    own_out, own_back = tags[out], tags[back]
    i, j = out % len(p) + 1, back % len(p) + 1
    if i < j:
        return Cut(
            Piece((*p[:i], leaves, returns, *p[j:]), (*tags[:i], tag, own_back, *tags[j:])),
            Piece((leaves, *p[i:j], returns), (own_out, *tags[i:j], tag)),
            (leaves, returns),
            (own_out, own_back),
        )
    return Cut(
        Piece((returns, *p[j:i], leaves), (own_back, *tags[j:i], tag)),
        Piece((*p[:j], returns, leaves, *p[i:]), (*tags[:j], tag, own_out, *tags[i:])),
        (returns, leaves),
        (own_back, own_out),
    )


def _met(p: tuple[Point, ...], side: list[float], edge: int) -> Point:
    """Return where a line meets an edge whose ends lie on either side of it."""
    share = side[edge] / (side[edge] - side[edge + 1])
    (ax, ay), (bx, by) = p[edge], p[edge + 1]
    return ax + share * (bx - ax), ay + share * (by - ay)


def _cut_at_corner(piece: Piece, side: list[float], tag: int) -> Cut | None:
    """Return what a line through a corner does, given how far ahead of it each corner lies."""
    p, tags = piece.points, piece.tags
    ahead: list[Point] = []
    behind: list[Point] = []
    ahead_tags: list[int] = []
    behind_tags: list[int] = []
    ends: list[tuple[Point, int]] = []
    following = zip(p, side, tags, (*p[1:], p[0]), (*side[1:], side[0]), strict=True)
    for here, a, own, there, b in following:
        if -NOTHING_M <= a <= NOTHING_M:
            ends.append((here, own))
            ahead.append(here)
            behind.append(here)
            ahead_tags.append(own if b > 0 else tag)
            behind_tags.append(own if b <= 0 else tag)
            continue
        if a > 0:
            ahead.append(here)
            ahead_tags.append(own)
            crosses = b < -NOTHING_M
        else:
            behind.append(here)
            behind_tags.append(own)
            crosses = b > NOTHING_M
        if crosses:
            share = a / (a - b)
            met = (here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1]))
            ends.append((met, own))
            ahead.append(met)
            behind.append(met)
            ahead_tags.append(own if b > 0 else tag)
            behind_tags.append(own if b <= 0 else tag)
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
    moved = _moved(piece.points, distances)
    if moved is not None:
        return Piece(moved, piece.tags)
    p = piece.points
    rest, tags = p, piece.tags
    for k, distance in enumerate(distances):
        if distance == 0.0:
            continue
        ax, ay = p[k]
        bx, by = p[(k + 1) % len(p)]
        dx, dy = bx - ax, by - ay
        size = math.hypot(dx, dy)
        if size < NOTHING_M:
            continue
        nx, ny = -dy / size, dx / size
        place = (ax + distance * nx) * nx + (ay + distance * ny) * ny
        side = [x * nx + y * ny - place for x, y in rest]
        if max(side) < NOTHING_M:
            return None
        if min(side) <= -NOTHING_M:
            rest, tags = _ahead(rest, tags, side, piece.tags[k])
    return Piece(rest, tags)


def _moved(p: tuple[Point, ...], distances: list[float]) -> tuple[Point, ...] | None:
    """Return the corners when all edges move and none vanishes, or None where one does."""
    lines: list[tuple[float, float, float]] = []
    for (ax, ay), (bx, by), distance in zip(p, (*p[1:], p[0]), distances, strict=True):
        dx, dy = bx - ax, by - ay
        size = math.hypot(dx, dy)
        if size < NOTHING_M:
            return None
        nx, ny = -dy / size, dx / size
        lines.append((nx, ny, ax * nx + ay * ny + distance))
    corners: list[Point] = []
    ax, ay, a = lines[-1]
    for bx, by, b in lines:
        turn = ax * by - ay * bx
        # Nearly one line: where the two meet says nothing.
        if turn < 1e-3:
            return None
        corners.append(((a * by - b * ay) / turn, (b * ax - a * bx) / turn))
        ax, ay, a = bx, by, b
    for (nx, ny, _), (ax, ay), (bx, by) in zip(lines, corners, (*corners[1:], corners[0]), strict=True):
        if (bx - ax) * ny - (by - ay) * nx < NOTHING_M:
            return None
    return tuple(corners)


def _ahead(
    p: tuple[Point, ...], tags: tuple[int, ...], side: list[float], tag: int
) -> tuple[tuple[Point, ...], tuple[int, ...]]:
    """Return the part of an outline whose side is positive, and the tags of its edges."""
    points: list[Point] = []
    found: list[int] = []
    following = zip(p, side, tags, (*p[1:], p[0]), (*side[1:], side[0]), strict=True)
    for here, a, own, there, b in following:
        if a >= -NOTHING_M:
            points.append(here)
            found.append(own if a > NOTHING_M or b > 0 else tag)
        if (a > NOTHING_M and b < -NOTHING_M) or (a < -NOTHING_M and b > NOTHING_M):
            share = a / (a - b)
            points.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
            found.append(own if b > 0 else tag)
    return tuple(points), tuple(found)


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
