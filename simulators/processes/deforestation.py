"""Deforestation fronts: a wood is cleared strip by strip, from its edge inwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.growth import near
from diachron.core.scene import object_class_map
from diachron.simulators.incidents import check_kinds, find_piece, outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import (
    Form,
    Ground,
    Weighted,
    change_event,
    cumulated,
    in_steps,
    weights_of,
)

REGISTERED = True

BORDER_M = (0.3, 1.0)
CROWN_M = 8.0
# A front starts within this distance of a road or of ground that is not wood.
EDGE_M = 6.0


@dataclass(frozen=True)
class Parameters:
    """How often fronts start, how far they go, and how fast.

    Args:
        rate_per_km2_year: fronts per km² and year. Set by us: 0.5 is two in a km² over 4 years.
        area_m2: cleared by one front in the end; lognormal. One hectare is the plot of a smallholder; set by
            us.
        steps: strips of like area, one after the other away from the edge; each has the one before as its
            cause.
        step_years: between two strips: a clearing a season.
        leaves: weights of the ground that is left.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 0.5
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [10000.0, 0.8]})
    steps: Quantity = (3.0, 6.0)
    step_years: Quantity = (0.4, 1.2)
    leaves: Mapping[str, float] = field(default_factory=lambda: {"bare": 0.5, "grass": 0.3, "crop": 0.2})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.steps, key="steps", low=1, high=50)
        check_quantity(self.step_years, key="step_years", low=0)
        check_kinds("leaves", self.leaves)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the fronts that enter the woods of the real picture at `times`."""
    return _cleared(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the fronts that had reached at `times` what the real picture shows as open ground."""
    return _cleared(rng, site, times, parameters, later=False)


def _cleared(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    trees = {"tree": 1.0}
    here, there = (trees, parameters.leaves) if later else (parameters.leaves, trees)
    starts = _starts(site, ground, here)

    def incident(time: float) -> list[ChangeEvent] | str:
        count = max(1, round(draw_quantity(rng, parameters.steps)))
        years = max(0.0, draw_quantity(rng, parameters.step_years))
        border_m = float(rng.uniform(*BORDER_M))
        found = find_piece(rng, ground, here, there, parameters.area_m2, _form, starts)
        if isinstance(found, str):
            return found
        piece, other = found
        left = other if later else piece.surface
        parts = in_steps(piece, count)
        start = time if later else time - years * (len(parts) - 1)
        events: list[ChangeEvent] = []
        for step, part in enumerate(parts):
            events.append(
                change_event(
                    site, "deforestation", "deforestation", "cleared strip", start + years * step, part,
                    Cover(0, hub.TREE), Cover(0, left), later=True, border_m=border_m,
                    causes=(events[-1].id,) if events else (),
                )
            )  # fmt: skip
        return events

    return outcome_of(times, incident)


def _form(rng: np.random.Generator) -> Form:
    # A small wood is cleared to its end.
    return Form(
        float(rng.uniform(1.0, 1.6)), grain_m=CROWN_M, rough=0.15, rounded_m=CROWN_M / 4, least_share=0.2
    )


def _starts(site: Site, ground: Ground, here: Mapping[str, float]) -> Weighted:
    """Return the pixels at which a front may begin: at the edge of its ground, or beside a road."""
    scene = site.scene
    weights = weights_of(here)
    inside = ground.open & (weights > 0)[scene.surface]
    roads = object_class_map(scene.instances, scene.objects) == hub.ROAD
    outside = ((weights == 0)[scene.surface] & (scene.surface != hub.IGNORE) & (scene.instances == 0)) | roads
    edge = inside & near(outside, max(2.0, EDGE_M / scene.grid.gsd_m))
    # A wood that fills the picture is entered from its border.
    border = np.zeros_like(inside)
    border[[0, -1]] = border[:, [0, -1]] = True
    wanted = edge if edge.any() else inside & border
    return cumulated(site, wanted, weights[scene.surface])
