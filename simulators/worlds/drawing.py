"""What a block or a street is made of, as vectors on the ground, before it is rastered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from diachron.core.place import COVER_IDS, Roof
from diachron.simulators.worlds.convex import Piece, Point
from diachron.simulators.worlds.keys import hashed, word_of
from diachron.simulators.worlds.plane import Plane

Points = NDArray[np.float64]

# Edges of the plan are bent in steps of this, metres.
STEP_M = 14.0
CROWN_KINDS = ("broadleaf", "conifer", "palm", "bush")


class Layer(IntEnum):
    """Order in which ground is drawn."""

    BASE = 0
    PLOT = 1
    FEATURE = 2
    DETAIL = 3
    SIDE = 4
    WAY = 10


@dataclass(frozen=True)
class Ground:
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


@dataclass(frozen=True)
class Thing:
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

    def taken(self, which: NDArray[np.generic]) -> Crowns:
        """Return some of them."""
        return Crowns(*(getattr(self, name)[which] for name in CROWN_FIELDS))


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
    _in_plan: list[int] = field(default_factory=list)

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
        self._in_plan.append(len(self.grounds))
        self.lay(layer, stepped(piece.points), cover, direction_deg=direction_deg, patch=patch)

    def settle(self) -> None:
        """Bring all pieces of the plan to the ground, in one go because that is much cheaper."""
        placed = self.plane.all_to_ground([self.grounds[k].points for k in self._in_plan])
        for k, points in zip(self._in_plan, placed, strict=True):
            self.grounds[k] = replace(self.grounds[k], points=points)
        self._in_plan.clear()


def stepped(points: Sequence[Point], step_m: float = STEP_M) -> Points:
    """Return a closed outline with points added on long edges, so that it bends with the ground."""
    line: list[Point] = []
    for k, (ax, ay) in enumerate(points):
        bx, by = points[(k + 1) % len(points)]
        steps = max(math.ceil(math.hypot(bx - ax, by - ay) / step_m), 1)
        line += [(ax + m / steps * (bx - ax), ay + m / steps * (by - ay)) for m in range(steps)]
    return np.array(line)
