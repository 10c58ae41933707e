"""Trees that are planted: scrub first where they need years to close, then canopy."""

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
from diachron.simulators.surface_events import Form, Ground, change_event

REGISTERED = True

CROWN_M = 4.0
BORDER_M = (0.2, 0.8)


@dataclass(frozen=True)
class Parameters:
    """How often trees are planted, how many, and when their crowns meet.

    Args:
        rate_per_km2_year: plantings per km² and year. Set by us, two thirds of `felling`.
        area_m2: of the planted ground; lognormal. 200 m² is four grown crowns; set by us.
        elongation: long over short axis; rows along a way are long.
        on: weights of the ground that is planted.
        grow_years: from the planting to closed crowns. 4-12 years of broadleaves in temperate stands; set by
            us.
        shown_young_share: of the plantings that show scrub until then, where the picture has scrub to show;
            the others turn from ground to canopy when the crowns close, and are old nursery trees.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 4.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [200.0, 1.1]})
    elongation: Quantity = (1.0, 4.0)
    on: Mapping[str, float] = field(default_factory=lambda: {"grass": 1.0, "bare": 1.0, "shrub": 0.5})
    grow_years: Quantity = (4.0, 12.0)
    shown_young_share: float = 0.5
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=10)
        check_quantity(self.grow_years, key="grow_years", low=0)
        check_quantity(self.shown_young_share, key="shown_young_share", low=0, high=1)
        check_kinds("on", self.on)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the plantings at `times` on ground of the real picture."""
    return _planted(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the trees of the real picture whose crowns closed at `times`."""
    return _planted(rng, site, times, parameters, later=False)


def _planted(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    trees = {"tree": 1.0}
    here, there = (parameters.on, trees) if later else (trees, parameters.on)

    def form(stream: np.random.Generator) -> Form:
        return Form(
            elongation=max(1.0, draw_quantity(stream, parameters.elongation)),
            grain_m=CROWN_M,
            rough=0.35,
            rounded_m=CROWN_M / 4,
        )

    def incident(time: float) -> list[ChangeEvent] | str:
        border_m = float(rng.uniform(*BORDER_M))
        years = max(0.0, draw_quantity(rng, parameters.grow_years))
        young = bool(rng.random() < parameters.shown_young_share)
        found = find_piece(rng, ground, here, there, parameters.area_m2, form)
        if isinstance(found, str):
            return found
        piece, other = found
        open_ground = piece.surface if later else other
        area_m2 = piece.footprint.pixels * site.scene.grid.pixel_area_m2
        young &= open_ground != hub.SHRUB and ground.can_be_painted(hub.SHRUB, area_m2)

        def event(phase: str, when: float, before: int, after: int, causes: tuple[int, ...]) -> ChangeEvent:
            return change_event(
                site, "planting", "planting", phase, when, piece.footprint,
                Cover(0, before), Cover(0, after), later=True, border_m=border_m, causes=causes,
            )  # fmt: skip

        if not young:
            return [event("grown", time, open_ground, hub.TREE, ())]
        start = time if later else time - years
        planted = event("planted", start, open_ground, hub.SHRUB, ())
        return [planted, event("grown", start + years, hub.SHRUB, hub.TREE, (planted.id,))]

    return outcome_of(times, incident)
