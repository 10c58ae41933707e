"""Trees that grow on ground which was something else: young ones on a jittered lattice of the world."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.place import COVER_IDS
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.noise import hashed, uniform

# Columns of a table of crowns: place of the stem in fine pixels, size, number of the kind, seed.
CROWN_FIELDS = ("row", "col", "radius_m", "height_m", "kind", "seed")
# Planted stands are 3-5 m apart once thinned for the first time (forestry handbooks; recalled).
SPACING_M = 4.0
RADIUS_M = (1.4, 2.6)
HEIGHT_M = (4.0, 9.0)


def new_trees(
    frame: Frame, seed: int, other_ground: NDArray[np.bool_], cover: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return (N, 6) crowns on changed ground that has become forest.

    Args:
        frame: of the window.
        seed: of the world.
        other_ground: (h, w) ground that differs from the model's.
        cover: (h, w) as it is now.
    """
    grove = other_ground & (cover == COVER_IDS["forest_floor"])
    if not grove.any():
        return np.zeros((0, len(CROWN_FIELDS)))
    south, east = frame.south_m, frame.east_m
    rows = np.arange(np.floor(south[0] / SPACING_M), np.floor(south[-1] / SPACING_M) + 1).astype(np.int64)
    cols = np.arange(np.floor(east[0] / SPACING_M), np.floor(east[-1] / SPACING_M) + 1).astype(np.int64)
    i, j = (part.ravel() for part in np.meshgrid(rows, cols, indexing="ij"))
    jitter = [uniform(seed, i, j, number) for number in range(31, 35)]
    row = ((i + 0.15 + 0.7 * jitter[0]) * SPACING_M) / frame.step_m - frame.top
    col = ((j + 0.15 + 0.7 * jitter[1]) * SPACING_M) / frame.step_m - frame.left
    inside = (row >= 0) & (row < frame.shape[0]) & (col >= 0) & (col < frame.shape[1])
    inside[inside] = grove[row[inside].astype(int), col[inside].astype(int)]
    radius = RADIUS_M[0] + (RADIUS_M[1] - RADIUS_M[0]) * jitter[2]
    height = HEIGHT_M[0] + (HEIGHT_M[1] - HEIGHT_M[0]) * jitter[3]
    number = (hashed(seed, i, j, 35) & np.uint64(0xFFFFFFFF)).astype(np.float64)
    return np.stack([row, col, radius, height, np.zeros(len(i)), number], axis=1)[inside]
