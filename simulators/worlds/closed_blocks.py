"""Blocks with buildings along all of their streets, around a court."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece, Point, edge_lengths, inset, strips
from diachron.simulators.worlds.convex import cut as cut_piece
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.footprints import LEAST_SIDE_M, is_house
from diachron.simulators.worlds.plots import SIDE
from diachron.simulators.worlds.roofs import one_of, roof_on
from diachron.simulators.worlds.style import Built
from diachron.simulators.worlds.trees import scatter_trees

Values = NDArray[np.float64]

# A court smaller than this is built over.
LEAST_COURT_M2 = 60.0
# Blocks up to this long may be one building around its court.
ONE_BUILDING_M = 62.0


def ring(drawing: Drawing, block: Piece, built: Built, rng: np.random.Generator) -> None:
    """Build wings along the streets, cut into houses that share their walls, around a court."""
    garden = built.garden
    drawing.lay_piece(Layer.PLOT, block, one_of(garden.front, float(rng.random())))
    set_back = float(rng.uniform(*built.set_back_m))
    outer = inset(block, [set_back] * len(block.points)) if set_back > 0.2 else block
    if outer is None or outer.area < 120.0:
        return
    depth = float(rng.uniform(*built.depth_m))
    storeys = one_of(built.building.storeys, float(rng.random()))
    _, _, length, _ = outer.axes()
    court = inset(outer, [depth] * len(outer.points))
    whole = court is not None and court.area > LEAST_COURT_M2 and length < ONE_BUILDING_M
    if whole and court is not None and rng.random() < 0.6:
        _around_court(drawing, outer, court, built, storeys, rng)
    else:
        wings, court = wings_of(outer, depth)
        for wing in wings:
            _houses(drawing, wing, built, storeys, rng)
    if court is not None and court.area > LEAST_COURT_M2:
        drawing.lay_piece(Layer.FEATURE, court, one_of(garden.rear, float(rng.random())))
        scatter_trees(drawing, court, garden, rng, count=garden.trees * court.area / 400.0)
        _rear_building(drawing, court, built, rng)


def wings_of(outer: Piece, depth: float) -> tuple[list[Piece], Piece | None]:
    """Return the strips along the edges, the longest first so that they take the corners, and what is left.

    The first edge of a wing lies on its street.
    """
    sizes = edge_lengths(outer)
    rest: Piece | None = outer
    wings: list[Piece] = []
    for k in sorted(range(len(sizes)), key=lambda k: -sizes[k]):
        if rest is None or sizes[k] < 2.0:
            continue
        a, b = outer.points[k], outer.points[(k + 1) % len(sizes)]
        inwards = (-(b[1] - a[1]) / sizes[k], (b[0] - a[0]) / sizes[k])
        done = cut_piece(rest, (a[0] + depth * inwards[0], a[1] + depth * inwards[1]), inwards, SIDE)
        if done is None:
            low = rest.extent(inwards)[0] - (a[0] * inwards[0] + a[1] * inwards[1])
            if low < depth:
                wings.append(rest)
                rest = None
            continue
        wings.append(done.behind)
        rest = done.ahead
    return wings, rest


def _houses(drawing: Drawing, wing: Piece, built: Built, storeys: int, rng: np.random.Generator) -> None:
    """Cut a wing into houses along its length."""
    along, _, length, width = wing.axes()
    if width < LEAST_SIDE_M or wing.area < 40.0:
        return
    low, high = wing.extent(along)
    count = max(1, round(length / float(rng.uniform(*built.plot_m))))
    shares = rng.uniform(0.7, 1.3, count)
    places = low + (high - low) * np.cumsum(shares)[:-1] / shares.sum()
    form = one_of(built.building.roofs, float(rng.random()))
    houses: list[tuple[Piece, list[float]]] = []
    lines: list[Sequence[Point]] = []
    for house in strips(wing, along, places.tolist(), SIDE):
        draws = rng.random(8).tolist()
        if draws[6] < built.empty or house.area < 40.0 or not is_house(house):
            continue
        houses.append((house, draws))
        lines += [house.points, _step(house, along)]

    def put_up(placed: list[Values]) -> None:
        for (house, draws), walls, ends in zip(houses, placed[::2], placed[1::2], strict=True):
            along_deg = _direction_deg(ends)
            roof, height = roof_on(
                built.building,
                draws,
                storeys=max(1, storeys + int(draws[7] < 0.25) - int(draws[7] > 0.75)),
                length_m=length / count,
                width_m=width,
                along_deg=along_deg,
                seed=int(draws[5] * 2**31),
                form=form,
            )
            _, _, long_m, wide_m = house.axes()
            share = min(1.0, house.area / (long_m * wide_m))
            drawing.things.append(Thing((walls,), hub.BUILDING, height, along_deg % 90.0, share, roof))

    drawing.once_placed(lines, put_up)


def _direction_deg(line: Values) -> float:
    """Return the direction from the first to the second point of a line, degrees."""
    (ax, ay), (bx, by) = line[:2].tolist()
    return math.degrees(math.atan2(by - ay, bx - ax))


def _step(piece: Piece, along: Point) -> tuple[Point, Point]:
    """Return a metre's step from the middle of a piece."""
    x, y = piece.centre
    return (x, y), (x + along[0], y + along[1])


def _around_court(
    drawing: Drawing, outer: Piece, court: Piece, built: Built, storeys: int, rng: np.random.Generator
) -> None:
    """Put up one building with a hole."""
    along, _, length, width = outer.axes()
    draws = rng.random(6).tolist()
    filled = (outer.area - court.area) / (length * width)

    def put_up(placed: list[Values]) -> None:
        *rings, ends = placed
        along_deg = _direction_deg(ends)
        roof, height = roof_on(
            built.building,
            draws,
            storeys=storeys,
            length_m=length,
            width_m=width,
            along_deg=along_deg,
            seed=int(draws[5] * 2**31),
            form="flat",
        )
        drawing.things.append(Thing(tuple(rings), hub.BUILDING, height, along_deg % 90.0, filled, roof))

    drawing.once_placed([outer.points, court.points, _step(outer, along)], put_up)


def _rear_building(drawing: Drawing, court: Piece, built: Built, rng: np.random.Generator) -> None:
    """Put a low building into a large court, now and then."""
    draws = rng.random(9)
    along, _, length, width = court.axes()
    if draws[6] > 0.55 or width < 16.0 or length < 20.0:
        return
    inner = inset(court, [4.0 + 3.0 * float(draws[7])] * len(court.points))
    if inner is None or inner.area < 60.0:
        return
    low, high = inner.extent(along)
    part = strips(inner, along, [low + (high - low) * (0.35 + 0.4 * float(draws[8]))], SIDE)[0]
    if part.area < 40.0 or not is_house(part):
        return
    _, _, long_m, wide_m = part.axes()
    share = min(1.0, part.area / (long_m * wide_m))

    def put_up(placed: list[Values]) -> None:
        along_deg = _direction_deg(placed[0])
        roof, height = roof_on(
            built.building,
            draws,
            storeys=1,
            length_m=long_m,
            width_m=wide_m,
            along_deg=along_deg,
            seed=int(draws[5] * 2**31),
            form="flat",
        )
        drawing.things.append(Thing((placed[0],), hub.BUILDING, height, along_deg % 90.0, share, roof))

    drawing.once_placed([part.points], put_up)
