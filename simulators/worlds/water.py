"""Rivers and the sea: level sets of smooth fields, so that they go on from window to window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.keys import key_of
from diachron.simulators.worlds.noise import layered, several, smooth
from diachron.simulators.worlds.style import Style

Points = NDArray[np.float64]
Values = NDArray[np.float64]

# Step of the differences that turn a level into a distance.
SLOPE_STEP_M = 2.0
# Where a field is flatter than this a level says nothing about distance.
FLATTEST = 0.25
FAR_M = 1e6
# Coasts: larger bays, and rocks and coves on them.
COAST_LENGTH_M = 950.0
# A river bends over about six to twelve of its widths (Leopold and Wolman 1960); the fine field adds bends.
MEANDER_LENGTH_M = 240.0
MEANDER_M = 38.0


@dataclass(frozen=True)
class Water:
    """Water of one world."""

    style: Style
    seed: int

    @property
    def exists(self) -> bool:
        """Whether the style has any."""
        return self.style.river_m is not None or self.style.sea_share > 0.0

    def distances(self, ground: Points) -> tuple[Values, Values]:
        """Return for (N, 2) points how far the bank of a river and the shore of the sea are, metres.

        Negative inside the water; good to some per cent near the shore and rough far from it.
        """
        return self.river_distance(ground), self.sea_distance(ground)

    def river_distance(self, ground: Points) -> Values:
        """Return metres to the bank of the nearest river, negative in it."""
        x, y = ground[:, 0], ground[:, 1]
        if self.style.river_m is None:
            return np.full(x.shape, FAR_M)
        low, high = self.style.river_m
        wide = low + (high - low) * 0.5 * (1.0 + np.tanh(smooth(self._key("width"), x, y, 900.0)))
        return np.abs(_distance(self._course, x, y, self.style.river_length_m)) - wide / 2.0

    def sea_distance(self, ground: Points) -> Values:
        """Return metres to the shore, negative in the sea."""
        if self.style.sea_share == 0.0:
            return np.full(ground.shape[0], FAR_M)
        return _distance(self._shore, ground[:, 0], ground[:, 1], COAST_LENGTH_M)

    def _course(self, x: Values, y: Values) -> Values:
        """The middle of rivers is where this is 0."""
        key = self._key("meander")
        bend, shift = several((key, key + 1), x, y, MEANDER_LENGTH_M)
        return smooth(
            self._key("river"), x + MEANDER_M * bend, y + MEANDER_M * shift, self.style.river_length_m
        )

    def _shore(self, x: Values, y: Values) -> Values:
        level = layered(self._key("sea"), x, y, COAST_LENGTH_M, 5, 0.38)
        return level - NormalDist().inv_cdf(self.style.sea_share)

    def _key(self, stage: str) -> int:
        return key_of(self.seed, self.style.name, stage)


def _distance(field: Callable[[Values, Values], Values], x: Values, y: Values, length: float) -> Values:
    """Return a field over its slope: metres to where it is 0, with its sign."""
    step = SLOPE_STEP_M
    here, right, down = np.split(field(np.concatenate([x, x + step, x]), np.concatenate([y, y, y + step])), 3)
    right, down = (right - here) / step, (down - here) / step
    slope = np.maximum(np.sqrt(right * right + down * down), FLATTEST / length)
    distance: Values = here / slope
    return distance


@lru_cache(maxsize=64)
def water_of(style: Style, seed: int) -> Water:
    """Return the water of a world."""
    return Water(style, seed)
