"""Whole blocks that come down: every building goes, and the ground between them is left bare or in rubble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject
from diachron.simulators.blocks import choose_block, draw_outline, ground_event
from diachron.simulators.estates import lay_out
from diachron.simulators.intensity import check_where
from diachron.simulators.processes import construction
from diachron.simulators.removal import one_kind
from diachron.simulators.site import Outcome, Site

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """How often blocks come down, how large they are and what is left of them.

    Args:
        rate_per_km2_year: blocks per km² and year. 2 is 2.6 in a pair of 256 pixels at 2 m over 5 years;
            fewer find a block.
        area_m2: of a block with its yards; lognormal. 4000 m² is the area-weighted median of what changes in
            GF-1 pairs at 2 m.
        elongation: of a block, long over short axis.
        max_gap_m: widest gap between two buildings of a block: yards and lanes, not streets.
        least_buildings: fewer are no block.
        max_area_m2: larger buildings stay.
        rubble: share of the block under rubble; the rest is swept to bare ground.
        lanes_m: between the houses of a row, and between rows, of blocks that stood in the past.
        former: parameters of those houses, as of `construction`.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 2.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [4000.0, 0.7]})
    elongation: Quantity = (1.0, 2.0)
    max_gap_m: float = 12.0
    least_buildings: int = 3
    max_area_m2: float = 6000.0
    rubble: Quantity = (0.4, 1.0)
    lanes_m: Quantity = (1.5, 6.0)
    former: Mapping[str, object] = field(default_factory=lambda: {"gap_m": 1.0, "set_back_m": 2.0})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_where(self.where)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=10)
        check_quantity(self.max_gap_m, key="max_gap_m", low=0)
        check_quantity(self.least_buildings, key="least_buildings", low=1)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        check_quantity(self.rubble, key="rubble", low=0, high=1)
        check_quantity(self.lanes_m, key="lanes_m", low=0)
        construction.parameters_of(self.former, key="former")


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the blocks of standing buildings that come down at `times`."""
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        outline = draw_outline(rng, parameters.area_m2, parameters.elongation, parameters.max_gap_m)
        rubble = min(1.0, max(0.0, draw_quantity(rng, parameters.rubble)))
        block = choose_block(
            rng,
            site,
            outline,
            least_buildings=parameters.least_buildings,
            max_area_m2=parameters.max_area_m2,
        )
        if block is None:
            why["no_block"] += 1
            continue
        bare = Cover(0, hub.BARE)
        first = ground_event(
            site,
            "clearance",
            "levelled",
            float(time),
            block.ground,
            Cover(0, one_kind(site, block.ground)),
            bare,
            parameters={"rubble": rubble},
        )
        events.append(first)
        events += [
            _house_event(site, entry, float(time), bare, {"origin": "standing"}, first.id)
            for entry in block.buildings
        ]
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the blocks that came down at `times` and of which the real picture shows open ground only."""
    former = construction.parameters_of(parameters.former, key="former")
    wish = construction.wish_of(site, former)
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        outline = draw_outline(rng, parameters.area_m2, parameters.elongation, parameters.max_gap_m)
        lanes = draw_quantity(rng, parameters.lanes_m), draw_quantity(rng, parameters.lanes_m)
        estate = lay_out(rng, site, wish, outline, lanes_m=lanes, least_buildings=parameters.least_buildings)
        if isinstance(estate, str):
            why[estate] += 1
            continue
        after = Cover(0, one_kind(site, estate.ground))
        bare = Cover(0, hub.BARE)
        first = ground_event(site, "clearance", "levelled", float(time), estate.ground, bare, after)
        events.append(first)
        for house in estate.houses:
            gone = SceneObject(
                site.new_object_id(), hub.BUILDING, house.footprint, orientation_deg=house.orientation_deg
            )
            ground = Cover(0, one_kind(site, house.footprint))
            events.append(_house_event(site, gone, float(time), ground, house.parameters, first.id))
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def _house_event(
    site: Site,
    building: SceneObject,
    time_years: float,
    after: Cover,
    parameters: dict[str, object],
    cause: int,
) -> ChangeEvent:
    return ChangeEvent(
        id=site.new_event_id(),
        process="clearance",
        kind="demolition",
        phase="demolished",
        time_years=time_years,
        object_id=building.id,
        before=Cover(building.id, None),
        after=after,
        footprint=building.footprint,
        area_m2=building.footprint.pixels * site.scene.grid.pixel_area_m2,
        new_object=building,
        parameters=parameters,
        causes=(cause,),
    )
