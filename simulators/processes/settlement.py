"""Settlements along a new road: trees are felled, the road is built, and houses follow along it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject
from diachron.simulators.centre_lines import OpenCountry, Way
from diachron.simulators.donor_motion import centred_motion, feasible_turn, moved_footprint
from diachron.simulators.incidents import outcome_of, refused
from diachron.simulators.intensity import check_where
from diachron.simulators.lenders import Lender
from diachron.simulators.placement import COARSEST, Placement
from diachron.simulators.processes import construction, roads
from diachron.simulators.removal import one_kind
from diachron.simulators.shapes import draw_shape
from diachron.simulators.site import SMALLEST_GAP_PX, Outcome, Site
from diachron.simulators.surface_events import Ground, change_event

REGISTERED = True

BORDER_M = (0.2, 0.8)
# Donors tried on one plot.
DONORS_PER_PLOT = 3
# Fewer pixels of trees in the way are a branch.
FEWEST_PIXELS = 20


@dataclass(frozen=True)
class Parameters:
    """How often a road opens land, and the houses along it.

    Args:
        rate_per_km2_year: roads with their houses per km² and year. Set by us: an eighth of `roads`.
        width_m, length_m: of the road, as of `roads`.
        plot_m: along the road, from house to house; a detached house has 15-25 m.
        front_m: from the kerb to the wall; 3-8 m.
        built_share: of the plots on which a house goes up.
        road_years: from the felling to the road.
        build_years: from the road to each house.
        houses: parameters of the houses, as of `construction`; of their sources only donors are used where
            pixels are needed.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 0.5
    width_m: Quantity = field(default_factory=lambda: {"lognormal": [5.5, 0.2]})
    length_m: Quantity = (40.0, 300.0)
    plot_m: Quantity = (15.0, 25.0)
    front_m: Quantity = (3.0, 8.0)
    built_share: float = 0.7
    road_years: Quantity = (0.2, 1.0)
    build_years: Quantity = (0.5, 3.0)
    houses: Mapping[str, object] = field(default_factory=lambda: {"gap_m": 2.0})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.width_m, key="width_m", low=0.5)
        check_quantity(self.length_m, key="length_m", low=1)
        check_quantity(self.plot_m, key="plot_m", low=2)
        check_quantity(self.front_m, key="front_m", low=0)
        check_quantity(self.built_share, key="built_share", low=0, high=1)
        check_quantity(self.road_years, key="road_years", low=0)
        check_quantity(self.build_years, key="build_years", low=0)
        construction.parameters_of(self.houses, key="houses")
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the settlements that begin at `times`; road and houses name what they follow from."""
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    country = OpenCountry(site)
    gsd = site.scene.grid.gsd_m
    houses = construction.parameters_of(parameters.houses, key="houses")

    def incident(time: float) -> list[ChangeEvent] | str:
        width_px = max(roads.NARROWEST_PX, draw_quantity(rng, parameters.width_m) / gsd)
        length_px = draw_quantity(rng, parameters.length_m) / gsd
        border_m = float(rng.uniform(*BORDER_M))
        built = time + max(0.0, draw_quantity(rng, parameters.road_years))
        gap_px = max(SMALLEST_GAP_PX, houses.gap_m / gsd)
        way = country.way(rng, width_px=width_px, gap_px=gap_px, length_px=(length_px / 2, length_px * 1.2))
        if way is None:
            return "no_room"
        under = site.scene.surface[way.footprint.window]
        trees = way.footprint.mask & (under == hub.TREE)
        events: list[ChangeEvent] = []
        start = time
        if np.count_nonzero(trees) >= FEWEST_PIXELS and ground.can_be_painted(
            hub.BARE, np.count_nonzero(trees) * site.scene.grid.pixel_area_m2
        ):
            events.append(
                change_event(
                    site, "settlement", "felling", "felled", time, way.footprint,
                    Cover(0, one_kind(site, way.footprint)), Cover(0, hub.BARE),
                    later=True, border_m=border_m,
                )
            )  # fmt: skip
            start = built
        line = SceneObject(site.new_object_id(), hub.ROAD, way.footprint)
        before = Cover(0, hub.BARE) if events else Cover(0, one_kind(site, way.footprint))
        road = change_event(
            site, "settlement", "road building", "built", start, way.footprint, before,
            Cover(line.id, None), later=True, object_id=line.id, new_object=line,
            parameters=roads.line_of(way, width_px * gsd), causes=tuple(event.id for event in events),
        )  # fmt: skip
        events.append(road)
        site.take(way.footprint, gap_px)
        country.claim(way.footprint)
        for placement in _along(rng, site, way, width_px, parameters, houses):
            country.claim(placement.footprint)
            years = max(0.0, draw_quantity(rng, parameters.build_years))
            born = SceneObject(
                site.new_object_id(),
                hub.BUILDING,
                placement.footprint,
                draw_quantity(rng, houses.height_m),
                orientation_deg=placement.orientation_deg,
            )
            events.append(
                change_event(
                    site, "settlement", "construction", "built", start + years, placement.footprint,
                    Cover(0, one_kind(site, placement.footprint)), Cover(born.id, None), later=True,
                    object_id=born.id, new_object=born, parameters=placement.parameters, causes=(road.id,),
                )
            )  # fmt: skip
        return events

    return outcome_of(times, incident)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return nothing: undoing it would take a whole road out of the real picture."""
    return refused(times, "network_would_vanish")


def _along(
    rng: np.random.Generator,
    site: Site,
    way: Way,
    width_px: float,
    parameters: Parameters,
    houses: construction.Parameters,
) -> list[Placement]:
    """Return the houses on both sides of a road that find room; they are taken."""
    gsd = site.scene.grid.gsd_m
    allowed = construction.wish_of(site, houses).allowed.copy()
    steps = np.hypot(*np.diff(way.line, axis=0).T)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    lenders = [
        lender
        for same_scene in (True, False)
        for lender in site.free_lenders(hub.BUILDING, same_scene=same_scene)
        if lender.donor.gsd_m <= COARSEST * gsd
    ]
    found: list[Placement] = []
    for side in (-1.0, 1.0):
        at = float(rng.random()) * draw_quantity(rng, parameters.plot_m) / gsd
        while at < travelled[-1]:
            here = np.array([np.interp(at, travelled, way.line[:, axis]) for axis in (0, 1)])
            k = min(int(np.searchsorted(travelled, at)), len(way.line) - 2)
            ahead = way.line[k + 1] - way.line[k]
            ahead = ahead / max(float(np.hypot(*ahead)), 1e-9)
            front_px = draw_quantity(rng, parameters.front_m) / gsd
            if rng.random() < parameters.built_share:
                placement = _house(
                    rng, site, lenders, here, ahead, side, width_px / 2 + front_px, allowed, houses
                )
                if placement is not None:
                    site.take(placement.footprint, max(SMALLEST_GAP_PX, houses.gap_m / gsd))
                    if placement.donor is not None:
                        site.lend(placement.donor)
                        lenders = [lender for lender in lenders if lender.donor is not placement.donor]
                    found.append(placement)
            at += draw_quantity(rng, parameters.plot_m) / gsd
    return found


def _house(
    rng: np.random.Generator,
    site: Site,
    lenders: list[Lender],
    here: np.ndarray,
    ahead: np.ndarray,
    side: float,
    front_px: float,
    allowed: np.ndarray,
    houses: construction.Parameters,
) -> Placement | None:
    """Return a house whose front wall stands a way off the middle of the road, parallel to it."""
    gsd = site.scene.grid.gsd_m
    along_deg = math.degrees(math.atan2(ahead[0], ahead[1]))
    off = side * np.array([-ahead[1], ahead[0]])
    gap_px = max(SMALLEST_GAP_PX, houses.gap_m / gsd)
    for k in rng.permutation(len(lenders))[:DONORS_PER_PLOT].tolist():
        donor = lenders[k].donor
        turn = feasible_turn(lenders[k], along_deg % 90.0, houses.turn_limit_deg)
        if turn is None:
            continue
        depth_px = math.sqrt(donor.area_m2) / gsd / 2
        row, col = np.rint(here + off * (front_px + depth_px)).astype(int).tolist()
        motion = centred_motion(donor, row, col, turn, donor.gsd_m / gsd)
        footprint = moved_footprint(donor, motion)
        if footprint is None or not site.fits(footprint, allowed, gap_px):
            continue
        own_deg = donor.object.orientation_deg
        facing = None if own_deg is None else (own_deg + turn) % 90.0
        lent = {"donor_scene": donor.scene, "donor_object": donor.object.id, "motion": motion.to_json()}
        return Placement(footprint, facing, {"origin": "donor", **lent}, donor)
    if site.needs_pixels:
        return None
    shape = draw_shape(rng, draw_quantity(rng, houses.area_m2), gsd, along_deg % 90.0)
    row, col = np.rint(here + off * (front_px + shape.width_px / 2)).astype(int).tolist()
    drawn = shape.footprint_at(row, col)
    if drawn is None or not site.fits(drawn, allowed, gap_px):
        return None
    return Placement(drawn, along_deg % 90.0, {"origin": "drawn"})
