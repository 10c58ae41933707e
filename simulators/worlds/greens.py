"""Open places in towns: parks, squares, sports grounds, car parks, waste ground, ponds."""

from __future__ import annotations

import math

import numpy as np

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece, Point, inset
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.rigid import holds, on_ground
from diachron.simulators.worlds.roofs import one_of
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.trees import row_of_trees, sow_trees

# Length and width of pitches, metres, and the ground around them: football 105 x 68 and smaller ones
# (IFAB Laws of the Game, law 1), tennis 23.8 x 11 in an enclosure of 36.6 x 18.3 (ITF rule 1), basketball
# 28 x 15 (FIBA rule 2).
PITCHES: tuple[tuple[str, float, float, float, str], ...] = (
    ("football", 105.0, 68.0, 6.0, "lawn"),
    ("football", 90.0, 50.0, 5.0, "lawn"),
    ("football", 64.0, 42.0, 4.0, "lawn"),
    ("tennis", 36.6, 18.3, 1.5, "court"),
    ("basketball", 28.0, 15.0, 2.0, "court"),
)
# A bay is 2.5 x 5 m on an aisle of 6 m (usual design values), so a double row is 16 m deep.
BAYS_M = 16.0


def park(drawing: Drawing, block: Piece, style: Style, rng: np.random.Generator) -> None:
    """Lay a lawn with groups of trees, crossing paths and sometimes a pond."""
    drawing.lay_piece(Layer.PLOT, block, "lawn")
    along, _, length, width = block.axes()
    corners = block.points
    middle = block.centre
    gates = rng.permutation(len(corners))[: int(rng.integers(2, len(corners) + 1))]
    if rng.random() < 0.75:
        for k in gates.tolist():
            _path(drawing, corners[k], middle, 1.2 + 0.8 * float(rng.random()), rng)
    if width > 40.0 and rng.random() < 0.4:
        pond(drawing, block, rng)
    sow_trees(
        drawing,
        block,
        style.tree_kinds,
        rng,
        spacing_m=float(rng.uniform(7.0, 10.0)),
        share=float(rng.uniform(0.15, 0.55)),
        radius_m=(1.8, 5.2),
    )
    if length > 50.0 and width > 36.0 and rng.random() < 0.35:
        _pitch(drawing, block, along, rng, of=("tennis", "basketball"))


def square(drawing: Drawing, block: Piece, style: Style, rng: np.random.Generator) -> None:
    """Pave an open place and plant trees around it."""
    drawing.lay_piece(Layer.PLOT, block, "paving")
    inner = inset(block, [3.0] * len(block.points))
    if inner is None:
        return
    for k in range(len(inner.points)):
        ends = (inner.points[k - 1], inner.points[k])
        row_of_trees(drawing, ends, style.tree_kinds, rng, spacing_m=8.0, radius_m=(1.6, 2.8), share=0.8)
    green = inset(block, [float(rng.uniform(9.0, 14.0))] * len(block.points))
    if green is not None and green.area > 60.0 and rng.random() < 0.5:
        drawing.lay_piece(Layer.FEATURE, green, "lawn")


def sports(drawing: Drawing, block: Piece, style: Style, rng: np.random.Generator) -> None:
    """Lay out pitches on a lawn with trees at its edge."""
    drawing.lay_piece(Layer.PLOT, block, "lawn")
    along, _, _, _ = block.axes()
    _pitch(drawing, block, along, rng)
    corners = block.points
    for k in range(len(corners)):
        row_of_trees(
            drawing,
            inwards_edge(block, k, 3.0),
            style.tree_kinds,
            rng,
            spacing_m=9.0,
            radius_m=(2.0, 3.8),
            share=0.7,
        )


def parking(drawing: Drawing, block: Piece, style: Style, rng: np.random.Generator) -> None:
    """Lay a car park over a whole block, with rows of small trees."""
    drawing.lay_piece(Layer.PLOT, block, "lawn")
    lot = inset(block, [3.0] * len(block.points))
    if lot is None:
        return
    along, across, _, width = lot.axes()
    drawing.lay_piece(Layer.FEATURE, lot, "asphalt", direction_deg=ground_deg(drawing, lot.centre, along))
    low, high = lot.extent(across)
    start, end = lot.extent(along)
    for row in range(1, int(width // BAYS_M)):
        place = low + row * (high - low) / (width // BAYS_M)
        a, b = start + 8.0, end - 8.0
        if rng.random() < 0.6 and b > a:
            ends = (
                (a * along[0] + place * across[0], a * along[1] + place * across[1]),
                (b * along[0] + place * across[0], b * along[1] + place * across[1]),
            )
            row_of_trees(
                drawing, ends, style.tree_kinds, rng, spacing_m=10.0, radius_m=(1.2, 2.4), share=0.75
            )


def waste(drawing: Drawing, block: Piece, style: Style, rng: np.random.Generator) -> None:
    """Leave bare or overgrown ground: a site that waits."""
    cover = one_of({"soil": 0.35, "gravel": 0.25, "dry_grass": 0.25, "meadow": 0.15}, float(rng.random()))
    drawing.lay_piece(Layer.PLOT, block, cover)
    sow_trees(
        drawing, block, {"bush": 0.7, "broadleaf": 0.3}, rng, spacing_m=7.0, share=0.12, radius_m=(0.8, 2.4)
    )


def car_park(
    drawing: Drawing, centre: Point, along: Point, length: float, width: float, rng: np.random.Generator
) -> None:
    """Lay a car park of a given size."""
    points, along_deg, _ = on_ground(drawing.plane, centre, along, length, width)
    drawing.lay(Layer.DETAIL, points, "asphalt", direction_deg=along_deg)


def pond(drawing: Drawing, piece: Piece, rng: np.random.Generator) -> None:
    """Put a pond of uneven outline into a piece, with a strip of marsh around it now and then."""
    _, _, length, width = piece.axes()
    radius = 0.5 * min(width, 0.7 * length) * float(rng.uniform(0.35, 0.6))
    angles = np.linspace(0.0, 2.0 * math.pi, 24, endpoint=False)
    waves = sum(
        float(rng.normal(0.0, 0.16 / k)) * np.cos(k * angles + float(rng.uniform(0.0, 6.28)))
        for k in (1, 2, 3)
    )
    x, y = piece.centre
    ring = np.stack([np.cos(angles) * (1.0 + waves), np.sin(angles) * (1.0 + waves) * 0.75], axis=1) * radius
    ground = drawing.plane.to_ground(ring + np.array([x, y]))
    wider = drawing.plane.to_ground(ring * 1.18 + np.array([x, y]))
    drawing.lay(Layer.FEATURE, wider, "marsh" if rng.random() < 0.5 else "meadow")
    drawing.lay(Layer.DETAIL, ground, "lake")


def _pitch(
    drawing: Drawing,
    block: Piece,
    along: Point,
    rng: np.random.Generator,
    of: tuple[str, ...] = ("football", "tennis", "basketball"),
) -> None:
    """Lay the largest pitch that fits, or a pair of small ones."""
    across = (-along[1], along[0])
    for name, length, width, rim, cover in PITCHES:
        if name not in of or not holds(block, block.centre, along, length + 2 * rim, width + 2 * rim):
            continue
        count = 1 if name == "football" else int(rng.integers(1, 4))
        step = width + 2.0 * rim
        for k in range(count):
            off = (k - (count - 1) / 2.0) * step
            centre = (block.centre[0] + off * across[0], block.centre[1] + off * across[1])
            if not holds(block, centre, along, length + 2 * rim, width + 2 * rim):
                continue
            points, along_deg, _ = on_ground(drawing.plane, centre, along, length, width)
            if cover == "court":
                around, _, _ = on_ground(drawing.plane, centre, along, length + 2 * rim, width + 2 * rim)
                drawing.lay(Layer.FEATURE, around, "paving")
            drawing.lay(Layer.DETAIL, points, cover, direction_deg=along_deg)
            drawing.things.append(Thing((points,), hub.SPORTS, 0.0, along_deg % 90.0, 1.0))
        return


def _path(drawing: Drawing, start: Point, end: Point, half: float, rng: np.random.Generator) -> None:
    """Lay a gravel path that swings a little."""
    length = math.dist(start, end)
    if length < 6.0:
        return
    n = max(3, round(length / 6.0))
    at = np.linspace(0.0, 1.0, n)
    swing = float(rng.normal(0.0, 0.06)) * length * np.sin(math.pi * at)
    nx, ny = -(end[1] - start[1]) / length, (end[0] - start[0]) / length
    line = np.stack(
        [start[0] + at * (end[0] - start[0]) + swing * nx, start[1] + at * (end[1] - start[1]) + swing * ny],
        axis=1,
    )
    offset = np.array([nx, ny]) * half
    left, right = drawing.plane.to_ground(line + offset), drawing.plane.to_ground(line - offset)
    patch = drawing.next_patch()
    for k in range(n - 1):
        points = np.stack([left[k], right[k], right[k + 1], left[k + 1]])
        drawing.lay(Layer.FEATURE, points, "gravel", patch=patch)


def inwards_edge(piece: Piece, edge: int, distance: float) -> tuple[Point, Point]:
    """Return an edge moved inwards."""
    a, b = piece.points[edge], piece.points[(edge + 1) % len(piece.points)]
    size = max(math.dist(a, b), 1e-6)
    dx, dy = -(b[1] - a[1]) / size * distance, (b[0] - a[0]) / size * distance
    return (a[0] + dx, a[1] + dy), (b[0] + dx, b[1] + dy)


def ground_deg(drawing: Drawing, at: Point, along: Point) -> float:
    """Return the direction on the ground of a direction in the plan, degrees."""
    ends = drawing.plane.to_ground(np.array([at, (at[0] + along[0], at[1] + along[1])]))
    return math.degrees(math.atan2(*(ends[1] - ends[0])[::-1]))
