"""The plan of one cell of the road lattice, as data: streets, and the blocks between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from diachron.simulators.worlds.convex import Piece, Point

# Tags of the lattice roads around a cell, in the order of its corners.
LATTICE_TAGS = (-1, -2, -3, -4)
# Most blocks and streets of a cell: their numbers have seven bits in the ids of objects.
MOST_BLOCKS = 124
MOST_STREETS = 250


@dataclass
class Street:
    """A straight street of the plan.

    Args:
        number: in its cell.
        ends: its two ends, on the centre lines of what it meets.
        kind: of `STREET_KINDS`; '' for a border without a way.
        marks: shares of its length at which other streets meet it.
        gap: shares of its length between which there is no way: a square, or what lies behind a close.
        turning: whether it ends in a turning circle where the gap begins.
    """

    number: int
    ends: tuple[Point, Point]
    kind: str
    marks: list[float] = field(default_factory=list)
    gap: tuple[float, float] | None = None
    turning: bool = False

    @property
    def length(self) -> float:
        """Metres in the plan."""
        return math.dist(*self.ends)

    def mark(self, point: Point) -> None:
        """Note where another street meets it."""
        self.marks.append(self.share(point))

    def share(self, point: Point) -> float:
        """Return the share of its length at which a point of it lies."""
        (ax, ay), (bx, by) = self.ends
        square = (bx - ax) ** 2 + (by - ay) ** 2
        return ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / square

    def open_at(self, point: Point) -> None:
        """End the way at the junctions next to a point: a square lies between them."""
        middle = self.share(point)
        before = max((m for m in self.marks if m < middle - 1e-3), default=0.0)
        behind = min((m for m in self.marks if m > middle + 1e-3), default=1.0)
        if before > 0.0 or behind < 1.0:
            self.gap = (before if middle > 1e-3 else 0.0, behind if middle < 0.999 else 1.0)


@dataclass(frozen=True)
class Block:
    """A piece of land between streets, up to their centre lines.

    Args:
        number: in its cell.
        piece: its outline.
        built: whether it belongs to a settlement.
        square: whether it is part of a square in the middle of a town.
    """

    number: int
    piece: Piece
    built: bool
    square: bool


@dataclass(frozen=True)
class CellPlan:
    """Streets and blocks of one cell; the cell owns the lattice roads that start at its first corner.

    Args:
        cell: its numbers.
        streets: of its inside, then its own two lattice roads.
        blocks: in order of their numbers.
        rim: kinds of the four lattice roads around it.
        rim_points: where its streets meet each of them.
    """

    cell: tuple[int, int]
    streets: tuple[Street, ...]
    blocks: tuple[Block, ...]
    rim: tuple[str, str, str, str]
    rim_points: tuple[tuple[Point, ...], ...]

    def circles(self) -> list[Point]:
        """Return the middles of turning circles."""
        found = []
        for street in self.streets:
            if street.turning and street.gap is not None:
                (ax, ay), (bx, by) = street.ends
                found.append((ax + street.gap[0] * (bx - ax), ay + street.gap[0] * (by - ay)))
        return found

    def kind_of(self, tag: int) -> str:
        """Return the kind of the street that an edge of a block lies on."""
        return self.rim[-tag - 1] if tag < 0 else self.streets[tag].kind
