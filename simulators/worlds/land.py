"""Where there is settlement, wild land and water: smooth fields over the whole world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.convex import Piece, Point
from diachron.simulators.worlds.keys import key_of
from diachron.simulators.worlds.noise import at_point, layered, smooth
from diachron.simulators.worlds.plane import Plane, plane_of
from diachron.simulators.worlds.style import Style

Points = NDArray[np.float64]

# Length of the larger woods and heaths.
WILD_LENGTH_M = 420.0
# One way of building goes on over so far.
ZONE_LENGTH_M = 330.0
# Trees of one age stand together over so far; where one fell the wood is open over so far. By eye.
STAND_LENGTH_M, GAP_LENGTH_M = 70.0, 13.0


@dataclass(frozen=True)
class Land:
    """Fields of one world. Settlement is asked for in the street plane, all else on the ground.

    Args:
        style, seed: of the world.
        plane: from the street plane to the ground.
    """

    style: Style
    seed: int
    plane: Plane

    @cached_property
    def _built(self) -> tuple[int, float]:
        """Key of the field of settlements, and what is added to it so that their share comes out."""
        return self._key("built"), NormalDist().inv_cdf(self.style.built_share)

    def _built_at(self, point: Point) -> float:
        """Return how far inside a settlement a point of the street plane lies, above 0 inside."""
        key, more = self._built
        length = self.style.built_length_m
        return at_point(key, point[0] / length, point[1] / length) + more

    def is_built(self, point: Point) -> bool:
        """Return whether a point of the street plane belongs to a settlement."""
        return self.style.built_share >= 1.0 or self._built_at(point) > 0.0

    def touches_built(self, piece: Piece) -> bool:
        """Return whether a corner, the middle of an edge or the centre of a piece does."""
        return any(self.is_built(point) for point in _places_of(piece))

    def built_share_of(self, piece: Piece) -> float:
        """Return the share of a piece's corners, middles of edges and centre that belong to a settlement."""
        built = [self.is_built(point) for point in _places_of(piece)]
        return sum(built) / len(built)

    def zone(self, point: Point) -> float:
        """Return a number in [0, 1) that neighbours share: which way of building a street belongs to."""
        level = at_point(self._key("zone"), point[0] / ZONE_LENGTH_M, point[1] / ZONE_LENGTH_M)
        return min(max(0.5 * (1.0 + float(np.tanh(0.8 * level))), 0.0), 0.999999)

    def wild_level(self, ground: Points) -> NDArray[np.float64]:
        """Return for (N, 2) points of the ground how far inside a wood they lie, about -2 to 2."""
        level = layered(self._key("wild"), ground[:, 0], ground[:, 1], WILD_LENGTH_M, 4, 0.55)
        share = min(max(self.style.forest_share, 0.001), 0.999)
        return level + NormalDist().inv_cdf(share)

    def stand_level(self, ground: Points) -> NDArray[np.float64]:
        """Return for (N, 2) points of the ground how old the trees around are, of deviation 1."""
        return layered(self._key("stands"), ground[:, 0], ground[:, 1], STAND_LENGTH_M, 2, 0.7)

    def gap_level(self, ground: Points) -> NDArray[np.float64]:
        """Return for (N, 2) points of the ground how open a wood is there, of deviation 1."""
        return smooth(self._key("gaps"), ground[:, 0], ground[:, 1], GAP_LENGTH_M)

    def shore_level(self, ground: Points) -> NDArray[np.float64]:
        """Return for (N, 2) points of the ground what kind of shore they lie at, of deviation 1."""
        return smooth(self._key("shore"), ground[:, 0], ground[:, 1], 260.0)

    def _key(self, stage: str) -> int:
        return key_of(self.seed, self.style.name, stage)


def _places_of(piece: Piece) -> Iterator[Point]:
    """Yield the centre of a piece, its corners and the middles of its edges."""
    yield piece.centre
    yield from piece.points
    for (ax, ay), (bx, by) in zip(piece.points, (*piece.points[1:], piece.points[0]), strict=True):
        yield 0.5 * (ax + bx), 0.5 * (ay + by)


@lru_cache(maxsize=64)
def land_of(style: Style, seed: int) -> Land:
    """Return the fields of a world."""
    return Land(style, seed, plane_of(style.name, seed, style.bend_m, style.bend_length_m))
