"""The ground's elevation: gentle relief that falls towards the water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.keys import key_of
from diachron.simulators.worlds.noise import layered
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.water import water_of

Values = NDArray[np.float64]

# Length of hills.
HILL_LENGTH_M = 700.0
# Banks rise over this distance from the water's level.
BANK_M = 60.0


def elevation(style: Style, seed: int, ground: NDArray[np.float64], away: tuple[Values, Values]) -> Values:
    """Return the elevation at (N, 2) points of the ground, metres above the water.

    Args:
        style, seed: of the world.
        ground: the points.
        away: what `Water.distances` says of them.
    """
    hills = layered(key_of(seed, style.name, "hills"), ground[:, 0], ground[:, 1], HILL_LENGTH_M, 4, 0.4)
    level = 3.5 * style.relief_m + style.relief_m * hills
    if water_of(style, seed).exists:
        level *= 1.0 - np.exp(-np.maximum(np.minimum(*away), 0.0) / BANK_M)
    return level
