"""Blocks: a few standing buildings side by side and the ground between them, as one piece of a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import Quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import Footprint, SceneObject
from diachron.simulators.site import Site

Mask = NDArray[np.bool_]

# Ground that belongs to a block on its outer side: eaves, a path along the wall, half of a lane.
MARGIN_M = 3.0
# Seeds tried before an incident is given up.
SEEDS = 8
# A building that lies in the outline by this share goes with the block; one that does less stays out of it.
INSIDE_SHARE = 0.5


@dataclass(frozen=True)
class Block:
    """Buildings and the ground between them; the three kinds of pixels are disjoint.

    Args:
        buildings: in order of id.
        ground: what lies between and around them, off every object.
    """

    buildings: tuple[SceneObject, ...]
    ground: Footprint

    @property
    def whole(self) -> Footprint:
        """Ground and buildings."""
        return union((self.ground, *(entry.footprint for entry in self.buildings)))


@dataclass(frozen=True)
class Outline:
    """How far a block reaches.

    Args:
        area_m2: of the ellipse in which the middles of its buildings lie.
        elongation: of the ellipse, long over short axis.
        angle_rad: of its long axis, from the column axis towards the row axis.
        max_gap_m: widest gap between two buildings of one block.
    """

    area_m2: float
    elongation: float
    angle_rad: float
    max_gap_m: float

    @property
    def axes_m(self) -> tuple[float, float]:
        """Half of the long and of the short axis."""
        short = math.sqrt(self.area_m2 / (math.pi * self.elongation))
        return short * self.elongation, short

    def holds(self, rows_m: float, cols_m: float) -> bool:
        """Return whether an offset from the middle lies in the ellipse."""
        along = cols_m * math.cos(self.angle_rad) + rows_m * math.sin(self.angle_rad)
        across = rows_m * math.cos(self.angle_rad) - cols_m * math.sin(self.angle_rad)
        long, short = self.axes_m
        return (along / long) ** 2 + (across / short) ** 2 <= 1.0


def draw_outline(
    rng: np.random.Generator, area_m2: Quantity, elongation: Quantity, max_gap_m: float
) -> Outline:
    """Return how far the next block reaches, in any direction."""
    return Outline(
        area_m2=max(1.0, draw_quantity(rng, area_m2)),
        elongation=max(1.0, draw_quantity(rng, elongation)),
        angle_rad=float(rng.uniform(0.0, math.pi)),
        max_gap_m=max_gap_m,
    )


def choose_block(
    rng: np.random.Generator, site: Site, outline: Outline, *, least_buildings: int, max_area_m2: float
) -> Block | None:
    """Return a block of standing buildings that no event has touched; None where there is none.

    It grows from a drawn building over the neighbours whose middles lie in the outline. Roads, water, ignored
    pixels, other objects, larger buildings and what other events have claimed bound it. Its buildings count
    as gone afterwards, its ground as taken.

    Args:
        rng: the process's stream.
        site: what stands and what is claimed.
        outline: as drawn.
        least_buildings: fewer are no block.
        max_area_m2: larger buildings stay.
    """
    ids = site.standing(frozenset({hub.BUILDING}), max_area_m2=max_area_m2)
    if len(ids) < least_buildings:
        return None
    free = site.unclaimed()
    for seed in site.shuffled(rng, ids, SEEDS):
        block = _grown(site, free, ids, seed, outline)
        if block is not None and len(block.buildings) >= least_buildings:
            for entry in block.buildings:
                site.mark_gone(entry.id)
            site.take(block.whole, 0.0)
            return block
    return None


def _grown(site: Site, free: Mask, ids: list[int], seed: int, outline: Outline) -> Block | None:
    """Return the block around one building, as far as it reaches; None where no ground is left for it."""
    scene = site.scene
    gsd = scene.grid.gsd_m
    row, col = _middle(scene.objects[seed].footprint)
    near = {seed}
    for number in ids:
        down, right = _middle(scene.objects[number].footprint)
        if outline.holds((down - row) * gsd, (right - col) * gsd):
            near.add(number)
    box = _window(
        (scene.objects[number].footprint for number in near), outline.max_gap_m / gsd + 2, scene.grid.shape
    )
    instances = scene.instances[box]
    movable = np.isin(instances, ids) & free[box]
    ground = (instances == 0) & ~np.isin(scene.surface[box], (hub.IGNORE, hub.WATER)) & free[box]
    hull = between(np.isin(instances, sorted(near)), outline.max_gap_m / gsd, MARGIN_M / gsd)
    members = _members(site, instances, hull & movable, movable)
    mine = np.isin(instances, members)
    others = ndimage.binary_dilation((instances > 0) & ~mine, np.ones((3, 3), bool))
    pieces, _ = ndimage.label((mine & movable) | (hull & ground & ~others))
    own = pieces[instances == seed]
    if own.size == 0 or own.max() == 0:
        return None
    piece = pieces == own.max()
    buildings = tuple(
        scene.objects[number]
        for number in members
        if np.count_nonzero(piece & (instances == number)) == site.terrain.object_px[number]
    )
    kept = piece & (instances == 0)
    if not buildings or not kept.any():
        return None
    return Block(buildings, cropped(kept, box))


def _members(site: Site, instances: NDArray[np.int32], inside: Mask, movable: Mask) -> list[int]:
    """Return the buildings that lie in the outline by half; pieces of one labelled block all or none."""
    counts = np.bincount(instances[inside], minlength=1)
    whole_px = site.terrain.object_px
    members = {
        int(number)
        for number in np.flatnonzero(counts)
        if number and counts[number] >= INSIDE_SHARE * whole_px[int(number)]
    }
    guessed = [n for n in np.unique(instances).tolist() if n and not site.scene.objects[n].certain]
    joined, count = ndimage.label(np.isin(instances, guessed))
    for group in range(1, count + 1):
        here = joined == group
        pieces = set(np.unique(instances[here]).tolist())
        complete = movable[here].all() and sum(whole_px[n] for n in pieces) == np.count_nonzero(here)
        if complete and np.count_nonzero(inside & here) >= INSIDE_SHARE * np.count_nonzero(here):
            members |= pieces
        else:
            members -= pieces
    return sorted(members)


def between(buildings: Mask, gap_px: float, margin_px: float) -> Mask:
    """Return the buildings, the ground between those that are nearer than a gap, and a margin around.

    Args:
        buildings: (h, w) bool, with room for the gap around them.
        gap_px: closed between two of them.
        margin_px: of ground on the outer side.
    """
    grown_px = gap_px / 2 + margin_px
    framed = np.pad(buildings, math.ceil(grown_px) + 1)
    wide = ndimage.distance_transform_edt(~framed) <= grown_px
    closed: Mask = ndimage.distance_transform_edt(wide) > gap_px / 2
    edge = math.ceil(grown_px) + 1
    return closed[edge:-edge, edge:-edge] | buildings


def union(footprints: Iterable[Footprint]) -> Footprint:
    """Return one footprint of all pixels of several."""
    parts = list(footprints)
    top, left = min(part.row for part in parts), min(part.col for part in parts)
    bottom = max(part.window[0].stop for part in parts)
    right = max(part.window[1].stop for part in parts)
    mask = np.zeros((bottom - top, right - left), bool)
    for part in parts:
        rows, cols = part.window
        mask[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] |= part.mask
    return Footprint(top, left, mask)


def cropped(mask: Mask, box: tuple[slice, slice]) -> Footprint:
    """Return the pixels of a window of the grid as a footprint in its smallest window."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Footprint(
        box[0].start + int(rows[0]),
        box[1].start + int(cols[0]),
        mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].copy(),
    )


def grown_window(window: tuple[slice, slice], by_px: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return a window with so many pixels more on every side, cut at the border."""
    return (
        slice(max(window[0].start - by_px, 0), min(window[0].stop + by_px, shape[0])),
        slice(max(window[1].start - by_px, 0), min(window[1].stop + by_px, shape[1])),
    )


# Ground within this distance tells what lay under a block before it was built.
AROUND_M = 40.0
# Ground that estates are built on.
FORMER_GROUND = (hub.BARE, hub.GRASS, hub.SHRUB, hub.CROP)
# With less of it around than this share of the block, nobody can tell what was there.
LEAST_AROUND = 0.3


def ground_around(site: Site, block: Block) -> int | None:
    """Return the surface that most of the open ground near a block has; None where there is too little."""
    whole = block.whole
    box = _window([whole], AROUND_M / site.scene.grid.gsd_m, site.scene.grid.shape)
    outside = site.scene.instances[box] == 0
    inner = tuple(
        slice(own.start - part.start, own.stop - part.start)
        for own, part in zip(whole.window, box, strict=True)
    )
    outside[inner] &= ~whole.mask
    near = np.bincount(site.scene.surface[box][outside], minlength=256)
    best = max(FORMER_GROUND, key=lambda kind: int(near[kind]))
    return best if near[best] > LEAST_AROUND * whole.pixels else None


def _middle(footprint: Footprint) -> tuple[float, float]:
    height, width = footprint.mask.shape
    return footprint.row + height / 2, footprint.col + width / 2


def _window(footprints: Iterable[Footprint], margin_px: float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the window of several footprints with a margin, cut at the border."""
    windows = [footprint.window for footprint in footprints]
    margin = math.ceil(margin_px)
    return (
        slice(
            max(min(rows.start for rows, _ in windows) - margin, 0),
            min(max(rows.stop for rows, _ in windows) + margin, shape[0]),
        ),
        slice(
            max(min(cols.start for _, cols in windows) - margin, 0),
            min(max(cols.stop for _, cols in windows) + margin, shape[1]),
        ),
    )


def ground_event(
    site: Site,
    process: str,
    phase: str,
    time_years: float,
    ground: Footprint,
    before: Cover,
    after: Cover,
    *,
    causes: tuple[int, ...] = (),
    parameters: Mapping[str, object] | None = None,
) -> ChangeEvent:
    """Return what happens to the ground of a block, where no object comes or goes.

    Args:
        site: gives the id and the size of a pixel.
        process: of the event; its kind has the same name.
        phase, time_years, before, after, causes, parameters: of the event.
        ground: its footprint.
    """
    return ChangeEvent(
        id=site.new_event_id(),
        process=process,
        kind=process,
        phase=phase,
        time_years=time_years,
        object_id=0,
        before=before,
        after=after,
        footprint=ground,
        area_m2=ground.pixels * site.scene.grid.pixel_area_m2,
        parameters=dict(parameters or {}),
        causes=causes,
    )
