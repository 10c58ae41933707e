"""The street plane, in which a town is planned straight, and the bent ground that it is laid on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.convex import Point
from diachron.simulators.worlds.keys import key_of, number_of
from diachron.simulators.worlds.noise import BOUND, several

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """A turn and a gentle bend. Ground coordinates are metres east and metres south.

    Args:
        key: of the bend.
        cosine, sine: of the turn.
        bend_m: standard deviation of the displacement along each axis.
        length_m: over which it changes.
    """

    key: int
    cosine: float
    sine: float
    bend_m: float
    length_m: float

    @property
    def reach_m(self) -> float:
        """No point moves further than this by the bend."""
        return self.bend_m * BOUND * math.sqrt(2.0)

    def to_ground(self, points: Points) -> Points:
        """Return (N, 2) points of the street plane on the ground."""
        u, v = points[:, 0], points[:, 1]
        ground = np.empty(points.shape)
        ground[:, 0] = self.cosine * u - self.sine * v
        ground[:, 1] = self.sine * u + self.cosine * v
        if self.bend_m > 0.0:
            east, south = several((self.key, self.key + 1), u, v, self.length_m)
            ground[:, 0] += self.bend_m * east
            ground[:, 1] += self.bend_m * south
        return ground

    def all_to_ground(self, outlines: Sequence[Sequence[Point]]) -> list[Points]:
        """Return several outlines of the street plane on the ground: one call for all is much cheaper."""
        if not outlines:
            return []
        ends = [0, *itertools.accumulate(len(outline) for outline in outlines)]
        chained = itertools.chain.from_iterable
        # One number after the other: an array of tuples takes several times as long.
        numbers = np.fromiter(chained(chained(outlines)), float, 2 * ends[-1])
        ground = self.to_ground(numbers.reshape(-1, 2))
        return [ground[start:end] for start, end in itertools.pairwise(ends)]

    def to_plane(self, ground: Points) -> Points:
        """Return where (N, 2) points of the ground would lie in the street plane without the bend."""
        x, y = ground[:, 0], ground[:, 1]
        return np.stack([self.cosine * x + self.sine * y, self.cosine * y - self.sine * x], axis=1)


def plane_of(style: str, seed: int, bend_m: float, length_m: float) -> Plane:
    """Return the plane of a world; worlds are turned by any angle, so that few streets run north."""
    angle = 0.5 * math.pi * number_of(key_of(seed, style, "turn"), 0, 0)
    return Plane(key_of(seed, style, "bend"), math.cos(angle), math.sin(angle), bend_m, length_m)
