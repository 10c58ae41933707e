"""Whole buildings that are taken down: the ground that fits comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import check_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject
from diachron.simulators.intensity import check_where
from diachron.simulators.placement import place
from diachron.simulators.processes import construction
from diachron.simulators.removal import choose_standing, ground_under
from diachron.simulators.site import Outcome, Site

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """How often buildings go, and which.

    Args:
        rate_per_km2_year: incidents per km² and year. 4 is four times the suburban rate of England
            (0.022 % of the stock a year is 0.2 in 800 buildings/km²; with rebuilding up to 6), so that the
            rarer half of change is not starved.
        max_area_m2: larger buildings stay.
        former: parameters of the buildings that stood in the past, when the past is painted.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 4.0
    max_area_m2: float = 1500.0
    former: Mapping[str, object] = field(default_factory=dict)
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_where(self.where)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        construction.parameters_of(self.former, key="former")


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the demolitions at `times` of buildings that stand in the real picture."""
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        chosen = choose_standing(rng, site, frozenset({hub.BUILDING}), parameters.max_area_m2)
        if chosen is None:
            why["no_object"] += 1
            continue
        ground = ground_under(site, chosen)
        events.append(_event(site, chosen, float(time), ground, {"origin": "standing"}, None))
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the demolitions at `times` of buildings that the real picture no longer shows."""
    former = construction.parameters_of(parameters.former, key="former")
    wish = construction.wish_of(site, former)
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        placement = place(rng, site, wish)
        if isinstance(placement, str):
            why[placement] += 1
            continue
        gone = SceneObject(
            site.new_object_id(), hub.BUILDING, placement.footprint, orientation_deg=placement.orientation_deg
        )
        events.append(_event(site, gone, float(time), None, placement.parameters, gone))
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def _event(
    site: Site,
    building: SceneObject,
    time_years: float,
    ground: int | None,
    parameters: dict[str, object],
    brought_back: SceneObject | None,
) -> ChangeEvent:
    return ChangeEvent(
        id=site.new_event_id(),
        process="demolition",
        kind="demolition",
        phase="demolished",
        time_years=time_years,
        object_id=building.id,
        before=Cover(building.id, None),
        after=Cover(0, ground),
        footprint=building.footprint,
        area_m2=building.footprint.pixels * site.scene.grid.pixel_area_m2,
        new_object=brought_back if brought_back is not None else building,
        parameters=parameters,
    )
