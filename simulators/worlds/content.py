"""Everything of a world that reaches into a window, gathered in an order that no window changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import GridError
from diachron.simulators.worlds.blocks import drawn_blocks
from diachron.simulators.worlds.drawing import Crowns, Drawing, Thing, boxes_of, joined_crowns
from diachron.simulators.worlds.land import land_of
from diachron.simulators.worlds.outlines import block_boxes, cell_boxes
from diachron.simulators.worlds.streets import plan_of
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.town_plan import MOST_BLOCKS
from diachron.simulators.worlds.ways import Way, ways_of

# An id holds five bits of each number of the cell, seven of the block and seven of the object in it, 24 in
# all: few enough for tables by id, and exact in float32.
CELL_BITS, BLOCK_BITS, OBJECT_BITS = 5, 7, 7
MOST_CELLS = 2**CELL_BITS - 2
# What stands outside a window reaches into it by less than this: crowns, and blocks beside their outline.
BESIDE_M = 8.0
# Nothing of a cell lies further than this outside of it: half of its widest road, turning circles, crowns.
OUTSIDE_M = 24.0


@dataclass(frozen=True)
class Content:
    """Vectors of a window.

    Args:
        ways: streets with their object ids.
        drawings: of blocks.
        things: objects with their ids.
        boxes_m: (N, 4) west, north, east and south edge of each.
        crowns: of all trees and bushes that may reach in.
    """

    ways: tuple[tuple[int, Way], ...]
    drawings: tuple[Drawing, ...]
    things: tuple[tuple[int, Thing], ...]
    boxes_m: NDArray[np.float64]
    crowns: Crowns


def id_of(cell: tuple[int, int], block: int, number: int) -> int:
    """Return the object id of the n-th object of a block; it repeats after `2**CELL_BITS` cells."""
    mask = 2**CELL_BITS - 1
    return (((cell[0] & mask) << CELL_BITS | (cell[1] & mask)) << BLOCK_BITS | block) << OBJECT_BITS | number


@lru_cache(maxsize=256)
def _ways(style: Style, seed: int, cell: tuple[int, int]) -> tuple[tuple[Way, ...], Crowns]:
    ways, trees = ways_of(style, seed, plan_of(style, seed, cell))
    return tuple(ways), trees


def content_of(style: Style, seed: int, box_m: tuple[float, float, float, float]) -> Content:
    """Return what reaches into a box.

    Args:
        style, seed: of the world.
        box_m: west, north, east, south edge, metres east and south.

    Raises:
        GridError: the box is so large that ids would repeat.
    """
    ways: list[tuple[int, Way]] = []
    wanted: list[tuple[tuple[int, int], int]] = []
    crowns: list[Crowns] = []
    for cell, near in _cells_near(style, seed, box_m):
        cell_ways, trees = _ways(style, seed, cell)
        crowns.append(trees)
        for way in cell_ways:
            ways.append((id_of(cell, MOST_BLOCKS + (way.number >> OBJECT_BITS), way.number & 127), way))
        wanted += [(cell, number) for number in near]
    drawings = drawn_blocks(style, seed, wanted)
    things: list[tuple[int, Thing]] = []
    for (cell, number), drawing in zip(wanted, drawings, strict=True):
        crowns += drawing.crowns
        things += enumerate(drawing.things[: 2**OBJECT_BITS - 1], start=id_of(cell, number, 1))
    boxes = boxes_of([thing.rings[0] for _, thing in things])
    inside = _boxes_near(boxes, box_m, 0.0)
    kept = tuple(itertools.compress(things, inside.tolist()))
    return Content(tuple(ways), tuple(drawings), kept, boxes[inside], _near(joined_crowns(crowns), box_m))


def built_up(style: Style, seed: int, box_m: tuple[float, float, float, float]) -> list[Thing]:
    """Return what stands on the blocks near a box that may hold a building, in the order of `content_of`.

    Args:
        style, seed, box_m: as of `content_of`.

    Raises:
        GridError: the box is so large that ids would repeat.
    """
    wanted: list[tuple[tuple[int, int], int]] = []
    for cell, near in _cells_near(style, seed, box_m):
        blocks = plan_of(style, seed, cell).blocks
        wanted += [(cell, k) for k in near if blocks[k].built and not blocks[k].square]
    drawings = drawn_blocks(style, seed, wanted)
    return [thing for drawing in drawings for thing in drawing.things[: 2**OBJECT_BITS - 1]]


def _cells_near(
    style: Style, seed: int, box_m: tuple[float, float, float, float]
) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Yield the cells that reach into a box, and the numbers of their blocks that do."""
    plane = land_of(style, seed).plane
    west, north, east, south = box_m
    corners = plane.to_plane(np.array([[west, north], [east, north], [east, south], [west, south]]))
    reach = plane.reach_m + BESIDE_M
    low = np.floor((corners.min(axis=0) - reach) / style.cell_m - 1.0 - style.jitter).astype(int)
    high = np.ceil((corners.max(axis=0) + reach) / style.cell_m + style.jitter).astype(int)
    if (high - low > MOST_CELLS + 2).any():
        raise GridError(
            f"world '{style.name}': a window of {east - west:.0f} x {south - north:.0f} m is larger than "
            f"{MOST_CELLS * style.cell_m:.0f} m, after which object ids repeat; take smaller windows"
        )
    cells = list(itertools.product(range(low[0], high[0] + 1), range(low[1], high[1] + 1)))
    reached = _boxes_near(cell_boxes(style, seed, cells), box_m, OUTSIDE_M).tolist()
    for cell in itertools.compress(cells, reached):
        near = _boxes_near(block_boxes(style, seed, cell), box_m, BESIDE_M)
        yield cell, np.flatnonzero(near).tolist()


def _boxes_near(
    boxes: NDArray[np.float64], box_m: tuple[float, float, float, float], margin_m: float
) -> NDArray[np.bool_]:
    west, north, east, south = box_m
    near: NDArray[np.bool_] = (
        (boxes[:, 2] > west - margin_m)
        & (boxes[:, 0] < east + margin_m)
        & (boxes[:, 3] > north - margin_m)
        & (boxes[:, 1] < south + margin_m)
    )
    return near


def _near(crowns: Crowns, box_m: tuple[float, float, float, float]) -> Crowns:
    """Return the crowns that reach into a box, the lower first: the higher covers it."""
    west, north, east, south = box_m
    r = crowns.radius_m
    kept = (crowns.x + r > west) & (crowns.x - r < east) & (crowns.y + r > north) & (crowns.y - r < south)
    chosen = crowns.taken(kept)
    return chosen.taken(np.lexsort((chosen.y, chosen.x, chosen.height_m)))
