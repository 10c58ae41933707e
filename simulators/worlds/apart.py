"""What must not stand in one another: objects, turning circles, trees and walls, water."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.drawing import Drawing, Thing, joined_crowns, stepped
from diachron.simulators.worlds.land import land_of
from diachron.simulators.worlds.streets import plan_of
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.trees import OVERHANG
from diachron.simulators.worlds.water import water_of

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


def set_apart(drawing: Drawing, style: Style, seed: int, cell: tuple[int, int], number: int) -> None:
    """Take away from a block what stands in water, on a turning circle, in another object or in a wall.

    Of two objects that overlap the later one goes: houses are drawn before what belongs to them.
    """
    if _away_from_water(style, seed, cell)[number] < FAR_M:
        _dry(drawing, style, seed)
    things = np.array([_outline(thing) for thing in drawing.things], dtype=object)
    kept = np.ones(things.size, bool)
    crowns = joined_crowns(drawing.crowns)
    circles = _circles(style, seed, cell)
    if things.size:
        kept &= ~_overlapping(things)
        tree = shapely.STRtree(things)
        if circles.size:
            kept[tree.query(circles, predicate="intersects")[1]] = False
        reach = crowns.radius_m * OVERHANG
        stems = shapely.points(crowns.x, crowns.y)
        stem, wall = tree.query(stems, predicate="dwithin", distance=reach)
        solid = np.array([thing.hub_class in SOLID for thing in drawing.things]) & kept
        free = np.ones(crowns.x.size, bool)
        free[stem[solid[wall]]] = False
        crowns = crowns.taken(free)
    for circle in circles:
        crowns = crowns.taken(~shapely.contains_xy(circle, crowns.x, crowns.y))
    drawing.things[:] = [thing for thing, stays in zip(drawing.things, kept, strict=True) if stays]
    drawing.crowns[:] = [crowns]


def _outline(thing: Thing) -> shapely.Polygon:
    return shapely.Polygon(thing.rings[0], thing.rings[1:])


def _overlapping(things: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which objects overlap an earlier one by more than a shared wall."""
    first, second = shapely.STRtree(things).query(things, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    much = shapely.area(shapely.intersection(things[first], things[second])) > WALL_M2
    gone = np.zeros(things.size, bool)
    for a, b in sorted(zip(first[much].tolist(), second[much].tolist(), strict=True)):
        gone[b] |= not gone[a]
    return gone


def _dry(drawing: Drawing, style: Style, seed: int) -> None:
    """Take away what would stand in water or too near to it."""
    crowns = joined_crowns(drawing.crowns)
    rings = [thing.rings[0] for thing in drawing.things]
    points = np.concatenate([*rings, np.stack([crowns.x, crowns.y], axis=1)])
    away = np.minimum(*water_of(style, seed).distances(points))
    ends = np.cumsum([0, *(len(ring) for ring in rings)])
    drawing.things[:] = [
        thing for k, thing in enumerate(drawing.things) if away[ends[k] : ends[k + 1]].min() > DRY_M
    ]
    drawing.crowns[:] = [crowns.taken(away[ends[-1] :] > DRY_M)]


@lru_cache(maxsize=256)
def _away_from_water(style: Style, seed: int, cell: tuple[int, int]) -> NDArray[np.float64]:
    """Return how near water comes to the outline of each block of a cell."""
    blocks = plan_of(style, seed, cell).blocks
    if not water_of(style, seed).exists:
        return np.full(len(blocks), np.inf)
    outlines: Sequence[NDArray[np.float64]] = [stepped(block.piece.points) for block in blocks]
    ground = land_of(style, seed).plane.to_ground(np.concatenate(outlines))
    away = np.minimum(*water_of(style, seed).distances(ground))
    starts = np.cumsum([0, *(len(outline) for outline in outlines)])[:-1]
    return np.minimum.reduceat(away, starts)


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
