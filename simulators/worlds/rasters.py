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
from diachron.simulators.worlds.fields_on_grid import on_grid
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
        ground = HUB_OF_COVER[self.cover]
        # An orchard is farmed land, its trees are the crop.
        crowned = (self.canopy > 0) & (self.cover != COVER_IDS["orchard"])
        return np.where(crowned, self.canopy, ground).astype(np.uint8)


def drawn(style: Style, seed: int, content: Content, grid: PixelGrid) -> Rasters:
    """Return the rasters of a window."""
    cover, patch, direction = _ground(style, seed, content, grid)
    _wet(style, seed, grid, cover, patch, direction)
    lane = np.full(grid.shape, np.nan, np.float32)
    width = np.full(grid.shape, np.nan, np.float32)
    thing = np.zeros(grid.shape, np.int32)
    _ways(content, grid, cover, patch, direction, lane, width, thing)
    height = np.zeros(grid.shape, np.float32)
    _things(content, grid, thing, height)
    canopy = np.zeros(grid.shape, np.uint8)
    _crowns(content, grid, canopy, height)
    relief = on_grid(grid, lambda points: elevation(style, seed, points))
    return Rasters(cover, patch, direction, lane, width, thing, canopy, height, relief)


def _ground(
    style: Style, seed: int, content: Content, grid: PixelGrid
) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.float32]]:
    grounds: list[Ground] = [ground for drawing in content.drawings for ground in drawing.grounds]
    grounds.sort(key=lambda ground: ground.layer)
    which = np.zeros(grid.shape, np.int32)
    spans = polygon_spans([ground.points for ground in grounds], grid)
    spans.paint(which, np.arange(1, len(grounds) + 1, dtype=np.int32))
    covers = np.array([COVER_IDS["meadow"], *(ground.cover for ground in grounds)], np.uint8)
    patches = np.array([0, *(ground.patch for ground in grounds)], np.int32)
    directions = np.array([np.nan, *(ground.direction_deg for ground in grounds)], np.float32)
    cover, patch, direction = covers[which], patches[which], directions[which]
    wild = patch == WILD_PATCH
    if wild.any():
        level = on_grid(grid, lambda points: land_of(style, seed).wild_level(points))
        open_ground = wild & (level < 0.0)
        cover[open_ground] = np.where(level < -0.32, COVER_IDS["meadow"], COVER_IDS["scrub"])[open_ground]
    return cover, patch, direction


def _wet(
    style: Style,
    seed: int,
    grid: PixelGrid,
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
    direction: NDArray[np.float32],
) -> None:
    """Put rivers and the sea over the ground, and beaches and marsh along them."""
    water = water_of(style, seed)
    if not water.exists:
        return
    names = ("river", "sea")
    for index, name in enumerate(names):
        if (style.river_m is None, style.sea_share == 0.0)[index]:
            continue
        away = on_grid(grid, (water.river_distance, water.sea_distance)[index])
        if name == "sea" and float(away.min()) < style.beach_m[1]:
            _shore(style, seed, grid, away, cover, patch, direction)
        wet = away < 0.0
        cover[wet] = COVER_IDS[name]
        patch[wet] = WATER_PATCH
        direction[wet] = np.nan


def _shore(
    style: Style,
    seed: int,
    grid: PixelGrid,
    away: NDArray[np.float32],
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
    direction: NDArray[np.float32],
) -> None:
    """Line the sea with sand, rocks or, over a wider strip, marsh."""
    kind = on_grid(grid, lambda points: land_of(style, seed).shore_level(points))
    low, high = style.beach_m
    wide = low + (high - low) * np.clip(0.5 + 0.4 * kind, 0.0, 1.0)
    marsh = kind < np.float32(NormalDist().inv_cdf(max(style.marsh_share, 1e-6)))
    strip = away < np.where(marsh, 2.0 * high, wide)
    rocky = (kind > 0.9) & (away < low)
    cover[strip] = np.where(marsh, COVER_IDS["marsh"], COVER_IDS["sand"])[strip]
    cover[rocky] = COVER_IDS["rock"]
    patch[strip | rocky] = SHORE_PATCH
    direction[strip | rocky] = np.nan


def _ways(
    content: Content,
    grid: PixelGrid,
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
    direction: NDArray[np.float32],
    lane: NDArray[np.float32],
    width: NDArray[np.float32],
    thing: NDArray[np.int32],
) -> None:
    if not content.ways:
        return
    order = sorted(range(len(content.ways)), key=lambda k: content.ways[k][1].rank)
    ways = [content.ways[k][1] for k in order]
    ids = [content.ways[k][0] for k in order]
    sides = [side for way in ways for side in way.sides]
    owner = np.repeat(np.arange(len(ways)), [len(way.sides) for way in ways])
    if sides:
        spans = polygon_spans(sides, grid)
        covers = np.array([way.side_cover for way in ways], np.uint8)
        which = np.zeros(grid.shape, np.int32)
        spans.paint(which, np.arange(1, len(sides) + 1, dtype=np.int32))
        at = np.flatnonzero(which.reshape(-1))
        of_way = owner[which.reshape(-1)[at] - 1]
        cover.reshape(-1)[at] = covers[of_way]
        patch.reshape(-1)[at] = (np.array(ids) * 2 + 1)[of_way]
        direction.reshape(-1)[at] = np.nan
    strips = [strip for way in ways for strip in way.strips]
    owner = np.repeat(np.arange(len(ways)), [len(way.strips) for way in ways])
    axis = np.concatenate([way.axis for way in ways])
    which = np.zeros(grid.shape, np.int32)
    spans = polygon_spans(strips, grid)
    spans.paint(which, np.arange(1, len(strips) + 1, dtype=np.int32))
    rows, cols = np.nonzero(which)
    at = rows * grid.shape[1] + cols
    piece = which.reshape(-1)[at] - 1
    of_way = owner[piece]
    start = axis[:, 0]
    run = axis[:, 1] - start
    run /= np.maximum(np.hypot(run[:, 0], run[:, 1]), 1e-6)[:, np.newaxis]
    x = grid.x_m[cols] - start[piece, 0]
    y = grid.y_m[rows] - start[piece, 1]
    lane.reshape(-1)[at] = run[piece, 0] * y - run[piece, 1] * x
    degrees = (np.degrees(np.arctan2(run[:, 1], run[:, 0])) % 180.0).astype(np.float32)
    direction.reshape(-1)[at] = degrees[piece]
    width.reshape(-1)[at] = np.array([way.width_m for way in ways], np.float32)[of_way]
    cover.reshape(-1)[at] = np.array([way.cover for way in ways], np.uint8)[of_way]
    patch.reshape(-1)[at] = (np.array(ids) * 2)[of_way]
    thing.reshape(-1)[at] = -1 - np.array(order, np.int32)[of_way]


def _things(content: Content, grid: PixelGrid, thing: NDArray[np.int32], height: NDArray[np.float32]) -> None:
    if not content.things:
        return
    rings = [ring for _, each in content.things for ring in each.rings]
    owners = np.repeat(np.arange(len(content.things)), [len(each.rings) for _, each in content.things])
    spans = ring_spans(rings, owners, grid)
    spans.paint(thing, np.arange(1, len(content.things) + 1, dtype=np.int32))
    spans.paint(height, np.array([each.height_m for _, each in content.things], np.float32))


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
    x = (grid.x_m[at % grid.shape[1]] - crowns.x[tree]) / crowns.radius_m[tree]
    y = (grid.y_m[at // grid.shape[1]] - crowns.y[tree]) / crowns.radius_m[tree]
    top = np.zeros(grid.shape, np.float32)
    top.reshape(-1)[at] = crowns.height_m[tree] * (1.0 - CROWN_FALL * (x * x + y * y))
    np.maximum(height, top, out=height)
