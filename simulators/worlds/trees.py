"""Single trees: on a jittered lattice, scattered, in rows; and off the walls of buildings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.convex import Piece, Point
from diachron.simulators.worlds.drawing import CROWN_KINDS, Crowns, Drawing
from diachron.simulators.worlds.roofs import chosen_places
from diachron.simulators.worlds.style import Garden

Values = NDArray[np.float64]
# Of (N, 2) points of the ground.
Share = Callable[[Values], Values]

# Crowns keep this share of their radius off walls.
OVERHANG = 0.8
# Height over crown radius by kind: crown widths of open-grown broadleaf trees are about as large as their
# height, those of conifers and palms half of it and less (Hasenauer 1997, open-grown trees).
SLIM = (2.1, 4.2, 3.2, 0.9)
BUSH = CROWN_KINDS.index("bush")
# Crown radius in a wood beside that of a broadleaf tree, by kind (the same source).
NARROW = (1.0, 0.72, 0.85, 1.0)


def tree_height(radius: Values, kind: NDArray[np.uint8], draws: Values) -> Values:
    """Return heights in metres from crown radius, kind and draws in [0, 1)."""
    slim = np.array(SLIM)[kind]
    return np.maximum(radius * slim * (0.8 + 0.4 * draws) + np.where(kind == BUSH, 0.3, 1.5), 0.6)


def sow_trees(
    drawing: Drawing,
    piece: Piece,
    kinds: Mapping[str, float],
    rng: np.random.Generator,
    *,
    spacing_m: float,
    share: float,
    radius_m: tuple[float, float],
    margin_m: float = 1.5,
    level: Share | None = None,
    scale: Share | None = None,
    small: float = 1.3,
    jitter: float = 0.36,
    along: Point = (1.0, 0.0),
    lot: int = 21,
) -> None:
    """Plant trees on a jittered lattice: no two are closer than about half of the spacing.

    Args:
        drawing: to plant in.
        piece: of the plan.
        kinds: kind -> share.
        rng: of the block.
        spacing_m: of the lattice.
        share: of its places that have a tree; the most that `level` says, where that is given.
        radius_m: least and greatest crown.
        margin_m: kept to the edges of the piece.
        level: optional function of (N, 2) ground points to (N,) shares, none above `share`.
        scale: of a wood: function of (N, 2) ground points to (N,) factors of the radius.
        small: the larger, the more crowns are near the least; 1 for all sizes alike.
        jitter: share of the spacing.
        along: unit vector of the rows.
        lot: of seeds; those of two lots of a block differ.
    """
    across = (-along[1], along[0])
    (low_u, high_u), (low_v, high_v) = piece.extent(along), piece.extent(across)
    columns = np.arange(math.floor(low_u / spacing_m), math.ceil(high_u / spacing_m))
    rows = np.arange(math.floor(low_v / spacing_m), math.ceil(high_v / spacing_m))
    a, b = (each.ravel().astype(float) for each in np.meshgrid(columns, rows))
    n = a.size
    a = (a + 0.5 * (b % 2.0) + 0.5 + rng.uniform(-jitter, jitter, n)) * spacing_m
    b = (b + 0.5 + rng.uniform(-jitter, jitter, n)) * spacing_m
    u, v = a * along[0] + b * across[0], a * along[1] + b * across[1]
    radius = radius_m[0] + (radius_m[1] - radius_m[0]) * rng.random(n) ** small
    drawn = rng.random(n)
    draws = rng.random((2, n))
    kept = _inside(piece, u, v, margin_m) & (drawn < share)
    # What hangs on the ground is asked on the ground.
    ground = drawing.plane.to_ground(np.stack([u, v], axis=1)[kept])
    if level is not None:
        grows = drawn[kept] < level(ground)
        kept[kept] = grows
        ground = ground[grows]
    kind = crown_kinds(kinds, draws[0])[kept]
    radius = radius[kept]
    if scale is not None:
        radius *= scale(ground) * np.array(NARROW)[kind]
    height = tree_height(radius, kind, draws[1, kept])
    seeds = drawing.seeds(n, lot)[kept]
    drawing.crowns.append(Crowns(ground[:, 0], ground[:, 1], radius, height, kind, seeds))


def scatter_trees(
    drawing: Drawing, piece: Piece, garden: Garden, rng: np.random.Generator, *, count: float
) -> None:
    """Plant about so many trees anywhere in a piece of the plan."""
    (x0, x1), (y0, y1) = piece.extent((1.0, 0.0)), piece.extent((0.0, 1.0))
    full = max((x1 - x0) * (y1 - y0) / max(piece.area, 1.0), 1.0)
    n = int(rng.poisson(min(count * full, 4000.0)))
    if n == 0:
        return
    u, v = rng.uniform(x0, x1, n), rng.uniform(y0, y1, n)
    radius = garden.crown_m[0] + (garden.crown_m[1] - garden.crown_m[0]) * rng.random(n) ** 1.5
    kind = crown_kinds(garden.tree_kinds, rng.random(n))
    radius = np.where(kind == BUSH, np.minimum(radius, 1.6) * 0.7, radius)
    height = tree_height(radius, kind, rng.random(n))
    kept = _inside(piece, u, v, 1.0)
    places = np.stack([u, v], axis=1)[kept]
    drawing.plant(places, radius[kept], height[kept], kind[kept], drawing.seeds(n, 31)[kept])


def row_of_trees(
    drawing: Drawing,
    ends: tuple[Point, Point],
    kinds: Mapping[str, float],
    rng: np.random.Generator,
    *,
    spacing_m: float,
    radius_m: tuple[float, float],
    share: float = 0.85,
) -> None:
    """Plant a row between two points of the plan, with gaps: a hedgerow or an avenue."""
    (ax, ay), (bx, by) = ends
    n = int(math.dist(*ends) / spacing_m)
    if n < 1:
        return
    at = (np.arange(n) + rng.uniform(0.2, 0.8, n)) / n
    side = rng.normal(0.0, 0.5, n)
    length = math.dist(*ends)
    u = ax + at * (bx - ax) - side * (by - ay) / length
    v = ay + at * (by - ay) + side * (bx - ax) / length
    radius = rng.uniform(*radius_m, n)
    kind = crown_kinds(kinds, rng.random(n))
    height = tree_height(radius, kind, rng.random(n))
    kept = rng.random(n) < share
    places = np.stack([u, v], axis=1)[kept]
    drawing.plant(places, radius[kept], height[kept], kind[kept], drawing.seeds(n, 41)[kept])


def crown_kinds(kinds: Mapping[str, float], draws: Values) -> NDArray[np.uint8]:
    """Return positions in `CROWN_KINDS` for (N,) draws in [0, 1), given the shares of the kinds."""
    table = np.array([CROWN_KINDS.index(name) for name in kinds], np.uint8)
    return table[chosen_places(kinds, draws)]


def _inside(piece: Piece, u: Values, v: Values, margin_m: float) -> NDArray[np.bool_]:
    inside = np.ones(u.shape, bool)
    p = piece.points
    for k in range(len(p)):
        a, b = p[k], p[(k + 1) % len(p)]
        size = math.dist(a, b)
        if size > 1e-6:
            inside &= ((b[0] - a[0]) * (v - a[1]) - (b[1] - a[1]) * (u - a[0])) / size > margin_m
    return inside
