"""The ground that processes share while one sample is simulated: what is open, what is taken, next ids."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import Quantity
from diachron.core.events import ChangeEvent
from diachron.core.growth import near
from diachron.core.scene import Donor, Footprint, Scene, object_class_map
from diachron.simulators.lenders import Lenders, LenderTable
from diachron.simulators.orientation import orientation_field, wall_vectors

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Terrain:
    """What placement looks at; made once a scene, shared by all its samples.

    Args:
        clearance_px: (H, W) float32 distance to the nearest object, water, ignored pixel or border.
        to_road_px: (H, W) float32 distance to the nearest road, or None where there is none.
        walls: direction of the neighbourhood, see `orientation.orientation_field`.
        plain: (H, W) bool ground that is lit and not busy: no shadow, canopy, car or wall that labels missed.
        open_px: (N,) int32 places, row by row, of plain pixels where a house could have its middle.
        area_km2: of the pixels that are not ignored.
        object_px: object id -> pixels of its footprint, counted once.
    """

    clearance_px: NDArray[np.float32]
    to_road_px: NDArray[np.float32] | None
    walls: NDArray[np.complex64]
    plain: NDArray[np.bool_]
    open_px: NDArray[np.int32]
    area_km2: float
    object_px: Mapping[int, int]
    _lent_by: list[LenderTable] = field(init=False, repr=False, default_factory=list)

    def lender_table(self, donors: tuple[Donor, ...], scene: Scene) -> LenderTable:
        """Return the table of a site's donors; the last one is kept, as samples of a window share theirs."""
        if not (self._lent_by and self._lent_by[0].serves(donors)):
            self._lent_by[:] = [LenderTable(donors, scene.source, scene.sun)]
        return self._lent_by[0]


def survey(scene: Scene) -> Terrain:
    """Return the terrain of a scene."""
    closed = (scene.instances > 0) | (scene.surface == hub.IGNORE) | (scene.surface == hub.WATER)
    framed = np.pad(closed, 1, constant_values=True)
    clearance = ndimage.distance_transform_edt(~framed)[1:-1, 1:-1].astype(np.float32)
    classes = object_class_map(scene.instances, scene.objects)
    roads = classes == hub.ROAD
    to_road = ndimage.distance_transform_edt(~roads).astype(np.float32) if roads.any() else None
    walls = orientation_field(wall_vectors(scene.instances > 0), scene.grid.gsd_m)
    valid = int(np.count_nonzero(~scene.ignored))
    object_px = {object_id: scene.objects[object_id].footprint.pixels for object_id in sorted(scene.objects)}
    area_km2 = valid * scene.grid.pixel_area_m2 / 1e6
    plain = plain_ground(scene)
    open_px = np.flatnonzero(plain & (clearance > SMALLEST_GAP_PX + HALF_A_HOUSE_PX)).astype(np.int32)
    return Terrain(clearance, to_road, walls, plain, open_px, area_km2, object_px)


# More than the diagonal of a pixel: with one open pixel between them, objects do not meet at corners either.
SMALLEST_GAP_PX = 1.5
# The middle of a house is at least this far from its walls, at any gsd.
HALF_A_HOUSE_PX = 2.0
# Ground darker than this share of the median of open ground is in shadow.
SHADOW_SHARE = 0.6
# Ground brighter than this share of full scale is burnt out: nothing can be matched to it.
GLARE_SHARE = 0.96
# Ground is busy where brightness varies, over BUSY_M metres, more than on this share of all open ground.
BUSY_QUANTILE = 0.85
BUSY_M = 3.0
# Where roads are unknown, ground is taken for a plot if this share of a box of this size is open ground.
ROOM_M = 16.0
ROOM_SHARE = 0.55
# Distances are kept in single precision: more than its rounding in a picture of 100 000 pixels.
ROUNDED_PX = 0.05
# Share of a footprint that must be plain ground.
PLAIN_SHARE = 0.9


def plain_ground(scene: Scene) -> Mask:
    """Return (H, W) where the picture shows lit, even ground, whatever the labels say."""
    bright = scene.image[:3].mean(axis=0, dtype=np.float32)
    ground = (scene.instances == 0) & (scene.surface != hub.IGNORE) & (scene.surface != hub.WATER)
    if not ground.any():
        return ground
    size = max(3, round(BUSY_M / scene.grid.gsd_m))
    mean = ndimage.uniform_filter(bright, size)
    spread = ndimage.uniform_filter(bright * bright, size) - mean * mean
    plain: Mask = (
        ground
        & (mean > SHADOW_SHARE * np.median(bright[ground]))
        & (mean < GLARE_SHARE * scene.full_scale)
        & (spread <= np.quantile(spread[ground], BUSY_QUANTILE))
    )
    if scene.surface_is_estimated:
        # Labels that know no roads: a lane is plain too, but narrow, with other ground close on both sides.
        buildable = plain & (scene.surface != hub.DEVELOPED) & (scene.surface != hub.TREE)
        size = max(3, round(ROOM_M / scene.grid.gsd_m))
        plain &= ndimage.uniform_filter(buildable.astype(np.float32), size) >= ROOM_SHARE
    return plain


# Times that one building of the source may stand in a sample beside the original.
MOST_USES = 2


@dataclass(frozen=True)
class _Closed:
    """Ground that a placement keeps later ones off: its footprint and a gap around it."""

    footprint: Footprint
    gap_px: float
    reach: int
    """Pixels by which the window grows on every side."""

    @cached_property
    def grown(self) -> Mask:
        """The footprint and its gap, in the grown window; most placements are never asked for it."""
        padded = np.pad(self.footprint.mask, self.reach)
        return near(padded, self.gap_px)

    def touches(self, other: Footprint) -> bool:
        """Return whether a footprint reaches into it."""
        own, reach = self.footprint, self.reach
        top, left = other.row - own.row + reach, other.col - own.col + reach
        height, width = other.mask.shape
        if top + height <= 0 or left + width <= 0:
            return False
        own_height, own_width = own.mask.shape[0] + 2 * reach, own.mask.shape[1] + 2 * reach
        if top >= own_height or left >= own_width:
            return False
        mine = self.grown[max(top, 0) : top + height, max(left, 0) : left + width]
        theirs = other.mask[max(-top, 0) : own_height - top, max(-left, 0) : own_width - left]
        return bool((mine & theirs).any())


@dataclass
class Site:
    """One sample's working state. Processes draw from it and put into it; the scene itself never changes.

    Args:
        scene: the real picture's state, at the anchor time.
        terrain: its survey.
        donors: objects that may be put up, from this scene and others.
        needs_pixels: whether a new object must have a donor to take its pixels from.
        sizes_m2: areas that new buildings shall have, a quantity; None for what the donors have.
        likelihood: (H, W) float32 from 0 to 1, where the process at work is likely, see `intensity`; None
            where it is as likely as anywhere. `simulate` sets it for one process after the other.
    """

    scene: Scene
    terrain: Terrain
    donors: tuple[Donor, ...] = ()
    needs_pixels: bool = False
    sizes_m2: Quantity | None = None
    likelihood: NDArray[np.float32] | None = None
    _closed: list[_Closed] = field(init=False, repr=False, default_factory=list)
    _next_object: int = field(init=False)
    _next_event: int = field(init=False, default=1)
    _gone: set[int] = field(init=False, default_factory=set)
    _lent: Counter[tuple[str, int]] = field(init=False, default_factory=Counter)
    _used_up: set[tuple[str, int]] = field(init=False, default_factory=set)
    _free: dict[tuple[int, bool, int], Lenders] = field(init=False, repr=False, default_factory=dict)
    _suitable: dict[tuple[frozenset[int], float, float], list[int]] = field(
        init=False, repr=False, default_factory=dict
    )
    _table: LenderTable = field(init=False, repr=False)
    _running: tuple[NDArray[np.float32], NDArray[np.float64]] | None = field(
        init=False, repr=False, default=None
    )

    def __post_init__(self) -> None:
        self._next_object = max(self.scene.objects, default=0) + 1
        self._table = self.terrain.lender_table(self.donors, self.scene)

    def new_object_id(self) -> int:
        """Return an id that no object of this place has had."""
        self._next_object += 1
        return self._next_object - 1

    def new_event_id(self) -> int:
        """Return the next event id."""
        self._next_event += 1
        return self._next_event - 1

    def standing(
        self, classes: frozenset[int], *, max_area_m2: float = np.inf, least_fill: float = 0.0
    ) -> list[int]:
        """Return the ids of objects of these hub classes that no event has touched, in order.

        Args:
            classes: hub ids.
            max_area_m2: larger ones are left out.
            least_fill: of its box; where one is asked for, pieces whose outline is a guess are left out.
        """
        key = (classes, max_area_m2, least_fill)
        if key not in self._suitable:
            pixel_m2 = self.scene.grid.pixel_area_m2
            self._suitable[key] = [
                object_id
                for object_id, entry in sorted(self.scene.objects.items())
                if entry.object_class in classes
                and self.terrain.object_px[object_id] * pixel_m2 <= max_area_m2
                and (least_fill == 0.0 or (entry.certain and entry.fill >= least_fill))
            ]
        return [object_id for object_id in self._suitable[key] if object_id not in self._gone]

    def lenders(self, object_class: int, *, same_scene: bool) -> Lenders:
        """Return the donors of a hub class from this scene, or those from other scenes, in order."""
        return self._table.of(object_class, same_scene=same_scene)

    def free_lenders(self, object_class: int, *, same_scene: bool) -> Lenders:
        """Return those that have not been used up in this sample: clones side by side give it away."""
        lenders = self.lenders(object_class, same_scene=same_scene)
        if not self._used_up:
            return lenders
        # Asked for at every place that is tried, and new only when another donor is used up.
        key = (object_class, same_scene, len(self._used_up))
        if key not in self._free:
            self._free[key] = Lenders(lender for lender in lenders if lender.key not in self._used_up)
        return self._free[key]

    def lend(self, donor: Donor) -> None:
        """Count one use of a donor."""
        key = (donor.scene, donor.object.id)
        self._lent[key] += 1
        if self._lent[key] >= MOST_USES:
            self._used_up.add(key)

    def mark_gone(self, object_id: int) -> None:
        """Keep later events off an object."""
        self._gone.add(object_id)

    def open_pixel(self, spot: float) -> int | None:
        """Return one of the terrain's open pixels for a number in [0, 1): each alike, or by likelihood.

        None where none of them is likely. The terrain must have some.
        """
        open_px = self.terrain.open_px
        if self.likelihood is None:
            pixel: int = open_px.item(int(spot * open_px.size))
            return pixel
        if self._running is None or self._running[0] is not self.likelihood:
            self._running = self.likelihood, np.cumsum(self.likelihood.ravel()[open_px], dtype=np.float64)
        sums = self._running[1]
        if sums[-1] <= 0:
            return None
        at = int(np.searchsorted(sums, spot * sums[-1], side="right"))
        return int(open_px.item(min(at, open_px.size - 1)))

    def shuffled(self, rng: np.random.Generator, ids: list[int], most: int) -> list[int]:
        """Return some of the ids of objects in random order, the likelier ones rather first.

        Args:
            rng: the process's stream.
            ids: of standing objects.
            most: how many, at the most.
        """
        if self.likelihood is None:
            return [ids[k] for k in rng.permutation(len(ids))[:most].tolist()]
        middles = [self.scene.objects[number].footprint for number in ids]
        likely = np.array(
            [self.likelihood[f.row + f.mask.shape[0] // 2, f.col + f.mask.shape[1] // 2] for f in middles]
        )
        # The smallest of exponential numbers with these rates is each with its share of the sum.
        keys = rng.exponential(size=len(ids)) / np.maximum(likely, 1e-12)
        order = keys.argsort(kind="stable")
        return [ids[k] for k in order[:most].tolist() if likely[k] > 0]

    def is_open(self, points: Iterable[complex], gap_px: float, set_back_px: float) -> bool:
        """Return whether points lie away from all that stands: a quick part of what `fits` asks of all.

        Most places fail at the first points, so that numbers one by one are quicker here than arrays.

        Args:
            points: rows + 1j * columns; beyond the border nothing is open.
            gap_px, set_back_px: as in `fits`.
        """
        rows, cols = self.scene.grid.shape
        to_road_px = self.terrain.to_road_px
        clearance_at = self.terrain.clearance_px.item
        to_road_at = None if to_road_px is None else to_road_px.item
        least_px = max(gap_px, SMALLEST_GAP_PX)
        for point in points:
            row, col = round(point.real), round(point.imag)
            if not (0 <= row < rows and 0 <= col < cols):
                return False
            pixel = row * cols + col
            if clearance_at(pixel) <= least_px:
                return False
            if to_road_at is not None and to_road_at(pixel) < set_back_px:
                return False
        return True

    def fits(
        self, footprint: Footprint, allowed: NDArray[np.bool_], gap_px: float, set_back_px: float = 0.0
    ) -> bool:
        """Return whether a footprint lies on allowed ground with a gap to everything else.

        Args:
            footprint: where it would stand.
            allowed: 256 booleans, by hub id of the surface.
            gap_px: open pixels between it and any object, water, ignored pixel or border; at least one.
            set_back_px: pixels between it and the nearest road, at least.
        """
        rows, cols = self.scene.grid.shape
        height, width = footprint.mask.shape
        if (
            footprint.row < 0
            or footprint.col < 0
            or footprint.row + height > rows
            or footprint.col + width > cols
        ):
            return False
        box, inside, terrain = footprint.window, footprint.mask, self.terrain
        # The distance from a pixel to its neighbour is 1, so a gap of g open pixels is a distance > g.
        least_px = max(gap_px, SMALLEST_GAP_PX)
        # A distance falls by no more than the way that is gone: with room, the middle tells for all.
        middle = (footprint.row + height // 2) * cols + footprint.col + width // 2
        reach_px = math.hypot(height, width) / 2 + ROUNDED_PX
        if terrain.clearance_px.item(middle) <= least_px + reach_px and np.count_nonzero(
            (terrain.clearance_px[box] <= least_px) & inside
        ):
            return False
        if (
            terrain.to_road_px is not None
            and terrain.to_road_px.item(middle) < set_back_px + reach_px
            and np.count_nonzero((terrain.to_road_px[box] < set_back_px) & inside)
        ):
            return False
        pixels = footprint.pixels
        if np.count_nonzero(terrain.plain[box] & inside) / pixels < PLAIN_SHARE:
            return False
        if np.count_nonzero(allowed[self.scene.surface[box]] & inside) < pixels:
            return False
        return not any(closed.touches(footprint) for closed in self._closed)

    def unclaimed(self) -> Mask:
        """Return (H, W) pixels that no event has touched, with the gaps that new objects keep around them."""
        free = np.ones(self.scene.grid.shape, bool)
        for closed in self._closed:
            # A gap may reach over the border, where there is nothing to claim.
            top, left = closed.footprint.row - closed.reach, closed.footprint.col - closed.reach
            grown = closed.grown[max(-top, 0) :, max(-left, 0) :]
            part = free[max(top, 0) :, max(left, 0) :][: grown.shape[0], : grown.shape[1]]
            part &= ~grown[: part.shape[0], : part.shape[1]]
        for object_id in sorted(self._gone):
            footprint = self.scene.objects[object_id].footprint
            free[footprint.window][footprint.mask] = False
        return free

    def take(self, footprint: Footprint, gap_px: float) -> None:
        """Close a footprint and the gap around it for later placements."""
        gap_px = max(gap_px, SMALLEST_GAP_PX)
        self._closed.append(_Closed(footprint, gap_px, math.ceil(gap_px)))


@dataclass(frozen=True)
class Outcome:
    """What a process did in one interval.

    Args:
        events: one or more an incident.
        drawn: incidents that the point process asked for.
        placed: incidents that found a place or an object.
        why: reason -> incidents that did not.
    """

    events: tuple[ChangeEvent, ...]
    drawn: int
    placed: int
    why: Mapping[str, int]
