"""What a block or a street is made of, as vectors on the ground, before it is rastered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from diachron.core.place import COVER_IDS, Roof
from diachron.simulators.worlds.convex import Piece, Point
from diachron.simulators.worlds.keys import hashed, word_of
from diachron.simulators.worlds.plane import Plane

Points = NDArray[np.float64]

# Edges of the plan are bent in steps of this, metres.
STEP_M = 14.0
CROWN_KINDS = ("broadleaf", "conifer", "palm", "bush")
# Stands for an outline that is still in the plan.
_NOWHERE = np.zeros((0, 2))


class Layer(IntEnum):
    """Order in which ground is drawn."""

    BASE = 0
    PLOT = 1
    FEATURE = 2
    DETAIL = 3
    SIDE = 4
    WAY = 10


class Ground(NamedTuple):
    """A piece of one kind of ground.

    Args:
        layer: when it is drawn.
        points: (n, 2) corners on the ground.
        cover: id of its kind.
        direction_deg: of rows, in [0, 180); NaN for none.
        patch: number of the field, garden ... that it belongs to.
    """

    layer: int
    points: Points
    cover: int
    direction_deg: float
    patch: int


class Thing(NamedTuple):
    """An object that stands on the ground, but for streets.

    Args:
        rings: outline and holes, (n, 2) corners on the ground.
        hub_class: of `core.hub.OBJECTS`.
        height_m: drawn into the height map: of a building eaves and half of the rise.
        orientation_deg: of its longest walls, in [0, 90).
        fill: share of its box that it fills.
        roof: of a building.
    """

    rings: tuple[Points, ...]
    hub_class: int
    height_m: float
    orientation_deg: float
    fill: float
    roof: Roof | None = None


@dataclass(frozen=True)
class Crowns:
    """Trees and bushes; all arrays are (N,).

    Args:
        x, y: metres east and south.
        radius_m, height_m: of each.
        kind: positions in `CROWN_KINDS`.
        seed: of form and colour.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    kind: NDArray[np.uint8]
    seed: NDArray[np.int64]

    def taken(self, which: NDArray[np.generic] | slice) -> Crowns:
        """Return some of them."""
        return Crowns(*(getattr(self, name)[which] for name in CROWN_FIELDS))


def boxes_of(rings: Sequence[Points]) -> Points:
    """Return (N, 4) west, north, east and south edge of outlines, metres east and south."""
    if not rings:
        return np.zeros((0, 4))
    return boxes_from(np.concatenate(rings), np.cumsum([0, *(len(ring) for ring in rings[:-1])]))


def boxes_from(points: Points, starts: NDArray[np.int64]) -> Points:
    """Return the same of outlines whose (N, 2) points follow one another, given where each begins."""
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    return np.concatenate([low, high], axis=1)


def polygons_of(things: Sequence[Thing], *, north: bool = False) -> NDArray[np.object_]:
    """Return (N,) polygons of things, all in one go because that is much cheaper.

    Args:
        things: to be outlined.
        north: the second coordinate is metres north, not south.
    """
    if not things:
        return np.zeros(0, dtype=object)
    rings = [ring for thing in things for ring in thing.rings]
    points = np.concatenate(rings)
    if north:
        points = points * np.array([1.0, -1.0])
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    of_thing = np.repeat(np.arange(len(things)), [len(thing.rings) for thing in things])
    polygons: NDArray[np.object_] = shapely.polygons(
        shapely.linearrings(points, indices=of_ring), indices=of_thing
    )
    return polygons


def outlined(rings: Sequence[Points]) -> list[shapely.Polygon]:
    """Return polygons without holes, given by their corners, in one go because that is much cheaper."""
    if not rings:
        return []
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    polygons: list[shapely.Polygon] = shapely.polygons(
        shapely.linearrings(np.concatenate(rings), indices=of_ring)
    ).tolist()
    return polygons


CROWN_FIELDS = ("x", "y", "radius_m", "height_m", "kind", "seed")


def joined_crowns(parts: Sequence[Crowns]) -> Crowns:
    """Return all crowns of several lots."""
    if not parts:
        return Crowns(*(np.zeros(0, dtype) for dtype in (float, float, float, float, np.uint8, np.int64)))
    return Crowns(*(np.concatenate([getattr(part, name) for part in parts]) for name in CROWN_FIELDS))


@dataclass
class Drawing:
    """Collects what a block is made of.

    Args:
        plane: from the plan to the ground.
        key: of patches and seeds of this block.
    """

    plane: Plane
    key: int
    grounds: list[Ground] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    crowns: list[Crowns] = field(default_factory=list)
    _patches: int = 0
    _planted: list[Crowns] = field(default_factory=list)
    _in_plan: list[tuple[int, list[Point]]] = field(default_factory=list)
    _waiting: list[tuple[list[Sequence[Point]], Callable[[list[Points]], None]]] = field(default_factory=list)

    def next_patch(self) -> int:
        """Return a new number for a piece of ground."""
        self._patches += 1
        return word_of(self.key, self._patches, 0) >> 33

    def seeds(self, count: int, lot: int) -> NDArray[np.int64]:
        """Return seeds of things of a lot."""
        return (hashed(self.key, np.arange(count), lot + 1) >> np.uint64(33)).astype(np.int64)

    def lay(
        self,
        layer: Layer,
        points: Points,
        cover: str,
        *,
        direction_deg: float = float("nan"),
        patch: int | None = None,
    ) -> None:
        """Add a piece of ground whose corners are on the ground already."""
        number = self.next_patch() if patch is None else patch
        self.grounds.append(Ground(int(layer), points, COVER_IDS[cover], direction_deg % 180.0, number))

    def lay_piece(
        self,
        layer: Layer,
        piece: Piece,
        cover: str,
        *,
        direction_deg: float = float("nan"),
        patch: int | None = None,
    ) -> None:
        """Add a piece of the plan as ground."""
        self._in_plan.append((len(self.grounds), stepped(piece.points)))
        self.lay(layer, _NOWHERE, cover, direction_deg=direction_deg, patch=patch)

    def plant(
        self,
        places: Points,
        radius_m: NDArray[np.float64],
        height_m: NDArray[np.float64],
        kind: NDArray[np.uint8],
        seed: NDArray[np.int64],
    ) -> None:
        """Add trees at (N, 2) places of the plan."""
        self._planted.append(Crowns(places[:, 0], places[:, 1], radius_m, height_m, kind, seed))

    def once_placed(self, lines: list[Sequence[Point]], build: Callable[[list[Points]], None]) -> None:
        """Have `build` called with lines of the plan once they lie on the ground, as `settle` does.

        Args:
            lines: corners or ends.
            build: gets (n, 2) points of each line; whoever asked first is called first.
        """
        self._waiting.append((lines, build))

    @property
    def settled(self) -> bool:
        """Whether all of it lies on the ground."""
        return not self._in_plan and not self._planted and not self._waiting


def settle(drawings: Sequence[Drawing]) -> None:
    """Bring all that is in the plan to the ground, in one go because that is much cheaper."""
    if not drawings:
        return
    plane = drawings[0].plane
    waiting = [each for drawing in drawings for each in drawing._waiting]
    pieces = [line for drawing in drawings for _, line in drawing._in_plan]
    placed = iter(plane.all_to_ground([*pieces, *(line for lines, _ in waiting for line in lines)]))
    trees = joined_crowns([lot for drawing in drawings for lot in drawing._planted])
    stems = plane.to_ground(np.stack([trees.x, trees.y], axis=1))
    trees = replace(trees, x=stems[:, 0], y=stems[:, 1])
    end = 0
    for drawing in drawings:
        for (k, _), points in zip(drawing._in_plan, placed, strict=False):
            drawing.grounds[k] = drawing.grounds[k]._replace(points=points)
        drawing._in_plan.clear()
        start, end = end, end + sum(lot.x.size for lot in drawing._planted)
        if end > start:
            drawing.crowns.append(trees.taken(slice(start, end)))
        drawing._planted.clear()
        drawing._waiting.clear()
    for lines, build in waiting:
        build(list(itertools.islice(placed, len(lines))))


def stepped(points: Sequence[Point], step_m: float = STEP_M) -> list[Point]:
    """Return a closed outline with points added on long edges, so that it bends with the ground."""
    line: list[Point] = []
    ax, ay = points[0]
    for bx, by in (*points[1:], points[0]):
        line.append((ax, ay))
        dx, dy = bx - ax, by - ay
        steps = math.ceil(math.hypot(dx, dy) / step_m)
        for m in range(1, steps):
            share = m / steps
            line.append((ax + share * dx, ay + share * dy))
        ax, ay = bx, by
    return line
