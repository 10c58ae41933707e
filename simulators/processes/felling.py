"""Trees that are felled: from single crowns to clear-cuts; bare ground, grass or scrub is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.simulators.incidents import check_kinds, find_piece, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import Form, Ground, change_event

REGISTERED = True

# The edge of a felled piece runs between crowns: bays of half a crown of 8 m.
CROWN_M = 4.0
BORDER_M = (0.2, 0.8)


@dataclass(frozen=True)
class Parameters:
    """How often trees are felled, and how many at a time.

    Args:
        rate_per_km2_year: fellings per km² and year. Set by us: 6 is two in a window of 512 pixels at 0.5 m
            in 5 years.
        area_m2: of the crowns that go; lognormal. 120 m² is two or three crowns of 8 m (50 m² each); with
            this spread one in fifty is a clear-cut of more than a quarter of a hectare. Set by us.
        elongation: long over short axis.
        leaves: weights of the ground that is left.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 6.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [120.0, 1.5]})
    elongation: Quantity = (1.0, 2.0)
    leaves: Mapping[str, float] = field(default_factory=lambda: {"bare": 0.5, "grass": 0.4, "shrub": 0.1})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=10)
        check_kinds("leaves", self.leaves)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the trees of the real picture that are felled at `times`."""
    return _felled(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the trees that were felled at `times` and of which the real picture shows the ground."""
    return _felled(rng, site, times, parameters, later=False)


def _felled(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    trees = {"tree": 1.0}
    here, there = (trees, parameters.leaves) if later else (parameters.leaves, trees)

    def form(stream: np.random.Generator) -> Form:
        return Form(
            elongation=max(1.0, draw_quantity(stream, parameters.elongation)),
            grain_m=CROWN_M,
            rough=0.35,
            rounded_m=CROWN_M / 4,
        )

    def incident(time: float) -> list[ChangeEvent] | str:
        border_m = float(rng.uniform(*BORDER_M))
        found = find_piece(rng, ground, here, there, parameters.area_m2, form)
        if isinstance(found, str):
            return found
        piece, other = found
        return [
            change_event(
                site, "felling", "felling", "felled", time, piece.footprint,
                Cover(0, piece.surface), Cover(0, other), later=later, border_m=border_m,
            )
        ]  # fmt: skip

    return outcome_of(times, incident)
