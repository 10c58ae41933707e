"""The plan of one cell: streets of several ranks, and the blocks between them.

Main roads follow a jittered lattice that goes on for ever; each cell is cut into blocks from its own stream.
A cut is a street from the edge that it meets to the opposite one, so no street ends in nothing, and the
street that it meets is never less than a lane.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from diachron.simulators.worlds.convex import Cut, Piece, Point, cut
from diachron.simulators.worlds.keys import generator, key_of, number_of
from diachron.simulators.worlds.land import Land, land_of
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.town_plan import (
    LATTICE_TAGS,
    MOST_BLOCKS,
    MOST_STREETS,
    Block,
    CellPlan,
    Street,
)

# Length of streets that may be closes.
CLOSE_M = (55.0, 190.0)
# Borders and ways that become more when a street ends on them.
LESSER = ("", "path", "track")
# Open pieces that are cut no further hold this much more than the least size at most.
HALVES = 2.2


def node(style: Style, seed: int, i: int, j: int) -> Point:
    """Return a crossing of main roads in the street plane."""
    key = key_of(seed, style.name, "crossings")
    u = i + style.jitter * (2.0 * number_of(key, i, 2 * j) - 1.0)
    v = j + style.jitter * (2.0 * number_of(key, i, 2 * j + 1) - 1.0)
    return u * style.cell_m, v * style.cell_m


def corners_of(style: Style, seed: int, cell: tuple[int, int]) -> tuple[Point, Point, Point, Point]:
    """Return the four crossings around a cell, in order."""
    i, j = cell
    return (
        node(style, seed, i, j),
        node(style, seed, i + 1, j),
        node(style, seed, i + 1, j + 1),
        node(style, seed, i, j + 1),
    )


def lattice_kind(style: Style, seed: int, axis: int, i: int, j: int) -> str:
    """Return the kind of the main road from crossing (i, j) to the next along an axis.

    Whole lines of the lattice share their rank, so that a main road goes on across crossings.
    """
    line = j if axis == 0 else i
    drawn = number_of(key_of(seed, style.name, "ranks"), 2 * line + axis, 0)
    return style.main if drawn < 0.6 else style.inner


@lru_cache(maxsize=128)
def plan_of(style: Style, seed: int, cell: tuple[int, int]) -> CellPlan:
    """Return the plan of a cell."""
    i, j = cell
    corners = corners_of(style, seed, cell)
    rim = (
        lattice_kind(style, seed, 0, i, j),
        lattice_kind(style, seed, 1, i + 1, j),
        lattice_kind(style, seed, 0, i, j + 1),
        lattice_kind(style, seed, 1, i, j),
    )
    planner = _Planner(style, seed, generator(seed, style.name, cell, "streets"), land_of(style, seed))
    pieces = planner.divide(Piece(corners, LATTICE_TAGS), j)
    blocks = tuple(
        Block(k, piece, planner.is_built(piece), piece in planner.squares) for k, piece in enumerate(pieces)
    )
    own = [(0, (corners[0], corners[1]), rim[0]), (1, (corners[0], corners[3]), rim[3])]
    planner.close_some()
    streets = list(planner.streets)
    for _, ends, kind in own:
        streets.append(Street(len(streets), ends, kind))
    rim_points = tuple(tuple(planner.rim_points[tag]) for tag in LATTICE_TAGS)
    return CellPlan(cell, tuple(streets), blocks, rim, rim_points)


def streets_of(style: Style, seed: int, cell: tuple[int, int]) -> list[Street]:
    """Return the streets of a cell; its main roads also know the streets that meet them from beyond."""
    plan = plan_of(style, seed, cell)
    i, j = cell
    *inner, upper, left = plan.streets
    above, before = plan_of(style, seed, (i, j - 1)), plan_of(style, seed, (i - 1, j))
    points = (plan.rim_points[0] + above.rim_points[2], plan.rim_points[3] + before.rim_points[1])
    return [
        *inner,
        *(
            replace(road, marks=[road.share(p) for p in met])
            for road, met in zip((upper, left), points, strict=True)
        ),
    ]


class _Planner:
    """Cuts one cell; keeps the streets that the cuts become."""

    def __init__(self, style: Style, seed: int, rng: np.random.Generator, land: Land) -> None:
        self.style = style
        self.rng = rng
        self.land = land
        self.streets: list[Street] = []
        self.squares: list[Piece] = []
        self.rim_points: dict[int, list[Point]] = {tag: [] for tag in LATTICE_TAGS}

    def is_built(self, piece: Piece) -> bool:
        """Return whether a piece belongs to a settlement."""
        return self.land.is_built(piece.centre)

    def divide(self, cell: Piece, row: int) -> list[Piece]:
        """Return the blocks of a cell of a row of the lattice."""
        names = sorted(self.style.patterns)
        weights = np.array([self.style.patterns[name] for name in names])
        pattern = names[int(self.rng.choice(len(names), p=weights / weights.sum()))]
        parts: list[Piece] = []
        for part in self._railed(cell, row):
            if pattern == "grid" and self.land.built_share_of(part) > 0.7:
                parts += self._grid(part)
            elif pattern == "radial" and self.land.touches_built(part):
                parts += self._radial(part)
            else:
                parts.append(part)
        blocks: list[Piece] = []
        stack = [(part, 0) for part in reversed(parts)]
        while stack:
            piece, depth = stack.pop()
            done = None
            if len(blocks) + len(stack) < MOST_BLOCKS - 1 and len(self.streets) < MOST_STREETS:
                done = self._halved(piece, depth)
            if done is None:
                blocks.append(piece)
            else:
                stack += [(done.behind, depth + 1), (done.ahead, depth + 1)]
        return blocks

    def _railed(self, cell: Piece, row: int) -> list[Piece]:
        """Return the two sides of a railway, from the middle of one lattice road to that of the opposite."""
        every = self.style.rail_every
        if every == 0 or row % every:
            return [cell]
        p = cell.points
        west = ((p[0][0] + p[3][0]) / 2.0, (p[0][1] + p[3][1]) / 2.0)
        east = ((p[1][0] + p[2][0]) / 2.0, (p[1][1] + p[2][1]) / 2.0)
        size = math.dist(west, east)
        done = self._cut(cell, west, (-(east[1] - west[1]) / size, (east[0] - west[0]) / size), "rail")
        return [cell] if done is None else [done.behind, done.ahead]

    def _cut(self, piece: Piece, through: Point, normal: Point, kind: str) -> Cut | None:
        number = len(self.streets)
        if number >= MOST_STREETS:
            return None
        done = cut(piece, through, normal, number)
        if done is None:
            return None
        self.streets.append(Street(number, done.ends, kind))
        for end, tag in zip(done.ends, done.tags, strict=True):
            if tag < 0 and kind:
                self.rim_points[tag].append(end)
            if tag >= 0:
                met = self.streets[tag]
                met.mark(end)
                if kind and met.kind in LESSER:
                    met.kind = "lane" if kind not in LESSER else max(kind, met.kind, key=LESSER.index)
        return done

    def _halved(self, piece: Piece, depth: int) -> Cut | None:
        """Cut a piece near its middle, or return None where it is small enough."""
        style, rng = self.style, self.rng
        along, across, length, width = piece.axes()
        shift, skew = float(rng.uniform(-0.13, 0.13)), float(rng.normal())
        chance = float(rng.random())
        built_near = self.land.touches_built(piece)
        if self.is_built(piece):
            least_across, least_along = style.block_m
            rows = round(width / (least_across * (0.9 + 0.2 * chance)))
            columns = round(length / (least_along * (0.8 + 0.6 * chance)))
            if rows < 2 and columns < 2:
                return None
            if columns > 1 and (length > 1.25 * width or rows < 2):
                normal, count = along, columns
            else:
                normal, count = across, rows
            kind = style.inner if depth < 1 and self._main_inside else style.inmost
            # Where whole rows of plots fit on both sides, give or take.
            shift = (count // 2 + chance // 0.5 * (count % 2)) / count - 0.5 + shift * 0.6 / count
        else:
            least, greatest = style.open_m2
            target = math.exp(math.log(least) + chance * (math.log(greatest) - math.log(least)))
            limit = style.block_m[0] * style.block_m[1] * 5.0 if built_near else target * HALVES
            if piece.area < limit or width < 30.0:
                return None
            normal = along if length > 1.2 * width or chance < 0.5 else across
            kind = style.inmost if built_near and piece.area > 30000.0 else ""
            if not kind and piece.area > 3.0 * greatest:
                kind = "track" if "track" in style.streets else ""
        turn = math.radians(style.skew_deg * max(-2.0, min(2.0, skew)))
        c, s = math.cos(turn), math.sin(turn)
        normal = (c * normal[0] - s * normal[1], s * normal[0] + c * normal[1])
        low, high = piece.extent(normal)
        place = low + (0.5 + shift) * (high - low)
        return self._cut(piece, (place * normal[0], place * normal[1]), normal, kind)

    @property
    def _main_inside(self) -> bool:
        return self.style.inner in self.style.streets

    def _grid(self, cell: Piece) -> Iterator[Piece]:
        """Yield the blocks of streets that run through: one family across, then one along."""
        style, rng = self.style, self.rng
        along, across, length, width = cell.axes()
        if rng.random() < 0.5:
            along, across, length, width = across, along, width, length
        road = style.streets[style.inmost].width_m + 2.0 * style.streets[style.inmost].side_m
        depth = style.block_m[0] * float(rng.uniform(1.0, 1.25)) + road
        rows = max(1, round(width / depth))
        low, _ = cell.extent(across)
        at = [low + width * (k + float(rng.uniform(-0.04, 0.04))) / rows for k in range(1, rows)]
        bands = self._families(cell, across, at, main_every=max(2, rows // 2))
        span = style.block_m[1] * float(rng.uniform(1.0, 1.5)) + road
        columns = max(1, round(length / span))
        low, _ = cell.extent(along)
        places = [low + length * (k + float(rng.uniform(-0.08, 0.08))) / columns for k in range(1, columns)]
        missing = 0.12
        for band in bands:
            kept = [place for place in places if rng.random() > missing]
            yield from self._families(band, along, kept, main_every=10**6)

    def _families(self, piece: Piece, normal: Point, at: list[float], main_every: int) -> list[Piece]:
        parts: list[Piece] = []
        rest = piece
        for k, place in enumerate(at, start=1):
            kind = self.style.inner if k % main_every == 0 else self.style.inmost
            done = self._cut(rest, (place * normal[0], place * normal[1]), normal, kind)
            if done is not None:
                parts.append(done.behind)
                rest = done.ahead
        return [*parts, rest]

    def _radial(self, cell: Piece) -> list[Piece]:
        """Return the sectors of a town around a square: spokes from the middle, and rings between them."""
        style, rng = self.style, self.rng
        centre = cell.centre
        spokes = int(rng.integers(3, 5))
        turn = float(rng.uniform(0.0, 2.0 * math.pi))
        first_spoke = len(self.streets)
        # A line through the middle, then rays on both of its sides.
        wedges = [cell]
        for k in range(spokes):
            angle = turn + math.pi * (k + float(rng.uniform(-0.2, 0.2))) / spokes
            normal = (-math.sin(angle), math.cos(angle))
            kind = style.inner if k == 0 else style.inmost
            pieces: list[Piece] = []
            for wedge in wedges:
                done = self._cut(wedge, centre, normal, kind)
                pieces += [wedge] if done is None else [done.behind, done.ahead]
            wedges = pieces
        step = style.block_m[0] * float(rng.uniform(1.1, 1.4))
        square = float(rng.uniform(20.0, 32.0))
        radii = [square + step * (k + float(rng.uniform(-0.1, 0.1)) * (k > 0)) for k in range(3)]
        last_spoke = len(self.streets)
        parts = [part for wedge in wedges for part in self._rings(wedge, centre, radii)]
        for street in self.streets[first_spoke:last_spoke]:
            street.open_at(centre)
        return parts

    def close_some(self) -> None:
        """Turn some short streets without a junction into closes: the way ends in a turning circle."""
        if self.style.closes == 0.0:
            return
        for street in self.streets:
            chance, share = self.rng.random(2).tolist()
            free = not street.marks and street.gap is None and street.kind == self.style.inmost
            if free and CLOSE_M[0] < street.length < CLOSE_M[1] and chance < self.style.closes:
                street.gap = (0.58 + 0.2 * share, 1.0)
                street.turning = True

    def _rings(self, wedge: Piece, centre: Point, radii: list[float]) -> list[Piece]:
        """Cut a sector by chords of rings, from the middle outwards."""
        nearest = min(range(len(wedge.points)), key=lambda k: math.dist(wedge.points[k], centre))
        p = wedge.points
        apex = p[nearest]
        first = math.atan2(p[nearest - 1][1] - apex[1], p[nearest - 1][0] - apex[0])
        after = p[(nearest + 1) % len(p)]
        second = math.atan2(after[1] - apex[1], after[0] - apex[0])
        half = ((first - second) % (2.0 * math.pi)) / 2.0
        outwards = (math.cos(second + half), math.sin(second + half))
        parts: list[Piece] = []
        rest = wedge
        for radius in radii:
            chord = radius * math.cos(half)
            done = self._cut(
                rest,
                (apex[0] + chord * outwards[0], apex[1] + chord * outwards[1]),
                outwards,
                self.style.inmost,
            )
            if done is None:
                break
            if not parts:
                self.squares.append(done.behind)
            parts.append(done.behind)
            rest = done.ahead
        return [*parts, rest]
