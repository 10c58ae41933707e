"""Fields that are sown, ploughed, or lie fallow for some years: a whole field, hedge to hedge."""

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

# A boundary strip between two fields.
BORDER_M = (0.5, 1.5)


@dataclass(frozen=True)
class Parameters:
    """How often fields change, into what, and which come back.

    `fields` cuts rectangles from open land; here a field is what the labels say it is.

    Args:
        rate_per_km2_year: fields per km² and year. Set by us: 6 is one in five of the 30 that a km² of 3 ha
            fields has.
        area_m2: above which a field is cut; lognormal. 6400 m² is the upper bound of the smallest field class
            of the world (Lesiv et al. 2019: < 0.64, 0.64-2.56, 2.56-16, 16-100, > 100 ha).
        elongation: of a cut, long over short side.
        land: weights of the kinds that fields have and turn into; a field does not turn into its own kind.
        fallow_share: of the changes that are undone after `fallow_years`.
        fallow_years: until a fallow field is what it was.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 6.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [6400.0, 0.8]})
    elongation: Quantity = (1.0, 3.0)
    land: Mapping[str, float] = field(default_factory=lambda: {"crop": 1.0, "bare": 0.7, "grass": 0.5})
    fallow_share: float = 0.25
    fallow_years: Quantity = (1.0, 3.0)
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=20)
        check_quantity(self.fallow_share, key="fallow_share", low=0, high=1)
        check_quantity(self.fallow_years, key="fallow_years", low=0)
        check_kinds("land", self.land)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the fields of the real picture that change at `times`."""
    return _changes(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the fields that became at `times` what the real picture shows."""
    return _changes(rng, site, times, parameters, later=False)


def _changes(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)

    def form(stream: np.random.Generator) -> Form:
        elongation = max(1.0, draw_quantity(stream, parameters.elongation))
        return Form(elongation=elongation, straight=True, rounded_m=2.0)

    def incident(time: float) -> list[ChangeEvent] | str:
        border_m = float(rng.uniform(*BORDER_M))
        fallow = bool(rng.random() < parameters.fallow_share)
        years = max(0.0, draw_quantity(rng, parameters.fallow_years))
        found = find_piece(rng, ground, parameters.land, parameters.land, parameters.area_m2, form)
        if isinstance(found, str):
            return found
        piece, other = found

        def event(phase: str, when: float, before: int, after: int, causes: tuple[int, ...]) -> ChangeEvent:
            return change_event(
                site, "crop_change", "crop change", phase, when, piece.footprint,
                Cover(0, before), Cover(0, after), later=True, border_m=border_m, causes=causes,
                parameters={"rows_deg": round(piece.along_deg, 1)},
            )  # fmt: skip

        shown = piece.surface
        if not fallow:
            return [event("turned over", time, *((shown, other) if later else (other, shown)), ())]
        # In the past, a fallow that ended at `time` had begun some years before; the picture shows its end.
        start = time if later else time - years
        left = event("left fallow", start, shown, other, ())
        return [left, event("taken up", start + years, other, shown, (left.id,))]

    return outcome_of(times, incident)
