"""Streets as strips of ground, drawn from the least to the most important, so that junctions join."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.place import COVER_IDS
from diachron.simulators.worlds.drawing import CROWN_KINDS, STEP_M, Crowns, joined_crowns
from diachron.simulators.worlds.keys import generator
from diachron.simulators.worlds.land import land_of
from diachron.simulators.worlds.plane import Plane
from diachron.simulators.worlds.roofs import one_of
from diachron.simulators.worlds.streets import streets_of
from diachron.simulators.worlds.style import STREET_KINDS, Style
from diachron.simulators.worlds.town_plan import CellPlan, Street
from diachron.simulators.worlds.trees import tree_height
from diachron.simulators.worlds.water import Water, water_of

Points = NDArray[np.float64]

# Ways this important cross rivers; others end at the last junction before the bank.
BRIDGED = ("rail", "collector", "arterial")
# Rivers up to this width are crossed by every way.
NARROW_M = 24.0
# Outer radius of turning circles: 9-12 m let a refuse lorry turn (usual design values).
TURNING_M = 9.5
# Trees do not stand closer to a crossing than this.
CLEAR_M = 9.0


@dataclass(frozen=True)
class Way:
    """One street between its two ends, as strips on the ground.

    Args:
        number: of the street in its cell.
        hub_class: road or rail.
        rank: position in `STREET_KINDS`; the higher covers the lower.
        cover, side_cover: ids of carriageway and side strips.
        width_m: of the carriageway.
        strips: (P, 4, 2) corners of the carriageway's pieces: left and right at the start, right and left at
            the end.
        sides: (P, 4, 2) the same with the side strips; empty for none.
        axis: (P, 2, 2) start and end of each piece's centre line.
        over_water: (P,) pieces that are bridges.
    """

    number: int
    hub_class: int
    rank: int
    cover: int
    side_cover: int
    width_m: float
    strips: Points
    sides: Points
    axis: Points
    over_water: NDArray[np.bool_]


def ways_of(style: Style, seed: int, plan: CellPlan) -> tuple[list[Way], Crowns]:
    """Return the streets of a cell that exist, and the trees along them."""
    ways: list[Way] = []
    planted: list[tuple[Street, NDArray[np.float64], NDArray[np.bool_]]] = []
    plane = land_of(style, seed).plane
    all_streets = streets_of(style, seed, plan.cell)
    streets = [street for street in all_streets if street.kind and street.length >= 1.0]
    stops = [_stops(street) for street in streets]
    if not streets:
        return ways, joined_crowns([])
    left, right, left_side, right_side, middle_line = _lines(style, streets, stops, plane)
    # Quads of all streets in one go; those from the end of one to the start of the next are taken by none.
    strips, sides = _quads(left, right), _quads(left_side, right_side)
    axis = np.stack([middle_line[:-1], middle_line[1:]], axis=1)
    kept = _kept(style, water_of(style, seed), streets, stops, middle_line)
    ends = itertools.accumulate(at.size for at in stops)
    for street, at, end, (keep, wet) in zip(streets, stops, ends, kept, strict=True):
        kind = style.streets[street.kind]
        if street.gap is not None:
            middle = 0.5 * (at[:-1] + at[1:])
            keep = keep & ((middle < street.gap[0]) | (middle > street.gap[1]))
        if not keep.any():
            continue
        own = slice(end - at.size, end - 1)
        ways.append(
            Way(
                street.number,
                hub.RAIL if street.kind == "rail" else hub.ROAD,
                STREET_KINDS.index(street.kind),
                COVER_IDS[kind.cover],
                COVER_IDS[kind.side_cover],
                kind.width_m,
                strips[own][keep],
                sides[own][keep] if kind.side_m > 0.0 else np.zeros((0, 4, 2)),
                axis[own][keep],
                wet[keep],
            )
        )
        if street.turning and street.gap is not None and keep[np.searchsorted(at, street.gap[0]) - 1]:
            turn = end - at.size + int(np.searchsorted(at, street.gap[0]))
            ways[-1] = _with_circle(ways[-1], middle_line[turn], kind.side_m)
        if kind.tree_gap_m > 0.0:
            planted.append((street, at, keep & ~wet))
    trees = _street_trees(style, planted, generator(seed, style.name, plan.cell, "street trees"))
    return ways, _on_ground(plane, trees)


def _lines(style: Style, streets: list[Street], stops: list[NDArray[np.float64]], plane: Plane) -> Points:
    """Return (5, N, 2) rims of carriageways and of side strips, and centre lines, street after street."""
    count = [at.size for at in stops]
    start = np.array([street.ends[0] for street in streets])
    run = np.array([street.ends[1] for street in streets]) - start
    length = np.array([street.length for street in streets])
    left = np.stack([-run[:, 1], run[:, 0]], axis=1) / length[:, np.newaxis]
    half = np.array([style.streets[street.kind].width_m / 2.0 for street in streets])
    full = half + np.array([style.streets[street.kind].side_m for street in streets])
    offsets = np.repeat(np.stack([half, -half, full, -full, np.zeros(half.size)]), count, axis=1)
    along = np.concatenate(stops)[:, np.newaxis] * np.repeat(run, count, axis=0)
    centres = np.repeat(start, count, axis=0) + along
    lines = centres + offsets[..., np.newaxis] * np.repeat(left, count, axis=0)
    return plane.to_ground(lines.reshape(-1, 2)).reshape(5, -1, 2)


def _stops(street: Street) -> NDArray[np.float64]:
    """Return rising shares of the length, with all junctions and no step longer than `STEP_M`."""
    marks = sorted({0.0, 1.0, *(street.gap or ()), *(min(max(m, 0.0), 1.0) for m in street.marks)})
    stops: list[float] = [0.0]
    length = street.length
    for a, b in itertools.pairwise(marks):
        steps = max(1, math.ceil((b - a) * length / STEP_M))
        stops += [a + (b - a) * k / steps for k in range(1, steps + 1)]
    return np.array(stops)


def _kept(
    style: Style,
    water: Water,
    streets: list[Street],
    stops: list[NDArray[np.float64]],
    centres: Points,
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return for each street which pieces exist and which are bridges.

    Between two junctions a street exists as a whole or not at all.
    """
    narrow = water.style.river_m is not None and water.style.river_m[1] <= NARROW_M
    if not water.exists:
        return [(np.ones(at.size - 1, bool), np.zeros(at.size - 1, bool)) for at in stops]
    count = np.array([at.size for at in stops])
    starts = np.cumsum(count) - count
    river, sea = water.distances(centres)
    wet_point = river < 1.0
    crosses = np.repeat([street.kind in BRIDGED or narrow for street in streets], count)
    margin = np.repeat([style.streets[street.kind].width_m / 2.0 + 4.0 for street in streets], count)
    bad_point = np.where(crosses, sea, np.minimum(sea, river)) < margin
    near = np.logical_or.reduceat(bad_point | wet_point, starts).tolist()
    result = []
    for street, at, start, by_water in zip(streets, stops, starts.tolist(), near, strict=True):
        if not by_water:
            result.append((np.ones(at.size - 1, bool), np.zeros(at.size - 1, bool)))
            continue
        marks = sorted({0.0, 1.0, *(m for m in street.marks if 0.0 < m < 1.0)})
        part = np.searchsorted(np.array(marks[1:-1]), 0.5 * (at[:-1] + at[1:]))
        first, second = slice(start, start + at.size - 1), slice(start + 1, start + at.size)
        bad = bad_point[first] | bad_point[second]
        drowned = np.bincount(part, weights=bad, minlength=len(marks) - 1)[part] > 0
        result.append((~drowned, (wet_point[first] | wet_point[second]) & ~drowned))
    return result


def _with_circle(way: Way, middle: NDArray[np.float64], side_m: float) -> Way:
    """Return a close with the turning circle at its end, as fans of four corners."""
    angles = np.linspace(0.0, 2.0 * math.pi, 13)
    rim = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def fan(radius: float) -> Points:
        a, b = middle + radius * rim[:-1:2], middle + radius * rim[1::2]
        return np.stack([np.broadcast_to(middle, a.shape), a, b, middle + radius * rim[2::2]], axis=1)

    circle = fan(TURNING_M)
    axis = np.stack([np.broadcast_to(middle, (len(circle), 2)), circle[:, 2]], axis=1)
    sides = fan(TURNING_M + side_m)
    return replace(
        way,
        strips=np.concatenate([way.strips, circle]),
        sides=np.concatenate([way.sides, sides]) if side_m > 0.0 else way.sides,
        axis=np.concatenate([way.axis, axis]),
        over_water=np.concatenate([way.over_water, np.zeros(len(circle), bool)]),
    )


def _quads(left: Points, right: Points) -> Points:
    return np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)


def _street_trees(
    style: Style,
    streets: list[tuple[Street, NDArray[np.float64], NDArray[np.bool_]]],
    rng: np.random.Generator,
) -> Crowns:
    """Return rows of trees in the plan, on both sides of three streets out of four, with some missing.

    Args:
        style: of the world.
        streets: with the stops of their pieces, and which of these may have trees.
        rng: of the cell.
    """
    lots: list[tuple[Points, NDArray[np.float64], NDArray[np.uint8]]] = []
    for street, at, keep in streets:
        kind = style.streets[street.kind]
        planted, wide, age, of_kind = rng.random(4).tolist()
        step = kind.tree_gap_m * (0.8 + 0.45 * wide)
        places = np.arange(CLEAR_M, street.length - CLEAR_M, step)
        if planted < 0.25 or places.size == 0:
            continue
        n = 2 * places.size
        draws = rng.random((4, n))
        s = np.concatenate([places, places]) + 0.16 * step * (draws[0] - 0.5)
        piece = np.clip(np.searchsorted(at, s / street.length, side="right") - 1, 0, keep.size - 1)
        marks = np.array([0.0, 1.0, *street.marks]) * street.length
        kept = (draws[1] < 0.82) & keep[piece] & (np.abs(s[:, np.newaxis] - marks).min(axis=1) > CLEAR_M)
        (ax, ay), (bx, by) = street.ends
        dx, dy = (bx - ax) / street.length, (by - ay) / street.length
        off = (kind.width_m / 2.0 + kind.side_m + 0.4) * np.where(np.arange(n) < places.size, 1.0, -1.0)
        radius = (2.1 + 1.3 * age) * (0.75 + 0.45 * draws[2])
        where = np.stack([ax + s * dx - off * dy, ay + s * dy + off * dx, radius, draws[3]], axis=1)
        number = CROWN_KINDS.index(one_of(style.tree_kinds, of_kind))
        lots.append((where[kept], radius[kept], np.full(int(kept.sum()), number, np.uint8)))
    if not lots:
        return joined_crowns([])
    where, radius, kinds = (np.concatenate(part) for part in zip(*lots, strict=True))
    seeds = rng.integers(0, 2**31 - 1, radius.size)
    height = tree_height(radius, kinds, where[:, 3])
    return Crowns(where[:, 0], where[:, 1], radius, height, kinds, seeds)


def _on_ground(plane: Plane, crowns: Crowns) -> Crowns:
    ground = plane.to_ground(np.stack([crowns.x, crowns.y], axis=1))
    return replace(crowns, x=ground[:, 0], y=ground[:, 1])
