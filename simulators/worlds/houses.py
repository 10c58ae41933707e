"""Houses on their plots: detached with a garden around, or in a terrace wall to wall."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.footprints import corners_in, fitted, form, frames_of, is_house
from diachron.simulators.worlds.gardens import plant_gardens
from diachron.simulators.worlds.plots import REAR, band, has_front, plots_of
from diachron.simulators.worlds.roofs import chosen, one_of, roof_on
from diachron.simulators.worlds.style import Built

Values = NDArray[np.float64]

# A house much smaller than drawn is not built: the plot stays open.
SMALLEST_SHARE = 0.45


def detached(drawing: Drawing, block: Piece, built: Built, rng: np.random.Generator) -> None:
    """Build single houses that face their street, with drives, gardens and what stands in them."""
    plots = plots_of(block, built.plot_m, built.depth_m, rng)
    fronted = [plot for plot in plots if has_front(plot)]
    for plot in plots:
        if not has_front(plot):
            drawing.lay_piece(Layer.PLOT, plot, one_of(built.garden.rear, float(rng.random())))
    if not fronted:
        return
    n = len(fronted)
    frames = frames_of(fronted, drawing.plane)
    building = built.building
    area = building.area_m2[0] * np.exp(building.area_m2[1] * np.clip(rng.normal(size=n), -2.2, 2.5))
    aspect = rng.uniform(*building.aspect, n)
    long_to_street = rng.random(n) >= building.across
    names = chosen(building.shapes, rng.random(n))
    cuts = rng.random((n, 2))
    filled = np.array([form(name, a, b)[1] for name, (a, b) in zip(names, cuts, strict=True)])
    box = area / filled
    longer, shorter = np.sqrt(box * aspect), np.sqrt(box / aspect)
    # Neighbours along a street keep about the same line.
    common = rng.uniform(*built.set_back_m)
    set_back = np.clip(common + rng.normal(0.0, 0.7, n), built.set_back_m[0], built.set_back_m[1] + 3.0)
    gap = rng.uniform(*built.gap_m, n)
    boxes = fitted(
        frames,
        set_back=set_back,
        gap=gap,
        frontage=np.where(long_to_street, longer, shorter),
        depth=np.where(long_to_street, shorter, longer),
        shift=rng.random(n) ** 0.8,
    )
    size = (boxes.s1 - boxes.s0) * (boxes.d1 - boxes.d0)
    stands = (
        boxes.sound & (size > SMALLEST_SHARE * 0.5 * box) & (size > 20.0) & (rng.random(n) >= built.empty)
    )
    stands &= boxes.s1 - boxes.s0 > 0.33 * (boxes.d1 - boxes.d0)
    storeys = chosen(building.storeys, rng.random(n))
    draws = rng.random((n, 6)).tolist()
    mirrored = (rng.random((n, 2)) < 0.5).tolist()
    seeds = drawing.seeds(n, 0).tolist()
    for k in np.flatnonzero(stands).tolist():
        box = boxes.sides[k]
        wide, deep = box[1] - box[0], box[3] - box[2]
        longer_m, shorter_m = max(wide, deep), min(wide, deep)
        along_deg = frames.along_deg(k) + (90.0 if deep > wide else 0.0)
        roof, height = roof_on(
            building,
            draws[k],
            storeys=storeys[k],
            length_m=longer_m,
            width_m=shorter_m,
            along_deg=along_deg,
            seed=seeds[k],
            turned=draws[k][5] < building.gable_to_street and longer_m < 1.5 * shorter_m,
        )
        corners = corners_in(box, names[k], cuts[k].tolist(), (mirrored[k][0], mirrored[k][1]))
        walls = frames.to_ground(k, corners)
        share = float(filled[k])
        drawing.things.append(Thing((walls,), hub.BUILDING, height, along_deg % 90.0, share, roof))
    plant_gardens(drawing, fronted, frames, boxes, stands, built, rng)


def terrace(drawing: Drawing, block: Piece, built: Built, rng: np.random.Generator) -> None:
    """Build houses from side wall to side wall, so that a street has a closed front with a few gaps."""
    plots = plots_of(block, built.plot_m, (built.depth_m[1] * 1.7, built.depth_m[1] * 2.3), rng)
    n = len(plots)
    building, garden = built.building, built.garden
    set_back = rng.uniform(*built.set_back_m)
    depths = rng.uniform(*built.depth_m, n).tolist()
    empty = rng.random(n) < built.empty
    storeys = chosen(building.storeys, rng.random(n))
    common = one_of(building.roofs, float(rng.random()))
    own_form = rng.random(n) < 0.25
    draws = rng.random((n, 6)).tolist()
    ground = rng.random((n, 3)).tolist()
    seeds = drawing.seeds(n, 0).tolist()
    houses: list[tuple[int, Piece]] = []
    for k, plot in enumerate(plots):
        patch = drawing.next_patch()
        drawing.lay_piece(Layer.PLOT, plot, one_of(garden.rear, ground[k][0]), patch=patch)
        if not has_front(plot):
            continue
        front = band(plot, 0.0, set_back)
        if front is not None and set_back > 0.5:
            drawing.lay_piece(Layer.FEATURE, front, one_of(garden.front, ground[k][1]))
        if empty[k]:
            continue
        house = band(
            plot, set_back + (0.6 * ground[k][2] if built.set_back_m[1] > 0.5 else 0.0), set_back + depths[k]
        )
        if house is not None and house.area > 22.0 and is_house(house):
            houses.append((k, house))

    def put_up(outlines: list[Values]) -> None:
        for (k, house), walls in zip(houses, outlines, strict=True):
            (ax, ay), (bx, by) = walls[:2].tolist()
            along_deg = math.degrees(math.atan2(by - ay, bx - ax))
            wide = math.dist(*house.points[:2])
            roof, height = roof_on(
                building,
                draws[k],
                storeys=storeys[k],
                length_m=wide,
                width_m=house.area / max(wide, 1.0),
                along_deg=along_deg,
                seed=seeds[k],
                form=None if own_form[k] else common,
                turned=draws[k][5] < building.gable_to_street,
            )
            share = _filled(house)
            drawing.things.append(Thing((walls,), hub.BUILDING, height, along_deg % 90.0, share, roof))

    drawing.once_placed([house.points for _, house in houses], put_up)
    with_rear = [plots[k] for k, _ in houses if REAR in plots[k].tags]
    if with_rear and garden.trees > 0.0:
        plant_rear(drawing, with_rear, built, rng)


def _filled(house: Piece) -> float:
    _, _, length, width = house.axes()
    return min(1.0, house.area / max(length * width, 1e-6))


def plant_rear(drawing: Drawing, plots: list[Piece], built: Built, rng: np.random.Generator) -> None:
    """Plant trees behind the houses of a terrace."""
    frames = frames_of(plots, drawing.plane)
    n = len(plots)
    behind = built.set_back_m[1] + built.depth_m[1] + 1.0
    boxes = fitted(
        frames,
        set_back=np.full(n, 0.5),
        gap=np.full(n, 0.5),
        frontage=np.full(n, 99.0),
        depth=np.full(n, behind),
        shift=np.zeros(n),
    )
    stands = np.ones(n, bool)
    plant_gardens(drawing, plots, frames, boxes, stands, built, rng, trees_only=True)
