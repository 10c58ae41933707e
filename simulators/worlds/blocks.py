"""What stands in one block, drawn from the block's own stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from diachron.simulators.worlds.apart import Standing, set_apart
from diachron.simulators.worlds.closed_blocks import ring
from diachron.simulators.worlds.convex import Piece, inset
from diachron.simulators.worlds.countryside import arable, glass, meadow, orchard, wild
from diachron.simulators.worlds.drawing import Drawing, Layer, settle
from diachron.simulators.worlds.greens import park, parking, sports, square, waste
from diachron.simulators.worlds.halls import halls
from diachron.simulators.worlds.houses import detached, terrace
from diachron.simulators.worlds.keys import generator, key_of
from diachron.simulators.worlds.land import Land, land_of
from diachron.simulators.worlds.packed import packed
from diachron.simulators.worlds.roofs import one_of
from diachron.simulators.worlds.slabs import slabs
from diachron.simulators.worlds.streets import plan_of
from diachron.simulators.worlds.style import Built, Style
from diachron.simulators.worlds.town_plan import CellPlan

Layout = Callable[[Drawing, Piece, Built, np.random.Generator], None]
Green = Callable[[Drawing, Piece, Style, np.random.Generator], None]
Open = Callable[[Drawing, Piece, Style, Land, np.random.Generator], None]

# Ways to build up a block, and what open ones are used for, by the names that styles have for them.
LAYOUTS: dict[str, Layout] = {
    "plots": detached,
    "terrace": terrace,
    "ring": ring,
    "slabs": slabs,
    "packed": packed,
    "halls": halls,
}
GREENS: dict[str, Green] = {
    "park": park,
    "square": square,
    "sports": sports,
    "parking": parking,
    "waste": waste,
}
OPEN: dict[str, Open] = {
    "arable": arable,
    "meadow": meadow,
    "orchard": orchard,
    "wild": wild,
    "glass": glass,
}
# Share of built blocks that differ from the zone around them.
EXCEPTIONS = 0.12
# Blocks smaller than this are green.
LEAST_BLOCK_M2 = 220.0
LEAST_WIDTH_M = 8.0
OUTSET_M = 0.8


def drawn_blocks(style: Style, seed: int, wanted: Sequence[tuple[tuple[int, int], int]]) -> list[Drawing]:
    """Return what blocks, given by cell and number, are made of."""
    found = [Standing(cell, number, _laid_out(style, seed, cell, number)) for cell, number in wanted]
    fresh = [each for each in found if not each.drawing.settled]
    settle([each.drawing for each in fresh])
    set_apart(fresh, style, seed)
    return [each.drawing for each in found]


# More than the blocks of a square kilometre, or large windows would lay them out again and again.
@lru_cache(maxsize=1024)
def _laid_out(style: Style, seed: int, cell: tuple[int, int], number: int) -> Drawing:
    """Return what a block of a cell is made of, partly still in the plan."""
    plan = plan_of(style, seed, cell)
    block = plan.blocks[number]
    land = land_of(style, seed)
    key = key_of(seed, style.name, f"block {cell[0]} {cell[1]} {number}")
    drawing = Drawing(land.plane, key)
    rng = generator(seed, style.name, cell, "block", number)
    inner = inset(block.piece, [_half_width(style, plan, tag) for tag in block.piece.tags])
    drawing.lay_piece(Layer.BASE, _outset(block.piece), style.verge if block.built else "meadow")
    if inner is None:
        return drawing
    if inner.area < LEAST_BLOCK_M2 or min(inner.axes()[2:]) < LEAST_WIDTH_M:
        if style.built_share >= 1.0 and inner.area < LEAST_BLOCK_M2:
            drawing.lay_piece(Layer.PLOT, inner, "paving")
        return drawing
    use = _open_use(style, block.built, block.square, rng)
    if use in GREENS:
        GREENS[use](drawing, inner, style, rng)
    elif use in OPEN:
        OPEN[use](drawing, inner, style, land, rng)
    else:
        built = _zone_of(style, land.zone(block.piece.centre), rng)
        LAYOUTS[built.layout](drawing, inner, built, rng)
    return drawing


def _open_use(style: Style, built: bool, square: bool, rng: np.random.Generator) -> str:
    """Return what a block without houses is used for, '' for a block with houses."""
    draws = rng.random(2)
    if square:
        return "square"
    if not built:
        return one_of(style.open_uses, float(draws[0]))
    if draws[0] < sum(style.civic.values()):
        return one_of(style.civic, float(draws[1]))
    return ""


def _outset(piece: Piece) -> Piece:
    """Return a slightly larger piece: neighbours overlap, so that no seam between them stays bare."""
    x, y = piece.centre
    points = []
    for px, py in piece.points:
        share = 1.0 + OUTSET_M / max(math.hypot(px - x, py - y), 1.0)
        points.append((x + share * (px - x), y + share * (py - y)))
    return Piece(tuple(points), piece.tags)


def _half_width(style: Style, plan: CellPlan, tag: int) -> float:
    kind = plan.kind_of(tag)
    return style.streets[kind].width_m / 2.0 + style.streets[kind].side_m if kind else 0.0


def _zone_of(style: Style, zone: float, rng: np.random.Generator) -> Built:
    draw = float(rng.random())
    other = float(rng.random())
    at = other if draw < EXCEPTIONS else zone
    index = one_of({k: built.share for k, built in enumerate(style.built)}, at)
    return style.built[index]
