"""What must not stand in one another: objects, turning circles, trees and walls, water."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.drawing import Crowns, Drawing, Thing, joined_crowns, polygons_of
from diachron.simulators.worlds.land import land_of
from diachron.simulators.worlds.outlines import outlines_of
from diachron.simulators.worlds.streets import plan_of
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.trees import OVERHANG
from diachron.simulators.worlds.water import Water, water_of

# Buildings and stems stand this far from water at least, metres.
DRY_M = 3.0
# Water that does not come this near to the outline of a block does not reach into it.
FAR_M = 120.0
# Radius kept free of a turning circle, with its pavement.
CIRCLE_M = 12.0
# On bent ground the two sides of a shared wall differ by millimetres.
WALL_M2 = 0.3
# Objects that a tree does not stand in.
SOLID = (hub.BUILDING, hub.GREENHOUSE, hub.POOL)


@dataclass(frozen=True)
class Standing:
    """What stands on a block, on the ground.

    Args:
        cell, number: of the block.
        drawing: of the block; what must go is taken from it.
    """

    cell: tuple[int, int]
    number: int
    drawing: Drawing


def set_apart(blocks: Sequence[Standing], style: Style, seed: int) -> None:
    """Take away from blocks what stands in water, on a turning circle, in another object or in a wall.

    Of two objects that overlap the later one goes: houses are drawn before what belongs to them. Each block
    is looked at for itself, so that it is the same in whatever company; in one go because that is much
    cheaper.
    """
    if not blocks:
        return
    cells = sorted({block.cell for block in blocks})
    cell_of = np.array([cells.index(block.cell) for block in blocks])
    things = [thing for block in blocks for thing in block.drawing.things]
    of_thing = np.repeat(np.arange(len(blocks)), [len(block.drawing.things) for block in blocks])
    crowns = joined_crowns([lot for block in blocks for lot in block.drawing.crowns])
    counts = [sum(lot.x.size for lot in block.drawing.crowns) for block in blocks]
    of_crown = np.repeat(np.arange(len(blocks)), counts)
    stays, grows = np.ones(len(things), bool), np.ones(of_crown.size, bool)
    wet = np.array([_away_from_water(style, seed, b.cell)[b.number] < FAR_M for b in blocks])
    if wet.any():
        _dry(things, crowns, wet[of_thing], wet[of_crown], stays, grows, water_of(style, seed))
    at = np.flatnonzero(stays)
    outlines = polygons_of([things[k] for k in at.tolist()])
    stems = shapely.points(crowns.x, crowns.y)
    circles = [_circles(style, seed, cell) for cell in cells]
    of_circle = np.repeat(np.arange(len(cells)), [each.size for each in circles])
    turning = np.concatenate(circles)
    if at.size:
        tree = shapely.STRtree(outlines)
        gone = _overlapping(outlines, of_thing[at], tree)
        circle, thing = tree.query(turning, predicate="intersects")
        gone[thing[of_circle[circle] == cell_of[of_thing[at[thing]]]]] = True
        solid = np.array([things[k].hub_class in SOLID for k in at.tolist()]) & ~gone
        stem, wall = tree.query(stems, predicate="dwithin", distance=crowns.radius_m * OVERHANG)
        grows[stem[solid[wall] & (of_crown[stem] == of_thing[at[wall]])]] = False
        stays[at[gone]] = False
    if turning.size:
        stem, circle = shapely.STRtree(turning).query(stems, predicate="within")
        grows[stem[cell_of[of_crown[stem]] == of_circle[circle]]] = False
    starts = np.searchsorted(of_thing, np.arange(len(blocks) + 1)).tolist()
    crowns, of_crown = crowns.taken(grows), of_crown[grows]
    ends = np.searchsorted(of_crown, np.arange(len(blocks) + 1)).tolist()
    for k, block in enumerate(blocks):
        part = slice(starts[k], starts[k + 1])
        block.drawing.things[:] = itertools.compress(things[part], stays[part].tolist())
        block.drawing.crowns[:] = [crowns.taken(slice(ends[k], ends[k + 1]))]


def _overlapping(
    things: NDArray[np.object_], block: NDArray[np.int64], tree: shapely.STRtree
) -> NDArray[np.bool_]:
    """Return which objects overlap an earlier one of their block by more than a shared wall."""
    first, second = tree.query(things, predicate="intersects")
    pairs = (first < second) & (block[first] == block[second])
    first, second = first[pairs], second[pairs]
    gone = np.zeros(things.size, bool)
    if first.size == 0:
        return gone
    much = shapely.area(shapely.intersection(things[first], things[second])) > WALL_M2
    for a, b in sorted(zip(first[much].tolist(), second[much].tolist(), strict=True)):
        gone[b] |= not gone[a]
    return gone


def _dry(
    things: Sequence[Thing],
    crowns: Crowns,
    near_thing: NDArray[np.bool_],
    near_crown: NDArray[np.bool_],
    stays: NDArray[np.bool_],
    grows: NDArray[np.bool_],
    water: Water,
) -> None:
    """Find what of the blocks near water would stand in it or too near to it."""
    which = np.flatnonzero(near_thing)
    rings = [things[k].rings[0] for k in which.tolist()]
    stems = np.stack([crowns.x[near_crown], crowns.y[near_crown]], axis=1)
    away = np.minimum(*water.distances(np.concatenate([*rings, stems])))
    corners = sum(len(ring) for ring in rings)
    if rings:
        starts = np.cumsum([0, *(len(ring) for ring in rings[:-1])])
        stays[which] = np.minimum.reduceat(away[:corners], starts) > DRY_M
    grows[near_crown] = away[corners:] > DRY_M


@lru_cache(maxsize=256)
def _away_from_water(style: Style, seed: int, cell: tuple[int, int]) -> NDArray[np.float64]:
    """Return how near water comes to the outline of each block of a cell."""
    if not water_of(style, seed).exists:
        return np.full(len(plan_of(style, seed, cell).blocks), np.inf)
    ground, starts = outlines_of(style, seed, cell)
    return np.minimum.reduceat(np.minimum(*water_of(style, seed).distances(ground)), starts)


@lru_cache(maxsize=256)
def _circles(style: Style, seed: int, cell: tuple[int, int]) -> NDArray[np.object_]:
    """Return the turning circles of a cell with what is kept free around them."""
    middles = plan_of(style, seed, cell).circles()
    if not middles:
        return np.zeros(0, dtype=object)
    circles: NDArray[np.object_] = shapely.buffer(
        shapely.points(land_of(style, seed).plane.to_ground(np.array(middles))), CIRCLE_M
    )
    return circles
