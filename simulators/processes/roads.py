"""Roads: new ones are built between what there is; tracks that were there are given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject
from diachron.simulators.centre_lines import OpenCountry, Way
from diachron.simulators.intensity import check_where
from diachron.simulators.removal import one_kind
from diachron.simulators.site import SMALLEST_GAP_PX, Outcome, Site

REGISTERED = True

# Points of the middle line in the record, in pixels between them.
RECORDED_PX = 4.0
# Narrower than this many pixels a road is a scratch.
NARROWEST_PX = 2.5


@dataclass(frozen=True)
class Parameters:
    """How often roads are built or given up, how wide and how long they are.

    Where the scheme knows no roads they change the picture only: a detector of buildings must not mind them.

    Args:
        rate_per_km2_year: roads per km² and year. 4 is one in a window of 512 pixels at 0.5 m in 4 years.
        width_m: kerb to kerb; a lane is 3-3.5 m wide, so one to two lanes.
        length_m: from end to end.
        gap_m: to buildings and anything else but roads.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 4.0
    width_m: Quantity = field(default_factory=lambda: {"lognormal": [5.5, 0.25]})
    length_m: Quantity = (25.0, 400.0)
    gap_m: float = 1.5
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_where(self.where)
        check_quantity(self.width_m, key="width_m", low=0.5)
        check_quantity(self.length_m, key="length_m", low=1)
        check_quantity(self.gap_m, key="gap_m", low=0)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the roads that are built at `times`."""
    return _roads(rng, site, times, parameters, built=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the roads that were given up at `times` and that the real picture no longer shows."""
    return _roads(rng, site, times, parameters, built=False)


def _roads(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, built: bool
) -> Outcome:
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    gsd = site.scene.grid.gsd_m
    country = OpenCountry(site) if len(times) else None
    for time in times:
        width_px = max(NARROWEST_PX, draw_quantity(rng, parameters.width_m) / gsd)
        length_px = draw_quantity(rng, parameters.length_m) / gsd
        gap_px = max(SMALLEST_GAP_PX, parameters.gap_m / gsd)
        way = None
        if country is not None:
            # Half of the drawn length or more will do: ends lie where they lie.
            way = country.way(
                rng, width_px=width_px, gap_px=gap_px, length_px=(length_px / 2, length_px * 1.2)
            )
        if country is None or way is None:
            why["no_room"] += 1
            continue
        site.take(way.footprint, gap_px)
        country.claim(way.footprint)
        events.append(_event(site, way, float(time), width_px * gsd, built=built))
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def _event(site: Site, way: Way, time_years: float, width_m: float, *, built: bool) -> ChangeEvent:
    road = SceneObject(site.new_object_id(), hub.ROAD, way.footprint)
    ground, standing = Cover(0, one_kind(site, way.footprint)), Cover(road.id, None)
    return ChangeEvent(
        id=site.new_event_id(),
        process="roads",
        kind="road building" if built else "road removal",
        phase="built" if built else "given up",
        time_years=time_years,
        object_id=road.id,
        before=ground if built else standing,
        after=standing if built else ground,
        footprint=way.footprint,
        area_m2=way.footprint.pixels * site.scene.grid.pixel_area_m2,
        new_object=road,
        parameters=line_of(way, width_m),
    )


def line_of(way: Way, width_m: float) -> dict[str, object]:
    """Return what a renderer must know to paint a road: points of its middle, and its width."""
    step = max(1, round(RECORDED_PX * len(way.line) / max(_length_px(way), 1.0)))
    kept = np.concatenate([way.line[:-1:step], way.line[-1:]])
    return {"line": np.round(kept, 1).tolist(), "width_m": round(width_m, 2)}


def _length_px(way: Way) -> float:
    return float(np.hypot(*np.diff(way.line, axis=0).T).sum())
