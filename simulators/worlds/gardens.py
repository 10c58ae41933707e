"""What lies and stands around a house: lawn, drive, garage, shed, pool, hedges and trees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece
from diachron.simulators.worlds.drawing import Crowns, Drawing, Layer, Thing
from diachron.simulators.worlds.footprints import Box, Boxes, Frames
from diachron.simulators.worlds.plots import band
from diachron.simulators.worlds.roofs import chosen, roof_on
from diachron.simulators.worlds.style import Building, Built
from diachron.simulators.worlds.trees import OVERHANG, crown_kinds, tree_height

Values = NDArray[np.float64]

# Outbuildings: garages 18-36 m2 for one or two cars, sheds 6-14 m2 (usual sizes of such kits).
GARAGE_M = ((3.2, 6.2), (5.6, 7.0))
SHED_M = ((2.2, 3.4), (2.6, 4.2))
# Family pools are 3 x 6 to 5 x 10 m (industry's usual sizes).
POOL_M = ((3.0, 5.0), (6.0, 10.0))
OUTBUILDING = Building(
    area_m2=(20.0, 0.3),
    roofs={"gable": 0.4, "flat": 0.4, "shed": 0.2},
    materials={"metal": 0.5, "bitumen": 0.3, "tile": 0.2},
    pitch_deg=(12.0, 25.0),
    storey_m=2.4,
)


def plant_gardens(
    drawing: Drawing,
    plots: list[Piece],
    frames: Frames,
    boxes: Boxes,
    stands: NDArray[np.bool_],
    built: Built,
    rng: np.random.Generator,
    *,
    trees_only: bool = False,
) -> None:
    """Lay out the plots around the houses of `boxes`; plots without a house become open ground."""
    garden = built.garden
    n = len(plots)
    depth = _depths(frames, boxes)
    if trees_only:
        _trees(drawing, frames, boxes, stands, depth, built, rng, behind_only=True)
        return
    shares = rng.random((n, 16))
    front = chosen(garden.front, shares[:, 0])
    rear = chosen(garden.rear, shares[:, 1])
    drive_covers = chosen(garden.drive_covers, shares[:, 2])
    draws, deep = shares.tolist(), depth.tolist()
    seeds = drawing.seeds(n, 7).tolist()
    for k in range(n):
        drawing.lay_piece(Layer.PLOT, plots[k], rear[k])
        if not stands[k]:
            continue
        box = boxes.sides[k]
        forecourt = band(plots[k], 0.0, box[2] + 0.4)
        if forecourt is not None:
            drawing.lay_piece(Layer.FEATURE, forecourt, front[k])
        _drive(drawing, frames, box, k, deep[k], built, drive_covers[k], draws[k][3:9], seeds[k])
        _behind(drawing, frames, box, k, deep[k], built, draws[k][9:16], seeds[k])
    _hedges(drawing, frames, depth, built, rng)
    _trees(drawing, frames, boxes, stands, depth, built, rng)


def _depths(frames: Frames, boxes: Boxes) -> Values:
    """Return how deep each plot is at the middle of its house."""
    middle = 0.5 * (boxes.s0 + boxes.s1)[:, np.newaxis]
    away = frames.edge_d < -0.35
    reach = np.where(
        away, (frames.edge_c - frames.edge_s * middle) / np.where(away, frames.edge_d, -1.0), np.inf
    )
    return np.minimum(reach.min(axis=1), 90.0)


def _drive(
    drawing: Drawing,
    frames: Frames,
    box: Box,
    k: int,
    depth: float,
    built: Built,
    cover: str,
    draws: Sequence[float],
    seed: int,
) -> None:
    """Lay a drive beside the house to a garage behind, or before the house."""
    garden = built.garden
    if draws[0] >= garden.drive:
        return
    first, last, near, far = box
    low, high = frames.side_room(k, far)
    wide = 2.6 + 1.2 * draws[1]
    left, right = first - low, high - last
    beside = max(left, right) > wide + 0.4
    if beside:
        s0 = low + 0.3 if left >= right else high - wide - 0.3
        end = far + 1.0
    else:
        wide *= 1.5 if last - first > 10.0 else 1.0
        s0 = first + 0.3 if draws[2] < 0.5 else last - wide - 0.3
        end = near + 0.2
    garage = None
    if beside and draws[3] < garden.garage:
        (w0, w1), (l0, l1) = GARAGE_M
        gw, gl = w0 + (w1 - w0) * draws[4], l0 + (l1 - l0) * draws[5]
        g0 = far + 2.5
        if g0 + gl + 0.6 < depth:
            at = low + 0.6 if left >= right else high - gw - 0.6
            a, b = frames.side_room(k, g0 + gl)
            if at >= max(a, low) + 0.5 and at + gw <= min(b, high) - 0.5:
                garage = (at, at + gw, g0, g0 + gl)
                end = g0
    strip = frames.to_ground(k, [(s0, -0.5), (s0 + wide, -0.5), (s0 + wide, end), (s0, end)])
    drawing.lay(Layer.DETAIL, strip, cover, direction_deg=frames.inwards_deg(k))
    if garage is not None:
        _outbuilding(drawing, frames, k, garage, seed ^ 0x55)


def _outbuilding(drawing: Drawing, frames: Frames, k: int, box: Box, seed: int) -> None:
    s0, s1, d0, d1 = box
    walls = frames.to_ground(k, [(s0, d0), (s1, d0), (s1, d1), (s0, d1)])
    along_deg = frames.along_deg(k) if s1 - s0 >= d1 - d0 else frames.inwards_deg(k)
    roof, height = roof_on(
        OUTBUILDING,
        [(seed >> (6 * m)) % 64 / 64.0 for m in range(5)],
        storeys=1,
        length_m=max(s1 - s0, d1 - d0),
        width_m=min(s1 - s0, d1 - d0),
        along_deg=along_deg,
        seed=seed,
    )
    drawing.things.append(Thing((walls,), hub.BUILDING, height, along_deg % 90.0, 1.0, roof))


def _behind(
    drawing: Drawing,
    frames: Frames,
    box: Box,
    k: int,
    depth: float,
    built: Built,
    draws: Sequence[float],
    seed: int,
) -> None:
    """Put a shed into a rear corner and a pool with its terrace behind the house, where there is room."""
    garden = built.garden
    far = box[3]
    rear = depth - far
    if draws[0] < garden.shed and rear > 9.0:
        (w0, w1), (l0, l1) = SHED_M
        w, length = w0 + (w1 - w0) * draws[1], l0 + (l1 - l0) * draws[2]
        d1 = depth - 1.2
        a, b = frames.side_room(k, d1)
        a0, b0 = frames.side_room(k, d1 - length)
        low, high = max(a, a0) + 0.9, min(b, b0) - 0.9
        if high - low > 2.5 * w:
            at = low if draws[3] < 0.5 else high - w
            _outbuilding(drawing, frames, k, (at, at + w, d1 - length, d1), seed ^ 0xAA)
            rear -= length + 2.0
    if draws[4] < garden.pool and rear > 9.5:
        (w0, w1), (l0, l1) = POOL_M
        w, length = w0 + (w1 - w0) * draws[5], l0 + (l1 - l0) * draws[6]
        d0 = far + 2.8
        a, b = frames.side_room(k, d0 + w + 1.0)
        low, high = a + 2.0, b - 2.0
        length = min(length, high - low - 1.0)
        if length > 4.5 and d0 + w + 1.5 < far + rear:
            at = low + (high - low - length) * draws[3]
            end, deck, cut = at + length, 1.3, 0.28 * w
            first, last, front, back = at - deck, end + deck, d0 - 2.6, d0 + w + deck
            terrace = [(first, front), (last, front), (last, back), (first, back)]
            drawing.lay(Layer.DETAIL, frames.to_ground(k, terrace), "paving")
            rim = frames.to_ground(
                k,
                [
                    (at + cut, d0),
                    (end - cut, d0),
                    (end, d0 + cut),
                    (end, d0 + (w - cut)),
                    (end - cut, d0 + w),
                    (at + cut, d0 + w),
                    (at, d0 + (w - cut)),
                    (at, d0 + cut),
                ],
            )
            drawing.things.append(Thing((rim,), hub.POOL, 0.0, frames.along_deg(k) % 90.0, 0.95))


def _hedges(drawing: Drawing, frames: Frames, depth: Values, built: Built, rng: np.random.Generator) -> None:
    """Plant hedges along the first side of some plots and along the rear."""
    n = frames.front_m.size
    wanted = rng.random(n) < built.garden.hedge
    wide = rng.uniform(0.7, 1.4, n)
    start = rng.uniform(2.0, 9.0, n)
    for k in np.flatnonzero(wanted):
        end = float(depth[k]) - 0.5
        near, far = float(start[k]), end
        if far - near < 6.0:
            continue
        es = frames.edge_s[k]
        side = int(np.argmax(es))
        if es[side] < 0.6:
            continue
        s = [float((frames.edge_c[k, side] - frames.edge_d[k, side] * d) / es[side]) for d in (near, far)]
        w = float(wide[k])
        corners = [(s[0], near), (s[0] + w, near), (s[1] + w, far), (s[1], far)]
        drawing.lay(Layer.DETAIL, frames.to_ground(int(k), corners), "hedge")


def _trees(
    drawing: Drawing,
    frames: Frames,
    boxes: Boxes,
    stands: NDArray[np.bool_],
    depth: Values,
    built: Built,
    rng: np.random.Generator,
    *,
    behind_only: bool = False,
) -> None:
    """Plant trees anywhere on the plots but where a house or another building stands."""
    garden = built.garden
    count = rng.poisson(garden.trees, frames.front_m.size)
    plot = np.repeat(np.arange(count.size), count)
    n = plot.size
    if n == 0:
        return
    small = rng.random(n) ** 1.5
    radius = garden.crown_m[0] + (garden.crown_m[1] - garden.crown_m[0]) * small
    front = rng.random(n) < (0.0 if behind_only else 0.25)
    d0, d1 = boxes.d0[plot], boxes.d1[plot]
    s = frames.front_m[plot] * rng.random(n)
    behind = d1 + (depth[plot] - d1) * (0.1 + 0.9 * rng.random(n))
    d = np.where(front & (d0 > 3.0), d0 * rng.uniform(0.25, 0.9, n), behind)
    d = np.where(stands[plot], d, depth[plot] * rng.random(n))
    kind = crown_kinds(garden.tree_kinds, rng.random(n))
    radius = np.where(kind == 3, np.minimum(radius, 1.6) * 0.7, radius)
    inside = (frames.edge_s[plot] * s[:, np.newaxis] + frames.edge_d[plot] * d[:, np.newaxis]) >= (
        frames.edge_c[plot] + np.minimum(radius * 0.4, 1.0)[:, np.newaxis]
    )
    off_s = np.maximum(np.maximum(boxes.s0[plot] - s, s - boxes.s1[plot]), 0.0)
    off_d = np.maximum(np.maximum(d0 - d, d - d1), 0.0)
    clear = ~stands[plot] | (np.hypot(off_s, off_d) > OVERHANG * radius)
    kept = inside.all(axis=1) & clear
    x = frames.origin[plot, 0] + s * frames.along[plot, 0] + d * frames.inwards[plot, 0]
    y = frames.origin[plot, 1] + s * frames.along[plot, 1] + d * frames.inwards[plot, 1]
    crowns = Crowns(x, y, radius, tree_height(radius, kind, rng.random(n)), kind, drawing.seeds(n, 13)).taken(
        kept
    )
    drawing.crowns.append(crowns)
