"""Buildings that make room for another on the same plot: a new object of the same class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import Footprint, SceneObject
from diachron.simulators.donor_motion import centred_motion, feasible_turn, moved_footprint
from diachron.simulators.incidents import check_kinds, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.parts import room_beside
from diachron.simulators.placement import COARSEST, Placement
from diachron.simulators.removal import WHOLE_FILL, ground_under, one_kind
from diachron.simulators.shapes import draw_shape
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import change_event, weights_of, window_around

REGISTERED = True

# Buildings looked at before an incident is given up, and houses tried on each of their plots.
TRIED = 6
HOUSES = 12
# A house on the outline of the old one is a repair: more than this share of both in common.
SAME = 0.9


@dataclass(frozen=True)
class Parameters:
    """How often buildings are replaced, and by what.

    Args:
        rate_per_km2_year: replacements per km² and year. 0.5 is what a US suburb of 800 buildings per km²
            sees (7.7-10 % of the starts of single houses are teardowns: NAHB, 2015-2016); the default is six
            times as many, so that the kind is seen at all.
        build_years: from the demolition to the new building.
        size: area of the new footprint over the old one. New houses on old plots are larger.
        shift_m: of its middle from the old one, along each axis.
        height_m: of the new building.
        gap_m: to any other object.
        set_back_m: from the nearest road.
        turn_limit_deg: how far a donor's shadow may disagree with the scene's sun.
        max_area_m2: larger buildings stay.
        surfaces: ground that the new one may reach over, with any weight above 0.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 3.0
    build_years: Quantity = field(default_factory=lambda: {"lognormal": [1.2, 0.4]})
    size: Quantity = (0.7, 2.2)
    shift_m: Quantity = (-3.0, 3.0)
    height_m: Quantity = field(default_factory=lambda: {"lognormal": [7.0, 0.35]})
    gap_m: float = 2.0
    set_back_m: float = 2.0
    turn_limit_deg: float = 15.0
    max_area_m2: float = 1500.0
    surfaces: Mapping[str, float] = field(
        default_factory=lambda: {"bare": 1.0, "grass": 1.0, "shrub": 1.0, "tree": 1.0, "developed": 1.0}
    )
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.build_years, key="build_years", low=0)
        check_quantity(self.size, key="size", low=0.1, high=10)
        check_quantity(self.shift_m, key="shift_m")
        check_quantity(self.height_m, key="height_m", low=0)
        check_quantity(self.gap_m, key="gap_m", low=0)
        check_quantity(self.set_back_m, key="set_back_m", low=0)
        check_quantity(self.turn_limit_deg, key="turn_limit_deg", low=0, high=180)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        check_kinds("surfaces", self.surfaces)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the buildings of the real picture that come down at `times`, and those that follow them."""
    return _replaced(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the buildings of the real picture that were finished at `times`, and those before them."""
    return _replaced(rng, site, times, parameters, later=False)


def _replaced(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    def incident(time: float) -> list[ChangeEvent] | str:
        years = max(0.0, draw_quantity(rng, parameters.build_years))
        height_m = draw_quantity(rng, parameters.height_m)
        ids = site.standing(
            frozenset({hub.BUILDING}), max_area_m2=parameters.max_area_m2, least_fill=WHOLE_FILL
        )
        if not ids:
            return "no_object"
        reason = "no_donor"
        for number in site.shuffled(rng, ids, TRIED):
            entry = site.scene.objects[number]
            if not site.unclaimed()[entry.footprint.window][entry.footprint.mask].all():
                continue
            placement = _in_place_of(rng, site, entry, parameters)
            if isinstance(placement, str):
                reason = placement
                continue
            site.mark_gone(number)
            site.take(placement.footprint, parameters.gap_m / site.scene.grid.gsd_m)
            if placement.donor is not None:
                site.lend(placement.donor)
            other = SceneObject(
                site.new_object_id(),
                hub.BUILDING,
                placement.footprint,
                height_m if later else None,
                orientation_deg=placement.orientation_deg,
            )
            origin: dict[str, object] = {"origin": "standing"}
            shown, made = (entry, origin), (other, placement.parameters)
            (old, told_old), (new, told_new) = (shown, made) if later else (made, shown)
            start = time if later else time - years
            ground = ground_under(site, entry)
            goes = change_event(
                site, "replacement", "demolition", "demolished", start, old.footprint,
                Cover(old.id, None), Cover(0, ground if later else one_kind(site, old.footprint)),
                later=True, object_id=old.id, new_object=old, parameters=told_old,
            )  # fmt: skip
            comes = change_event(
                site, "replacement", "construction", "built", start + years, new.footprint,
                Cover(0, None), Cover(new.id, None),
                later=True, object_id=new.id, new_object=new, parameters=told_new, causes=(goes.id,),
            )  # fmt: skip
            return [goes, comes]
        return reason

    return outcome_of(times, incident)


def _in_place_of(
    rng: np.random.Generator, site: Site, entry: SceneObject, parameters: Parameters
) -> Placement | str:
    """Return another house on a building's plot: `no_donor` of about the size, or `no_room`."""
    scene = site.scene
    gsd = scene.grid.gsd_m
    area_m2 = entry.footprint.pixels * scene.grid.pixel_area_m2 * draw_quantity(rng, parameters.size)
    height, width = entry.footprint.mask.shape
    row = round(entry.footprint.row + height / 2 + draw_quantity(rng, parameters.shift_m) / gsd)
    col = round(entry.footprint.col + width / 2 + draw_quantity(rng, parameters.shift_m) / gsd)
    row, col = min(max(row, 0), scene.grid.shape[0] - 1), min(max(col, 0), scene.grid.shape[1] - 1)
    reach = math.ceil(2.0 * math.sqrt(area_m2) / gsd + max(height, width))
    box = window_around(row, col, reach, scene.grid.shape)
    allowed = weights_of(parameters.surfaces) > 0
    room = np.zeros(scene.grid.shape, bool)
    room[box] = room_beside(site, entry, box, allowed, parameters.gap_m, parameters.set_back_m)
    lenders = [
        lender
        for same_scene in (True, False)
        for lender in site.free_lenders(hub.BUILDING, same_scene=same_scene)
        if 0.6 <= lender.donor.area_m2 / area_m2 <= 1.7
        and (lender.donor.scene, lender.donor.object.id) != (scene.source, entry.id)
        and lender.donor.gsd_m <= COARSEST * gsd
    ]
    for k in rng.permutation(len(lenders))[:HOUSES].tolist():
        donor = lenders[k].donor
        turn = feasible_turn(lenders[k], entry.orientation_deg, parameters.turn_limit_deg)
        if turn is None:
            continue
        motion = centred_motion(donor, row, col, turn, donor.gsd_m / gsd)
        footprint = moved_footprint(donor, motion)
        if footprint is None or not _fits(footprint, room) or _alike(footprint, entry.footprint):
            continue
        own_deg = donor.object.orientation_deg
        facing = None if own_deg is None else (own_deg + turn) % 90.0
        lent = {"donor_scene": donor.scene, "donor_object": donor.object.id, "motion": motion.to_json()}
        return Placement(footprint, facing, {"origin": "donor", **lent}, donor)
    if not site.needs_pixels:
        footprint = draw_shape(rng, area_m2, gsd, entry.orientation_deg).footprint_at(row, col)
        if footprint is not None and _fits(footprint, room) and not _alike(footprint, entry.footprint):
            return Placement(footprint, entry.orientation_deg, {"origin": "drawn"})
    return "no_room" if lenders or not site.needs_pixels else "no_donor"


def _fits(footprint: Footprint, room: np.ndarray) -> bool:
    rows, cols = footprint.window
    if rows.start < 0 or cols.start < 0 or rows.stop > room.shape[0] or cols.stop > room.shape[1]:
        return False
    return bool(room[footprint.window][footprint.mask].all())


def _alike(one: Footprint, other: Footprint) -> bool:
    """Return whether two footprints are the same but for a rim."""
    rows, cols = (range(a.start, a.stop) for a in one.window)
    top, left = max(rows.start, other.row), max(cols.start, other.col)
    bottom = min(rows.stop, other.window[0].stop)
    right = min(cols.stop, other.window[1].stop)
    if top >= bottom or left >= right:
        return False
    mine = one.mask[top - one.row : bottom - one.row, left - one.col : right - one.col]
    theirs = other.mask[top - other.row : bottom - other.row, left - other.col : right - other.col]
    common = np.count_nonzero(mine & theirs)
    return common >= SAME * (one.pixels + other.pixels - common)
