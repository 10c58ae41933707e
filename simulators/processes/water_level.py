"""Shores that move as the water rises or falls, and new ponds."""

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
from diachron.core.growth import grown
from diachron.core.scene import Footprint
from diachron.simulators.blocks import cropped, grown_window
from diachron.simulators.incidents import check_kinds, drawn_kind, find_piece, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.removal import one_kind
from diachron.simulators.site import Outcome, Site
from diachron.simulators.smooth_noise import smooth_noise
from diachron.simulators.surface_events import Form, Ground, change_event

REGISTERED = True

Mask = NDArray[np.bool_]

# Fewer pixels of a shore are the rounding of its line.
FEWEST_PIXELS = 20
# A flat shore moves farther than a steep one: bays of this size, and how much more or less (deviation of a
# logarithm). By eye.
BAY_M = 25.0
UNEVEN = 0.4
WET_EDGE_M = (0.5, 2.0)


@dataclass(frozen=True)
class Parameters:
    """How often the level of a water changes, by how much of its shore, and how often ponds are dug.

    Args:
        rate_per_km2_year: incidents per km² and year. Set by us: 1 is one in a window of 512 pixels at 0.5 m
            in 15 years.
        pond_share: of the incidents that dig (or, in the past, have filled) a pond; the others move a shore.
        rise_share: of the moving shores where the water rises; it falls in the others.
        shore_m: by which the line moves. A metre of level is 20 m on a beach of 1:20; set by us.
        pond_m2: of a new pond; lognormal. 300 m² is a garden or fire pond; set by us.
        bed: weights of the ground that shows where water has gone.
        pond_on: weights of the ground that ponds are dug in.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 1.0
    pond_share: float = 0.4
    rise_share: float = 0.5
    shore_m: Quantity = (2.0, 15.0)
    pond_m2: Quantity = field(default_factory=lambda: {"lognormal": [300.0, 0.9]})
    bed: Mapping[str, float] = field(default_factory=lambda: {"bare": 1.0, "grass": 0.3, "wetland": 0.3})
    pond_on: Mapping[str, float] = field(default_factory=lambda: {"grass": 1.0, "bare": 0.7, "crop": 0.5})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.pond_share, key="pond_share", low=0, high=1)
        check_quantity(self.rise_share, key="rise_share", low=0, high=1)
        check_quantity(self.shore_m, key="shore_m", low=0.1)
        check_quantity(self.pond_m2, key="pond_m2", low=1)
        check_kinds("bed", self.bed)
        check_kinds("pond_on", self.pond_on)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the shores that move and the ponds that are dug at `times`."""
    return _changes(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the shores that moved and the ponds that were dug at `times`, as the real picture shows."""
    return _changes(rng, site, times, parameters, later=False)


def _changes(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    bodies, count = ndimage.label(site.scene.surface == hub.WATER)
    moved: set[int] = set()

    def pond(time: float, border_m: float) -> list[ChangeEvent] | str:
        water = {"water": 1.0}
        here, there = (parameters.pond_on, water) if later else (water, parameters.pond_on)
        found = find_piece(
            rng, ground, here, there, parameters.pond_m2, lambda _: Form(elongation=1.4, rounded_m=1.5)
        )
        if isinstance(found, str):
            return found
        piece, other = found
        return [
            change_event(
                site, "water_level", "new pond", "dug", time, piece.footprint,
                Cover(0, piece.surface), Cover(0, other), later=later, border_m=border_m,
            )
        ]  # fmt: skip

    def shore(time: float, border_m: float) -> list[ChangeEvent] | str:
        rises = bool(rng.random() < parameters.rise_share)
        width_px = draw_quantity(rng, parameters.shore_m) / site.scene.grid.gsd_m
        if count == 0:
            return "no_water"
        number = _body(rng, site, bodies, count, moved)
        if number is None:
            return "no_water"
        body = bodies == number
        # Where the shown shore and the other one differ, there is water at one date and land at the other.
        flooded_there = rises == later
        band = _band(rng, site, ground, body, width_px, outwards=flooded_there)
        if band is None:
            return "no_room"
        area_m2 = band.pixels * site.scene.grid.pixel_area_m2
        if flooded_there:
            if not ground.can_be_painted(hub.WATER, area_m2):
                return "no_donor_ground"
            here, there = Cover(0, one_kind(site, band)), Cover(0, hub.WATER)
        else:
            kind = drawn_kind(rng, ground, parameters.bed, area_m2, but=hub.WATER)
            if kind is None:
                return "no_donor_ground"
            here, there = Cover(0, hub.WATER), Cover(0, kind)
        ground.take(band)
        # A second change of the same water would leave a wall of land in it.
        moved.add(number)
        phase = "risen" if rises else "fallen"
        return [
            change_event(
                site, "water_level", "water level", phase, time, band, here, there,
                later=later, border_m=border_m,
            )
        ]  # fmt: skip

    def incident(time: float) -> list[ChangeEvent] | str:
        border_m = float(rng.uniform(*WET_EDGE_M))
        digs = bool(rng.random() < parameters.pond_share)
        return pond(time, border_m) if digs else shore(time, border_m)

    return outcome_of(times, incident)


def _body(
    rng: np.random.Generator, site: Site, bodies: NDArray[np.int32], count: int, moved: set[int]
) -> int | None:
    """Return the number of one water by the length of its shore, of those that have not moved yet."""
    water = bodies > 0
    line = water & grown(~water, 1)
    likely = None if site.likelihood is None else site.likelihood[line]
    lengths = np.bincount(bodies[line], weights=likely, minlength=count + 1)
    lengths[[0, *sorted(moved)]] = 0
    if lengths.sum() <= 0:
        return None
    sums = np.cumsum(lengths)
    return int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))


def _band(
    rng: np.random.Generator, site: Site, ground: Ground, body: Mask, width_px: float, *, outwards: bool
) -> Footprint | None:
    """Return the ground between the shore that is and the one that will be, or was; None for a scrap."""
    noise = smooth_noise(rng, site.scene.grid.shape, BAY_M / site.scene.grid.gsd_m / 2)
    reach_px = np.maximum(width_px * np.exp(UNEVEN * noise), 0.0)
    # Neither side of the new shore lies farther off the water than the widest bay.
    rows, cols = (np.flatnonzero(body.any(axis=axis)) for axis in (1, 0))
    extent = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
    box = grown_window(extent, math.ceil(float(reach_px.max())) + 1, body.shape)
    body, reach_px, free, surface = body[box], reach_px[box], ground.open[box], site.scene.surface[box]
    # The edge of the picture is no shore.
    if outwards:
        distance = ndimage.distance_transform_edt(~body)
        band = (distance > 0) & (distance <= reach_px) & free & (surface != hub.WATER)
        beside = body
    else:
        land = ~body & (surface != hub.IGNORE)
        if not land.any():
            return None
        distance = ndimage.distance_transform_edt(~land)
        band = body & (distance <= reach_px) & free
        beside = land
    pieces, count = ndimage.label(band)
    if count == 0:
        return None
    meets = np.unique(pieces[grown(beside, 1) & band])
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    kept = np.zeros(count + 1, bool)
    kept[meets] = sizes[meets] >= FEWEST_PIXELS
    kept[0] = False
    band = kept[pieces]
    # Water that dries up whole is no shore that moves.
    if np.count_nonzero(band) < FEWEST_PIXELS or (not outwards and not (body & ~band).any()):
        return None
    return cropped(band, box)
