"""Land outside settlements: fields, meadows, orchards, woods and heath, glasshouses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece, inset, strips
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.greens import ground_deg, inwards_edge, pond
from diachron.simulators.worlds.land import Land
from diachron.simulators.worlds.plots import SIDE
from diachron.simulators.worlds.rigid import holds, on_ground
from diachron.simulators.worlds.roofs import one_of
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.trees import row_of_trees, sow_trees

# States of arable fields in one season, in about equal parts.
ARABLE = {"crop": 0.5, "stubble": 0.25, "ploughed": 0.25}
# Fields worked in strips: width of one, metres (long strips of open-field farming are 10-40 m wide).
STRIP_M = (10.0, 38.0)
# Glasshouse bays and poly-tunnels: 8-12 m wide, 30-80 m long (usual sizes of makers).
GLASS_M = ((8.0, 12.0), (30.0, 80.0))


# Gaps of a wood: where its field of deviation 1 is larger, one place in ten.
GAP = 1.28


def arable(drawing: Drawing, block: Piece, style: Style, land: Land, rng: np.random.Generator) -> None:
    """Till a field, whole or in strips; rows run along its longer side."""
    whole = block
    along, across, _, width = block.axes()
    deg = ground_deg(drawing, block.centre, along)
    if rng.random() < 0.35 and width > 40.0:
        low, high = block.extent(across)
        places, at = [], low
        while at < high:
            at += float(rng.uniform(*STRIP_M))
            places.append(at)
        for strip in strips(block, across, places, SIDE):
            drawing.lay_piece(Layer.PLOT, strip, one_of(ARABLE, float(rng.random())), direction_deg=deg)
    else:
        margin = inset(block, [float(rng.uniform(1.5, 4.0))] * len(block.points))
        if margin is not None and rng.random() < 0.5:
            drawing.lay_piece(Layer.PLOT, block, "meadow")
            block = margin
        drawing.lay_piece(Layer.PLOT, block, one_of(ARABLE, float(rng.random())), direction_deg=deg)
        if rng.random() < 0.12:
            sow_trees(drawing, block, style.tree_kinds, rng, spacing_m=60.0, share=0.3, radius_m=(3.0, 6.0))
    _hedgerows(drawing, whole, style, rng)


def meadow(drawing: Drawing, block: Piece, style: Style, land: Land, rng: np.random.Generator) -> None:
    """Leave grass, mown or grazed, with a few trees."""
    along, _, _, width = block.axes()
    cover = one_of({"meadow": 0.75, "lawn": 0.1, "dry_grass": 0.15}, float(rng.random()))
    drawing.lay_piece(Layer.PLOT, block, cover, direction_deg=ground_deg(drawing, block.centre, along))
    sow_trees(
        drawing,
        block,
        style.tree_kinds,
        rng,
        spacing_m=24.0,
        share=float(rng.uniform(0.0, 0.25)),
        radius_m=(2.0, 5.5),
    )
    if width > 60.0 and rng.random() < 0.12:
        pond(drawing, block, rng)
    _hedgerows(drawing, block, style, rng)


def orchard(drawing: Drawing, block: Piece, style: Style, land: Land, rng: np.random.Generator) -> None:
    """Plant fruit trees in rows."""
    along, _, _, _ = block.axes()
    drawing.lay_piece(Layer.PLOT, block, "orchard", direction_deg=ground_deg(drawing, block.centre, along))
    size = float(rng.uniform(1.2, 2.6))
    sow_trees(
        drawing,
        block,
        {"broadleaf": 1.0},
        rng,
        spacing_m=2.0 * size + float(rng.uniform(1.0, 2.5)),
        share=0.94,
        radius_m=(0.8 * size, 1.1 * size),
        margin_m=size + 2.0,
        jitter=0.05,
        along=along,
    )


def wild(drawing: Drawing, block: Piece, style: Style, land: Land, rng: np.random.Generator) -> None:
    """Let wood, scrub and open grass grow as the wild level has it, with uneven edges."""
    drawing.lay_piece(Layer.PLOT, block, "forest_floor", patch=WILD_PATCH)

    def density(ground: NDArray[np.float64]) -> NDArray[np.float64]:
        level = land.wild_level(ground)
        full = np.clip(0.25 + 2.2 * level, 0.0, 0.97) * (land.gap_level(ground) < GAP)
        return np.asarray(full + np.where((level > -0.4) & (level <= 0.0), 0.06, 0.01))

    def under(ground: NDArray[np.float64]) -> NDArray[np.float64]:
        level = np.clip(0.4 + 1.5 * land.wild_level(ground), 0.0, 1.0)
        return np.asarray(level * np.where(land.gap_level(ground) < GAP, 0.3, 0.75))

    def age(ground: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.exp(0.19 * np.clip(land.stand_level(ground), -2.0, 2.0)))

    tall = float(rng.uniform(0.85, 1.2))
    sow_trees(
        drawing,
        block,
        style.tree_kinds,
        rng,
        spacing_m=5.4 * tall,
        share=1.0,
        radius_m=(1.4 * tall, 5.6 * tall),
        margin_m=0.5,
        level=density,
        scale=age,
        small=2.1,
        jitter=0.48,
    )
    # Young trees and bushes between the crowns, most of them where it is open.
    sow_trees(
        drawing,
        block,
        {"bush": 0.8, **style.tree_kinds},
        rng,
        spacing_m=4.4,
        share=0.75,
        radius_m=(0.6, 2.0),
        margin_m=0.5,
        level=under,
        small=1.6,
        jitter=0.5,
        lot=22,
    )
    sow_trees(
        drawing,
        block,
        {"bush": 1.0},
        rng,
        spacing_m=5.0,
        share=0.5,
        radius_m=(0.6, 1.8),
        level=lambda ground: np.exp(-(((land.wild_level(ground) + 0.25) / 0.25) ** 2)) * 0.5,
        lot=23,
    )


# The ground of wild pieces depends on the level at each pixel, see `rasters`.
WILD_PATCH = 2


def glass(drawing: Drawing, block: Piece, style: Style, land: Land, rng: np.random.Generator) -> None:
    """Put up rows of glasshouses or poly-tunnels, with beds beside them."""
    along, across, _, _ = block.axes()
    deg = ground_deg(drawing, block.centre, along)
    drawing.lay_piece(
        Layer.PLOT,
        block,
        one_of({"crop": 0.5, "ploughed": 0.3, "gravel": 0.2}, float(rng.random())),
        direction_deg=deg,
    )
    (w0, w1), (l0, l1) = GLASS_M
    wide, long_m = float(rng.uniform(w0, w1)), float(rng.uniform(l0, l1))
    step = wide + float(rng.uniform(1.2, 3.5))
    low, high = block.extent(across)
    start, end = block.extent(along)
    share = float(rng.uniform(0.5, 0.95))
    v = low + 5.0 + wide / 2.0
    while v < low + share * (high - low) and len(drawing.things) < 100:
        u = start + 5.0 + long_m / 2.0
        while u < end - 4.0:
            centre = (u * along[0] + v * across[0], u * along[1] + v * across[1])
            if holds(block, centre, along, long_m + 4.0, wide + 2.0):
                points, along_deg, _ = on_ground(drawing.plane, centre, along, long_m, wide)
                drawing.things.append(Thing((points,), hub.GREENHOUSE, 3.5, along_deg % 90.0, 1.0))
            u += long_m + 5.0
        v += step


def _hedgerows(drawing: Drawing, block: Piece, style: Style, rng: np.random.Generator) -> None:
    """Plant a hedge with trees along some edges."""
    for k in range(len(block.points)):
        draws = rng.random(3)
        if draws[0] > 0.3:
            continue
        a, b = inwards_edge(block, k, 1.6)
        if math.dist(a, b) < 25.0:
            continue
        row_of_trees(
            drawing,
            (a, b),
            {"bush": 0.75, "broadleaf": 0.25} if draws[1] < 0.6 else style.tree_kinds,
            rng,
            spacing_m=2.0 + 3.0 * float(draws[2]),
            radius_m=(0.9, 2.6),
            share=0.9,
        )
