"""Works: large halls on hard ground, with an office, car parks and yards for lorries."""

from __future__ import annotations

import numpy as np

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece, inset
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.footprints import corners_in, fitted, form, frames_of
from diachron.simulators.worlds.greens import inwards_edge
from diachron.simulators.worlds.plots import has_front, plots_of
from diachron.simulators.worlds.roofs import chosen, one_of, roof_on
from diachron.simulators.worlds.style import Built
from diachron.simulators.worlds.trees import row_of_trees, scatter_trees

# Least depth of a car park before a hall: one row of bays and the aisle.
PARKING_M = 11.0


def halls(drawing: Drawing, block: Piece, built: Built, rng: np.random.Generator) -> None:
    """Build one hall on each plot, sized to it, and lay out the ground around."""
    plots = plots_of(block, built.plot_m, built.depth_m, rng)
    building, garden = built.building, built.garden
    for plot in plots:
        cover = one_of(garden.rear, float(rng.random()))
        drawing.lay_piece(Layer.PLOT, plot, one_of(garden.front, float(rng.random())))
        yard = inset(plot, [float(rng.uniform(1.0, 5.0))] * len(plot.points))
        if yard is not None and not rng.random() < built.empty:
            drawing.lay_piece(Layer.FEATURE, yard, cover)
    fronted = [plot for plot in plots if has_front(plot)]
    if not fronted:
        return
    n = len(fronted)
    frames = frames_of(fronted, drawing.plane)
    area = building.area_m2[0] * np.exp(building.area_m2[1] * np.clip(rng.normal(size=n), -2.0, 2.2))
    # Firms build to their plot.
    area *= np.clip(np.array([plot.area for plot in fronted]) / (2.2 * building.area_m2[0]), 0.5, 2.5)
    aspect = rng.uniform(*building.aspect, n)
    across = rng.random(n) < building.across
    names = chosen(building.shapes, rng.random(n))
    cuts = rng.random((n, 2))
    longer, shorter = np.sqrt(area * aspect), np.sqrt(area / aspect)
    set_back = rng.uniform(*built.set_back_m, n)
    boxes = fitted(
        frames,
        set_back=set_back,
        gap=rng.uniform(*built.gap_m, n),
        frontage=np.where(across, shorter, longer),
        depth=np.where(across, longer, shorter),
        shift=rng.random(n),
    )
    stands = (
        boxes.sound & ((boxes.s1 - boxes.s0) * (boxes.d1 - boxes.d0) > 120.0) & (rng.random(n) >= built.empty)
    )
    storeys = chosen(building.storeys, rng.random(n))
    draws = rng.random((n, 10)).tolist()
    seeds = drawing.seeds(n, 0).tolist()
    for k in np.flatnonzero(stands).tolist():
        low, high, near, far = boxes.sides[k]
        wide, deep = high - low, far - near
        street_deg = frames.along_deg(k)
        along_deg = street_deg + (90.0 if deep > wide else 0.0)
        roof, height = roof_on(
            building,
            draws[k],
            storeys=storeys[k],
            length_m=max(wide, deep),
            width_m=min(wide, deep),
            along_deg=along_deg,
            seed=seeds[k],
        )
        filled = form(names[k], *cuts[k].tolist())[1]
        mirrored = (draws[k][6] < 0.5, draws[k][7] < 0.5)
        walls = frames.to_ground(k, corners_in(boxes.sides[k], names[k], cuts[k].tolist(), mirrored))
        drawing.things.append(Thing((walls,), hub.BUILDING, height, along_deg % 90.0, filled, roof))
        if set_back[k] > PARKING_M + 1.0 and draws[k][8] < garden.drive:
            end = float(set_back[k]) - 1.5
            corners = [(low, 2.5), (high, 2.5), (high, end), (low, end)]
            drawing.lay(Layer.DETAIL, frames.to_ground(k, corners), "asphalt", direction_deg=street_deg)
    for k in range(len(block.points)):
        if rng.random() < 0.7:
            row_of_trees(
                drawing,
                inwards_edge(block, k, 2.2),
                garden.tree_kinds,
                rng,
                spacing_m=float(rng.uniform(6.0, 14.0)),
                radius_m=(garden.crown_m[0], garden.crown_m[1] * 0.8),
                share=0.75,
            )
    scatter_trees(drawing, block, garden, rng, count=garden.trees * block.area / 2000.0)
