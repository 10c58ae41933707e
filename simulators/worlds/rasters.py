"""From vectors to rasters, on any pixel grid of a world."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.place import COVER_IDS, COVERS
from diachron.simulators.worlds.content import Content
from diachron.simulators.worlds.countryside import WILD_PATCH
from diachron.simulators.worlds.drawing import CROWN_KINDS, Ground
from diachron.simulators.worlds.fields_on_grid import Lattice, lattice_of
from diachron.simulators.worlds.land import land_of
from diachron.simulators.worlds.raster import PixelGrid, disc_spans, polygon_spans, ring_spans
from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.terrain import elevation
from diachron.simulators.worlds.water import water_of

Mask = NDArray[np.bool_]

HUB_OF_COVER = np.array(list(COVERS.values()), np.uint8)
# A crown falls by this share of its height from the middle to its rim.
CROWN_FALL = 0.45
WATER_PATCH = 1
SHORE_PATCH = 3


@dataclass(frozen=True)
class Rasters:
    """A window on one pixel grid; all arrays are (H, W), as in `core.place.PlaceModel`.

    Args:
        thing: position in the window's things plus one, 0 where none stands; negative on streets, minus the
            position in its ways minus one.
        canopy: hub id of the crown over the ground, 0 for none.
        height_m: of buildings and crowns.
    """

    cover: NDArray[np.uint8]
    patch: NDArray[np.int32]
    direction_deg: NDArray[np.float32]
    lane_m: NDArray[np.float32]
    road_width_m: NDArray[np.float32]
    thing: NDArray[np.int32]
    canopy: NDArray[np.uint8]
    height_m: NDArray[np.float32]
    ground_m: NDArray[np.float32]

    @property
    def surface(self) -> NDArray[np.uint8]:
        """Hub ids of what is seen from above where no object stands."""
        seen: NDArray[np.uint8] = HUB_OF_COVER.take(self.cover)
        # An orchard is farmed land, its trees are the crop.
        crowned = (self.canopy > 0) & (self.cover != COVER_IDS["orchard"])
        np.copyto(seen, self.canopy, where=crowned)
        return seen


def drawn(style: Style, seed: int, content: Content, grid: PixelGrid) -> Rasters:
    """Return the rasters of a window."""
    lattice = lattice_of(grid)
    away = water_of(style, seed).distances(lattice.points)
    pieces = _pieces(content)
    which = np.zeros(grid.shape, np.int32)
    polygon_spans(pieces.outlines, grid).paint(which, np.arange(1, len(pieces.outlines) + 1, dtype=np.int32))
    # Made an index once, not by each table.
    number = which.astype(np.intp)
    cover, patch = pieces.cover.take(number), pieces.patch.take(number)
    direction = pieces.direction_deg.take(number)
    open_ground = which < pieces.first_way
    _wild(style, seed, lattice, open_ground, cover, patch)
    _wet(style, seed, lattice, away, open_ground, cover, patch, direction)
    lane = np.full(grid.shape, np.nan, np.float32)
    width = np.full(grid.shape, np.nan, np.float32)
    thing = np.zeros(grid.shape, np.int32)
    _lanes(pieces, grid, which, direction, lane, width, thing)
    height = _things(content, grid, thing)
    canopy = np.zeros(grid.shape, np.uint8)
    _crowns(content, grid, canopy, height)
    relief = lattice.spread(elevation(style, seed, lattice.points, away))
    return Rasters(cover, patch, direction, lane, width, thing, canopy, height, relief)


@dataclass(frozen=True)
class _Pieces:
    """All pieces of ground and streets in the order in which they are drawn, and tables by their number.

    Args:
        outlines: (n, 2) corners each; numbers begin at 1, 0 is where no piece lies.
        cover, patch, direction_deg: by number.
        first_way, first_strip: least number of a street and of a carriageway.
        strips: the carriageways' pieces: their way's number in the window, width, and axis.
    """

    outlines: list[NDArray[np.float64]]
    cover: NDArray[np.uint8]
    patch: NDArray[np.int32]
    direction_deg: NDArray[np.float32]
    first_way: int
    first_strip: int
    way: NDArray[np.int32]
    width_m: NDArray[np.float32]
    axis: NDArray[np.float64]


def _pieces(content: Content) -> _Pieces:
    grounds: list[Ground] = [ground for drawing in content.drawings for ground in drawing.grounds]
    grounds.sort(key=lambda ground: ground.layer)
    order = sorted(range(len(content.ways)), key=lambda k: content.ways[k][1].rank)
    ids = np.array([content.ways[k][0] for k in order], np.int64)
    ways = [content.ways[k][1] for k in order]
    sides = np.concatenate([way.sides for way in ways]) if ways else np.zeros((0, 4, 2))
    strips = np.concatenate([way.strips for way in ways]) if ways else np.zeros((0, 4, 2))
    axis = np.concatenate([way.axis for way in ways]) if ways else np.zeros((0, 2, 2))
    beside = np.repeat(np.arange(len(ways)), [len(way.sides) for way in ways])
    on = np.repeat(np.arange(len(ways)), [len(way.strips) for way in ways])
    run = axis[:, 1] - axis[:, 0]
    degrees = np.degrees(np.arctan2(run[:, 1], run[:, 0])) % 180.0
    return _Pieces(
        outlines=[*(ground.points for ground in grounds), *sides, *strips],
        cover=np.concatenate(
            [
                np.array([COVER_IDS["meadow"], *(ground.cover for ground in grounds)], np.uint8),
                np.array([way.side_cover for way in ways], np.uint8)[beside],
                np.array([way.cover for way in ways], np.uint8)[on],
            ]
        ),
        patch=np.concatenate(
            [[0], [ground.patch for ground in grounds], ids[beside] * 2 + 1, ids[on] * 2]
        ).astype(np.int32),
        direction_deg=np.concatenate(
            [[np.nan], [ground.direction_deg for ground in grounds], np.full(beside.size, np.nan), degrees]
        ).astype(np.float32),
        first_way=len(grounds) + 1,
        first_strip=len(grounds) + len(sides) + 1,
        way=np.array(order, np.int32)[on],
        width_m=np.array([way.width_m for way in ways], np.float32)[on],
        axis=axis,
    )


def _wild(
    style: Style,
    seed: int,
    lattice: Lattice,
    open_ground: Mask,
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
) -> None:
    """Make scrub and meadow of wild pieces where they are no wood."""
    wild = open_ground & (patch == WILD_PATCH)
    if not wild.any():
        return
    level = lattice.spread(land_of(style, seed).wild_level(lattice.points))
    wild &= level < 0.0
    cover[wild] = np.where(level[wild] < -0.32, COVER_IDS["meadow"], COVER_IDS["scrub"])


def _wet(
    style: Style,
    seed: int,
    lattice: Lattice,
    distances: tuple[NDArray[np.float64], NDArray[np.float64]],
    open_ground: Mask,
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
    direction: NDArray[np.float32],
) -> None:
    """Put rivers and the sea over the ground, and beaches and marsh along them."""
    for name, nodes in zip(("river", "sea"), distances, strict=True):
        reach = 2.0 * style.beach_m[1] if name == "sea" else 0.0
        # Between nodes no value is less than that of the least node.
        if float(nodes.min()) >= reach:
            continue
        away = lattice.spread(nodes)
        if name == "sea":
            _shore(style, seed, lattice, np.where(open_ground, away, np.inf), cover, patch, direction)
        wet = open_ground & (away < 0.0)
        cover[wet] = COVER_IDS[name]
        patch[wet] = WATER_PATCH
        direction[wet] = np.nan


def _shore(
    style: Style,
    seed: int,
    lattice: Lattice,
    away: NDArray[np.float32],
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
    direction: NDArray[np.float32],
) -> None:
    """Line the sea with sand, rocks or, over a wider strip, marsh."""
    kind = lattice.spread(land_of(style, seed).shore_level(lattice.points))
    low, high = style.beach_m
    wide = low + (high - low) * np.clip(0.5 + 0.4 * kind, 0.0, 1.0)
    marsh = kind < np.float32(NormalDist().inv_cdf(max(style.marsh_share, 1e-6)))
    strip = away < np.where(marsh, 2.0 * high, wide)
    rocky = (kind > 0.9) & (away < low)
    cover[strip] = np.where(marsh, COVER_IDS["marsh"], COVER_IDS["sand"])[strip]
    cover[rocky] = COVER_IDS["rock"]
    patch[strip | rocky] = SHORE_PATCH
    direction[strip | rocky] = np.nan


def _lanes(
    pieces: _Pieces,
    grid: PixelGrid,
    which: NDArray[np.int32],
    direction: NDArray[np.float32],
    lane: NDArray[np.float32],
    width: NDArray[np.float32],
    thing: NDArray[np.int32],
) -> None:
    """Write what only carriageways have: the place across them, their width, and their object."""
    at = np.flatnonzero(which.reshape(-1) >= pieces.first_strip)
    if at.size == 0:
        return
    number = which.reshape(-1)[at]
    # Runs of one strip in one row: what they share is looked up once.
    goes_on = (at[1:] == at[:-1] + 1) & (number[1:] == number[:-1]) & (at[1:] % grid.shape[1] != 0)
    first = np.concatenate([[0], np.flatnonzero(~goes_on) + 1])
    length = np.diff(first, append=at.size)
    strip = number[first] - pieces.first_strip
    start = pieces.axis[:, 0]
    run = pieces.axis[:, 1] - start
    run /= np.maximum(np.hypot(run[:, 0], run[:, 1]), 1e-6)[:, np.newaxis]
    rows, cols = np.divmod(at[first], grid.shape[1])
    down = run[:, 0][strip] * (grid.y_m[rows] - start[:, 1][strip])
    col = np.arange(at.size) + np.repeat(cols - first, length)
    x = grid.x_m.take(col) - np.repeat(start[:, 0][strip], length)
    lane.reshape(-1)[at] = np.repeat(down, length) - np.repeat(run[:, 1][strip], length) * x
    width.reshape(-1)[at] = np.repeat(pieces.width_m[strip], length)
    thing.reshape(-1)[at] = np.repeat(-1 - pieces.way[strip], length)


def _things(content: Content, grid: PixelGrid, thing: NDArray[np.int32]) -> NDArray[np.float32]:
    """Draw the objects into `thing` and return their heights."""
    rings = [ring for _, each in content.things for ring in each.rings]
    owners = np.repeat(np.arange(len(content.things)), [len(each.rings) for _, each in content.things])
    height = np.zeros(grid.shape, np.float32)
    if rings:
        spans = ring_spans(rings, owners, grid)
        spans.paint(thing, np.arange(1, len(content.things) + 1, dtype=np.int32))
        spans.paint(height, np.array([each.height_m for _, each in content.things], np.float32))
    return height


def _crowns(
    content: Content, grid: PixelGrid, canopy: NDArray[np.uint8], height: NDArray[np.float32]
) -> None:
    crowns = content.crowns
    if crowns.x.size == 0:
        return
    spans = disc_spans(crowns.x, crowns.y, crowns.radius_m, grid)
    at, span = spans.pixels()
    tree = spans.owner[span]
    hub_ids = np.where(crowns.kind == CROWN_KINDS.index("bush"), hub.SHRUB, hub.TREE).astype(np.uint8)
    canopy.reshape(-1)[at] = hub_ids[tree]
    # What a run of pixels shares is reckoned once.
    row = spans.start // grid.shape[1]
    x = (grid.x_m.take(at - (row * grid.shape[1])[span]) - crowns.x[tree]) / crowns.radius_m[tree]
    y = (grid.y_m[row] - crowns.y[spans.owner]) / crowns.radius_m[spans.owner]
    top = np.zeros(grid.shape, np.float32)
    top.reshape(-1)[at] = crowns.height_m[tree] * (1.0 - CROWN_FALL * (x * x + (y * y)[span]))
    np.maximum(height, top, out=height)
