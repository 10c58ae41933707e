"""Quarries and pits: ground is opened, and the bare land grows outwards from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.simulators.incidents import check_kinds, find_piece, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import Form, Ground, change_event, in_steps

REGISTERED = True

BORDER_M = (0.5, 2.0)
# Benches and haul roads make the edge of a pit wander at this scale.
BENCH_M = 15.0


@dataclass(frozen=True)
class Parameters:
    """How often pits are opened, how large they become, and in how many steps.

    Args:
        rate_per_km2_year: pits per km² and year. Set by us: 0.3 is one in a window of 512 pixels at 1 m in 12
            years.
        area_m2: at their largest; lognormal. 8000 m² is a sand pit; set by us.
        elongation: long over short axis.
        steps: in which it grows, of like area, from a point outwards.
        years: from the first to the last.
        on: weights of the ground that is opened.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 0.3
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [8000.0, 0.8]})
    elongation: Quantity = (1.0, 2.0)
    steps: Quantity = (2.0, 5.0)
    years: Quantity = (2.0, 8.0)
    on: Mapping[str, float] = field(
        default_factory=lambda: {"grass": 1.0, "crop": 1.0, "shrub": 1.0, "tree": 0.5}
    )
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=10)
        check_quantity(self.steps, key="steps", low=1, high=50)
        check_quantity(self.years, key="years", low=0)
        check_kinds("on", self.on)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the pits that are opened at `times`."""
    return _opened(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the pits that reached at `times` what the real picture shows as bare land."""
    return _opened(rng, site, times, parameters, later=False)


def _opened(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    bare = {"bare": 1.0}
    here, there = (parameters.on, bare) if later else (bare, parameters.on)

    def form(stream: np.random.Generator) -> Form:
        elongation = max(1.0, draw_quantity(stream, parameters.elongation))
        return Form(elongation=elongation, grain_m=BENCH_M, rough=0.2, rounded_m=2.0)

    def incident(time: float) -> list[ChangeEvent] | str:
        border_m = float(rng.uniform(*BORDER_M))
        count = max(1, round(draw_quantity(rng, parameters.steps)))
        years = max(0.0, draw_quantity(rng, parameters.years))
        found = find_piece(rng, ground, here, there, parameters.area_m2, form)
        if isinstance(found, str):
            return found
        piece, other = found
        natural = piece.surface if later else other
        parts = in_steps(piece, count)
        pause = years / max(len(parts) - 1, 1)
        start = time if later else time - pause * (len(parts) - 1)
        events: list[ChangeEvent] = []
        for step, part in enumerate(parts):
            events.append(
                change_event(
                    site, "quarry", "quarry", "opened" if step == 0 else "grown",
                    start + pause * step, part,
                    Cover(0, natural), Cover(0, hub.BARE), later=True, border_m=border_m,
                    causes=(events[-1].id,) if events else (),
                )
            )  # fmt: skip
        return events

    return outcome_of(times, incident)
