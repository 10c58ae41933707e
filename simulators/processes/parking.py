"""Car parks beside large buildings: the ground is levelled, then paved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.growth import near
from diachron.simulators.incidents import check_kinds, find_piece, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import (
    Form,
    Ground,
    Weighted,
    change_event,
    cumulated,
    weights_of,
)

REGISTERED = True

# Kerbs are sharp.
BORDER_M = (0.1, 0.3)


@dataclass(frozen=True)
class Parameters:
    """How often car parks are laid out, how large, and beside what.

    Args:
        rate_per_km2_year: car parks per km² and year. Set by us.
        area_m2: lognormal. 800 m² are 32 cars at 25 m² each, bay and share of the lane.
        elongation: long over short side.
        beside_m2: least area of the building that it belongs to.
        within_m: of a wall of that building.
        work_years: from the levelling to the paving.
        on: weights of the ground that is paved.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 1.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [800.0, 0.7]})
    elongation: Quantity = (1.0, 3.0)
    beside_m2: float = 400.0
    within_m: float = 12.0
    work_years: Quantity = (0.1, 0.5)
    on: Mapping[str, float] = field(default_factory=lambda: {"grass": 1.0, "bare": 1.0, "shrub": 0.5})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=20)
        check_quantity(self.beside_m2, key="beside_m2", low=0)
        check_quantity(self.within_m, key="within_m", low=1)
        check_quantity(self.work_years, key="work_years", low=0)
        check_kinds("on", self.on)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the car parks whose ground is levelled at `times`."""
    return _paved(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the paved ground of the real picture that was finished at `times`."""
    return _paved(rng, site, times, parameters, later=False)


def _paved(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    paved = {"developed": 1.0}
    here, there = (parameters.on, paved) if later else (paved, parameters.on)
    starts = _starts(site, ground, here, parameters)

    def form(stream: np.random.Generator) -> Form:
        elongation = max(1.0, draw_quantity(stream, parameters.elongation))
        # A yard between walls is paved as far as it goes.
        return Form(elongation, straight=True, rounded_m=1.5, least_share=0.25)

    def incident(time: float) -> list[ChangeEvent] | str:
        border_m = float(rng.uniform(*BORDER_M))
        years = max(0.0, draw_quantity(rng, parameters.work_years))
        if starts is None:
            return "no_object"
        found = find_piece(rng, ground, here, there, parameters.area_m2, form, starts)
        if isinstance(found, str):
            return found
        piece, other = found
        open_ground = piece.surface if later else other
        area_m2 = piece.footprint.pixels * site.scene.grid.pixel_area_m2

        def event(phase: str, when: float, before: int, after: int, causes: tuple[int, ...]) -> ChangeEvent:
            return change_event(
                site, "parking", "parking", phase, when, piece.footprint,
                Cover(0, before), Cover(0, after), later=True, border_m=border_m, causes=causes,
            )  # fmt: skip

        if open_ground == hub.BARE or not ground.can_be_painted(hub.BARE, area_m2):
            return [event("paved", time, open_ground, hub.DEVELOPED, ())]
        start = time if later else time - years
        levelled = event("levelled", start, open_ground, hub.BARE, ())
        return [levelled, event("paved", start + years, hub.BARE, hub.DEVELOPED, (levelled.id,))]

    return outcome_of(times, incident)


def _starts(site: Site, ground: Ground, here: Mapping[str, float], parameters: Parameters) -> Weighted | None:
    """Return the ground near large buildings from which a car park may grow; None without such a building."""
    scene = site.scene
    large = [
        number
        for number in site.standing(frozenset({hub.BUILDING}))
        if site.terrain.object_px[number] * scene.grid.pixel_area_m2 >= parameters.beside_m2
    ]
    if not large:
        return None
    weights = weights_of(here)[scene.surface]
    close = near(np.isin(scene.instances, large), parameters.within_m / scene.grid.gsd_m)
    return cumulated(site, close & ground.open & (weights > 0), weights)
