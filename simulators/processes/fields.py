"""Fields that become another kind of field: ploughed, sown, or left to grass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.events import ChangeEvent, Cover
from diachron.simulators.intensity import check_where
from diachron.simulators.parcels import FARMED, Farmland
from diachron.simulators.site import Outcome, Site

REGISTERED = True

# A field turns only into a kind of which the place shows this share of its area: something to paint it with.
SHOWN_SHARE = 0.5


@dataclass(frozen=True)
class Parameters:
    """How often fields change, and into what.

    It is change where the scheme knows both kinds of ground; elsewhere it is a look-alike that is no change.

    Args:
        rate_per_km2_year: fields per km² and year. 5 is one in eight of the 200 that a km² of small
            farms has, in 5 years.
        area_m2: of a parcel; lognormal. 5000 m² is half a hectare, a field of a small farm.
        elongation: long over short side.
        becomes: weights of what a field turns into; its own kind is left out.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 5.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [5000.0, 0.8]})
    elongation: Quantity = (1.0, 4.0)
    becomes: Mapping[str, float] = field(default_factory=lambda: {"crop": 1.0, "grass": 0.6, "bare": 1.0})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_where(self.where)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=20)
        known = {hub.NAMES[kind] for kind in FARMED}
        for name, weight in self.becomes.items():
            if name not in known:
                raise RecipeError(f"becomes: '{name}' is not one of them; {nearest_names(name, known)}")
            check_quantity(weight, key=f"becomes.{name}", low=0)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the fields that change at `times` into another kind."""
    return _changes(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the fields that changed at `times` into what the real picture shows."""
    return _changes(rng, site, times, parameters, later=False)


def _changes(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    if not len(times):
        return Outcome((), 0, 0, {})
    # Labels that know no fields leave only what can be told from colours.
    kinds = tuple(kind for kind in FARMED if kind != hub.CROP or not site.scene.surface_is_estimated)
    farmland = Farmland(site)
    for time in times:
        parcel = farmland.parcel(
            rng,
            area_m2=max(1.0, draw_quantity(rng, parameters.area_m2)),
            elongation=max(1.0, draw_quantity(rng, parameters.elongation)),
        )
        chance = rng.random()
        if parcel is None:
            why["no_room"] += 1
            continue
        least_px = round(SHOWN_SHARE * parcel.footprint.pixels)
        weights = np.array(
            [
                parameters.becomes.get(hub.NAMES[kind], 0.0)
                if kind != parcel.surface and farmland.shows(kind, least_px)
                else 0.0
                for kind in kinds
            ]
        )
        if weights.sum() == 0:
            why["no_other_kind"] += 1
            continue
        other = kinds[int(np.searchsorted(np.cumsum(weights) / weights.sum(), chance, side="right"))]
        site.take(parcel.footprint, 0.0)
        farmland.claim(parcel.footprint)
        here, there = Cover(0, parcel.surface), Cover(0, other)
        events.append(
            ChangeEvent(
                id=site.new_event_id(),
                process="fields",
                kind="field change",
                phase="turned over",
                time_years=float(time),
                object_id=0,
                before=here if later else there,
                after=there if later else here,
                footprint=parcel.footprint,
                area_m2=parcel.footprint.pixels * site.scene.grid.pixel_area_m2,
                parameters={"rows_deg": round(parcel.along_deg, 1)},
            )
        )
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))
