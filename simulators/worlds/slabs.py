"""Blocks with free-standing large buildings in green or on hard ground: housing slabs, towers, schools."""

from __future__ import annotations

import numpy as np

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece, inset
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.greens import car_park
from diachron.simulators.worlds.rigid import holds, on_ground
from diachron.simulators.worlds.roofs import one_of, roof_on
from diachron.simulators.worlds.style import Built
from diachron.simulators.worlds.trees import scatter_trees

SEARCH_M = 5.0


def slabs(drawing: Drawing, block: Piece, built: Built, rng: np.random.Generator) -> None:
    """Put up buildings in parallel rows with light between them, car parks and trees."""
    building, garden = built.building, built.garden
    drawing.lay_piece(Layer.PLOT, block, one_of(garden.rear, float(rng.random())))
    along, across, _, _ = block.axes()
    if rng.random() < building.across:
        along, across = across, (-along[0], -along[1])
    open_piece = inset(block, [float(rng.uniform(*built.set_back_m))] * len(block.points))
    if open_piece is None:
        return
    low, high = open_piece.extent(across)
    deep = float(rng.uniform(*built.depth_m))
    light = float(rng.uniform(*built.gap_m))
    rows = max(1, int((high - low + light) // (deep + light)))
    slack = max(high - low - rows * deep - (rows - 1) * light, 0.0)
    light += slack / max(rows, 2)
    common = one_of(building.storeys, float(rng.random()))
    shape = one_of(building.shapes, float(rng.random()))
    for row in range(rows):
        v = low + deep / 2.0 + row * (deep + light) + (slack / 2.0 if rows == 1 else 0.0)
        _row(drawing, open_piece, (along, across), v, deep, built, (common, shape), rng)
        between = v + (deep + light) / 2.0
        if light > 14.0 and row + 1 < rows and rng.random() < garden.drive:
            start, end = open_piece.extent(along)
            middle = (start + end) / 2.0
            length, width = 0.7 * (end - start), min(light - 6.0, 17.0)
            centre = (middle * along[0] + between * across[0], middle * along[1] + between * across[1])
            if holds(block, centre, along, length, width):
                car_park(drawing, centre, along, length, width, rng)
    scatter_trees(drawing, open_piece, garden, rng, count=garden.trees * block.area / 400.0)


def _row(
    drawing: Drawing,
    piece: Piece,
    axes: tuple[tuple[float, float], tuple[float, float]],
    v: float,
    deep: float,
    built: Built,
    common: tuple[int, str],
    rng: np.random.Generator,
) -> None:
    (along, across), (storeys, shape) = axes, common
    start, end = piece.extent(along)
    u = start + float(rng.uniform(0.0, 6.0))
    while u < end - 8.0:
        length = float(rng.uniform(*built.plot_m))
        gap = float(rng.uniform(0.5, 1.0)) * built.gap_m[0]
        draws = rng.random(10)
        own = shape if draws[6] < 0.8 else one_of(built.building.shapes, float(draws[7]))
        width = deep if own == "rectangle" else deep * 1.45
        u0 = u
        if draws[8] < built.empty:
            u += length + gap
            continue
        # Where none fits, the next try begins a few steps on.
        u += SEARCH_M
        for shorter in (1.0, 0.75, 0.5):
            long_m = length * shorter
            if long_m < 7.0:
                break
            middle = u0 + long_m / 2.0
            centre = (middle * along[0] + v * across[0], middle * along[1] + v * across[1])
            if not holds(piece, centre, along, long_m, width):
                continue
            u = u0 + long_m + gap
            points, along_deg, filled = on_ground(
                drawing.plane,
                centre,
                along,
                long_m,
                width,
                shape=own,
                cuts=(float(draws[7]), float(draws[9])),
                flipped=bool(draws[9] < 0.5),
            )
            if width > long_m:
                along_deg += 90.0
            levels = max(1, storeys + int(draws[8] > 0.85) - int(draws[8] < 0.15 + built.empty))
            roof, height = roof_on(
                built.building,
                draws,
                storeys=levels,
                length_m=max(long_m, width),
                width_m=min(long_m, width),
                along_deg=along_deg,
                seed=int(draws[5] * 2**31),
            )
            drawing.things.append(Thing((points,), hub.BUILDING, height, along_deg % 90.0, filled, roof))
            _path_to(drawing, centre, along, across, width, rng)
            break


def _path_to(
    drawing: Drawing,
    centre: tuple[float, float],
    along: tuple[float, float],
    across: tuple[float, float],
    width: float,
    rng: np.random.Generator,
) -> None:
    """Pave a strip along the long side of a slab."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    off = side * (width / 2.0 + 2.2)
    middle = (centre[0] + off * across[0], centre[1] + off * across[1])
    points, along_deg, _ = on_ground(drawing.plane, middle, along, float(rng.uniform(18.0, 34.0)), 2.2)
    drawing.lay(Layer.FEATURE, points, "paving", direction_deg=along_deg)
