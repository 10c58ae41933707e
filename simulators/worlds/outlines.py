"""Outlines of the blocks of a cell on the ground, and where the cell itself lies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.drawing import boxes_from, boxes_of, stepped
from diachron.simulators.worlds.land import land_of
from diachron.simulators.worlds.streets import corners_of, plan_of
from diachron.simulators.worlds.style import Style

Values = NDArray[np.float64]


@lru_cache(maxsize=256)
def outlines_of(style: Style, seed: int, cell: tuple[int, int]) -> tuple[Values, NDArray[np.int64]]:
    """Return (N, 2) points of the outlines of all blocks, metres east and south, and where each begins."""
    lines = [stepped(block.piece.points) for block in plan_of(style, seed, cell).blocks]
    starts = np.cumsum([0, *(len(line) for line in lines)])[:-1]
    ground = land_of(style, seed).plane.all_to_ground([[point for line in lines for point in line]])[0]
    return ground, starts


@lru_cache(maxsize=256)
def block_boxes(style: Style, seed: int, cell: tuple[int, int]) -> Values:
    """Return (N, 4) west, north, east and south edge of each block on the ground."""
    ground, starts = outlines_of(style, seed, cell)
    return boxes_from(ground, starts)


def cell_boxes(style: Style, seed: int, cells: Sequence[tuple[int, int]]) -> Values:
    """Return (N, 4) the same edges of whole cells, good to a metre: their plans need not be drawn."""
    rims = [stepped(corners_of(style, seed, cell)) for cell in cells]
    return boxes_of(land_of(style, seed).plane.all_to_ground(rims))
