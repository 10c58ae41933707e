"""Roads that are widened along a stretch, on one side or both; the road stays the same one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import Footprint, object_class_map
from diachron.simulators.blocks import cropped
from diachron.simulators.incidents import PLACES, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.parts import KEPT_SHARE
from diachron.simulators.removal import one_kind
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import (
    Ground,
    change_event,
    cumulated,
    drawn_pixel,
    kind_around,
    window_around,
)

REGISTERED = True

Mask = NDArray[np.bool_]

# Fewer pixels than this are the rounding of a kerb.
FEWEST_PIXELS = 20
# A strip is broken off where a house or water stands in its way, down to this share of it.
FITS = 0.5
# What is left of a road has to be at least this wide, when the past shows it narrower.
NARROWEST_PX = 2.0
BORDER_M = (0.1, 0.4)
# Land beside a kerb is so many times as large as the strip; a median is not.
LEAST_LAND = 4.0


@dataclass(frozen=True)
class Parameters:
    """How often roads are widened, by how much, and over what length.

    Args:
        rate_per_km2_year: stretches per km² and year. Set by us: a third of `roads`.
        width_m: of the strip on one side. A lane is 3.0-3.6 m wide, a parking bay 2.0-2.5 m.
        length_m: of the stretch.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 1.5
    width_m: Quantity = (2.0, 4.0)
    length_m: Quantity = (30.0, 200.0)
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.width_m, key="width_m", low=0.5)
        check_quantity(self.length_m, key="length_m", low=1)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the roads of the real picture that are widened at `times`."""
    return _widened(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the roads that were widened at `times` to what the real picture shows."""
    return _widened(rng, site, times, parameters, later=False)


def _widened(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    scene = site.scene
    roads = object_class_map(scene.instances, scene.objects) == hub.ROAD
    kerb = cumulated(site, roads & ~ndimage.binary_erosion(roads), np.ones(scene.grid.shape))

    def incident(time: float) -> list[ChangeEvent] | str:
        width_px = max(1.0, draw_quantity(rng, parameters.width_m) / scene.grid.gsd_m)
        length_px = draw_quantity(rng, parameters.length_m) / scene.grid.gsd_m
        border_m = float(rng.uniform(*BORDER_M))
        for _ in range(PLACES):
            pixel = drawn_pixel(rng, kerb)
            if pixel is None:
                return "no_object"
            row, col = divmod(pixel, scene.grid.shape[1])
            number = int(scene.instances[row, col])
            strip = (_beside if later else _inside)(site, ground, row, col, width_px, length_px)
            if strip is None:
                continue
            kind = one_kind(site, strip) if later else kind_around(ground, strip)
            if not later and kind is None:
                continue
            ground.take(strip)
            here, there = Cover(0, kind), Cover(number, None)
            return [
                change_event(
                    site, "road_widening", "road widening", "widened", time, strip,
                    here if later else there, there if later else here, later=later,
                    # Where the past shows ground, it has a border; a new strip of road has a kerb.
                    border_m=None if later else border_m, object_id=number,
                )
            ]  # fmt: skip
        return "no_room"

    return outcome_of(times, incident)


def _beside(
    site: Site, ground: Ground, row: int, col: int, width_px: float, length_px: float
) -> Footprint | None:
    """Return open ground along the kerb at a pixel of a road; None where too much is in its way."""
    scene = site.scene
    number = int(scene.instances[row, col])
    box = window_around(row, col, math.ceil(length_px / 2 + width_px) + 2, scene.grid.shape)
    road = scene.instances[box] == number
    others = (scene.instances[box] > 0) & ~road
    far = ndimage.distance_transform_edt(~road)
    down, right = np.mgrid[box] - np.array([row, col])[:, None, None]
    wanted = (far > 0) & (far <= width_px) & (np.hypot(down, right) <= length_px / 2)
    free = ~others & ~np.isin(scene.surface[box], (hub.IGNORE, hub.WATER)) & site.unclaimed()[box]
    if others.any():
        # A pixel of ground stays between the new kerb and any wall.
        free &= ndimage.distance_transform_edt(~others) > 2.0
    pieces, count = ndimage.label(wanted & free)
    if count == 0:
        return None
    piece = pieces == int(np.bincount(pieces.ravel())[1:].argmax()) + 1
    sides, _ = ndimage.label(wanted)
    whole = sides == sides[piece][0]
    if np.count_nonzero(piece) < max(FEWEST_PIXELS, FITS * np.count_nonzero(whole)):
        return None
    if not (piece & (far <= 1.0)).any():
        return None
    return cropped(piece, box)


def _inside(
    site: Site, ground: Ground, row: int, col: int, width_px: float, length_px: float
) -> Footprint | None:
    """Return the outer strip of a road along the kerb at a pixel; None where too little would be left."""
    scene = site.scene
    number = int(scene.instances[row, col])
    box = window_around(row, col, math.ceil(length_px / 2 + width_px) + 2, scene.grid.shape)
    road = scene.instances[box] == number
    if not site.unclaimed()[box][road].all():
        return None
    # Other networks carry on where this one ends, and so does it beyond the border.
    depth = ndimage.distance_transform_edt(np.pad(road, 1, mode="edge"))[1:-1, 1:-1]
    down, right = np.mgrid[box] - np.array([row, col])[:, None, None]
    near_px = np.hypot(down, right)
    if 2 * float(depth[near_px <= length_px / 2].max()) - 1.0 < width_px + NARROWEST_PX:
        return None
    # One side only, and no median: the strip lies along the ground that its own kerb borders.
    land, _ = ndimage.label(~road)
    rows, cols = ndimage.distance_transform_edt(road, return_distances=False, return_indices=True)
    side = land[rows, cols]
    own_side = side[row - box[0].start, col - box[1].start]
    wanted = road & (depth <= width_px) & (near_px <= length_px / 2) & (side == own_side)
    pieces, _ = ndimage.label(wanted, np.ones((3, 3)))
    piece = pieces == pieces[row - box[0].start, col - box[1].start]
    pixels = np.count_nonzero(piece)
    if pixels < FEWEST_PIXELS or np.count_nonzero(land == own_side) < LEAST_LAND * pixels:
        return None
    if pixels > (1 - KEPT_SHARE) * site.terrain.object_px[number]:
        return None
    return cropped(piece, box)
