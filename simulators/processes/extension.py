"""Buildings that grow by a wing along a wall, or lose their end; the building stays the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import Donor, SceneObject
from diachron.simulators.additions import cut_off, roof_for, wing
from diachron.simulators.incidents import check_kinds, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.removal import WHOLE_FILL, ground_under, one_kind
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import change_event, weights_of

REGISTERED = True

# Buildings looked at before an incident is given up.
TRIED = 8


@dataclass(frozen=True)
class Parameters:
    """How often buildings change their size, and by how much.

    A wing takes its roof from the building itself, or from another one of the place where that is too small.

    Args:
        rate_per_km2_year: incidents per km² and year. Set by us: 8 is one in a hundred of the 800 buildings
            of a suburban km².
        partial_demolition_share: of the incidents, in which an end of the building comes down.
        wall_share: of the length of the wall that a wing takes; of the longer side that is taken off, half of
            it.
        depth_m: of a wing, away from the wall: a room or two of 3-5 m.
        gap_m: to any other object.
        set_back_m: from the nearest road.
        max_area_m2: larger buildings stay as they are.
        surfaces: ground that a wing may stand on, with any weight above 0.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 8.0
    partial_demolition_share: float = 0.2
    wall_share: Quantity = (0.35, 1.0)
    depth_m: Quantity = (3.0, 8.0)
    gap_m: float = 1.5
    set_back_m: float = 2.0
    max_area_m2: float = 3000.0
    surfaces: Mapping[str, float] = field(
        default_factory=lambda: {"bare": 1.0, "grass": 1.0, "shrub": 1.0, "crop": 1.0, "developed": 1.0}
    )
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.partial_demolition_share, key="partial_demolition_share", low=0, high=1)
        check_quantity(self.wall_share, key="wall_share", low=0.1, high=1)
        check_quantity(self.depth_m, key="depth_m", low=0.5)
        check_quantity(self.gap_m, key="gap_m", low=0)
        check_quantity(self.set_back_m, key="set_back_m", low=0)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        check_kinds("surfaces", self.surfaces)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the wings and partial demolitions at `times` of buildings of the real picture."""
    return _resized(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the wings that were added and ends that came down at `times`, as the real picture shows."""
    return _resized(rng, site, times, parameters, later=False)


def _resized(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    allowed = weights_of(parameters.surfaces) > 0

    def incident(time: float) -> list[ChangeEvent] | str:
        falls = bool(rng.random() < parameters.partial_demolition_share)
        share = min(1.0, draw_quantity(rng, parameters.wall_share))
        depth_m = max(0.5, draw_quantity(rng, parameters.depth_m))
        ids = site.standing(
            frozenset({hub.BUILDING}), max_area_m2=parameters.max_area_m2, least_fill=WHOLE_FILL
        )
        if not ids:
            return "no_object"
        reason = "no_room"
        kind = "partial demolition" if falls else "extension"
        phase = "cut off" if falls else "extended"
        # The part shows in the real picture if it is taken off later, or was added before.
        for number in site.shuffled(rng, ids, TRIED):
            entry = site.scene.objects[number]
            if not site.unclaimed()[entry.footprint.window][entry.footprint.mask].all():
                continue
            ground: int | None
            if falls == later:
                part = cut_off(rng, site, entry, share / 2)
                more: dict[str, object] | None = {}
                ground = ground_under(site, entry)
            else:
                part = wing(
                    rng, site, entry, share=share, depth_m=depth_m, allowed=allowed,
                    gap_m=parameters.gap_m, set_back_m=parameters.set_back_m,
                )  # fmt: skip
                more = None if part is None else roof_for(site, _roofs(site, entry), part)
                ground = None if part is None else one_kind(site, part)
                if more is None and not site.needs_pixels:
                    more = {"origin": "drawn"}
            if part is None:
                continue
            if more is None:
                reason = "no_donor"
                continue
            site.mark_gone(number)
            site.take(part, parameters.gap_m / site.scene.grid.gsd_m)
            stands, open_ground = Cover(number, None), Cover(0, ground)
            here, there = (stands, open_ground) if falls == later else (open_ground, stands)
            return [
                change_event(
                    site, "extension", kind, phase, time, part, here, there, later=later,
                    object_id=number, parameters=more,
                )
            ]  # fmt: skip
        return reason

    return outcome_of(times, incident)


def _roofs(site: Site, entry: SceneObject) -> list[Donor]:
    """Return the building itself, and donors of this scene whose walls run the same way."""
    scene = site.scene
    area_m2 = entry.footprint.pixels * scene.grid.pixel_area_m2
    own = Donor(scene.source, entry, area_m2, scene.grid.gsd_m, scene.sun)
    others = [lender.donor for lender in site.lenders(hub.BUILDING, same_scene=True)]
    return [own, *(donor for donor in others if donor.object.id != entry.id)]
