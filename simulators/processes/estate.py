"""Estates: several buildings of a kind go up together on one piece of open ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject
from diachron.simulators.blocks import choose_block, draw_outline, ground_around, ground_event, union
from diachron.simulators.estates import lay_out
from diachron.simulators.intensity import check_where
from diachron.simulators.processes import construction
from diachron.simulators.removal import one_kind
from diachron.simulators.site import Outcome, Site

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """How often estates go up, how large they are and how their houses stand.

    Args:
        rate_per_km2_year: estates per km² and year. 1 is 1.3 in a pair of 256 pixels at 2 m over 5 years;
            fewer find room.
        area_m2: of an estate; lognormal. 6000 m² is some twenty plots of 300 m², a street of a new suburb.
        elongation: of its outline, long over short axis.
        lanes_m: between the houses of a row, and between rows.
        max_gap_m: widest gap between two standing buildings of one estate, when the past is painted.
        least_buildings: fewer are no estate.
        max_area_m2: larger buildings are not undone when the past is painted.
        build_years: from the levelling of the ground to the finished houses.
        houses: parameters of the houses, as of `construction`; their sources and areas come from the donors.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 1.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [6000.0, 0.7]})
    elongation: Quantity = (1.0, 2.5)
    lanes_m: Quantity = (3.0, 9.0)
    max_gap_m: float = 12.0
    least_buildings: int = 3
    max_area_m2: float = 3000.0
    build_years: Quantity = field(default_factory=lambda: {"lognormal": [1.2, 0.4]})
    houses: Mapping[str, object] = field(default_factory=dict)
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_where(self.where)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=10)
        check_quantity(self.lanes_m, key="lanes_m", low=0)
        check_quantity(self.max_gap_m, key="max_gap_m", low=0)
        check_quantity(self.least_buildings, key="least_buildings", low=1)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        check_quantity(self.build_years, key="build_years", low=0)
        construction.parameters_of(self.houses, key="houses")


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the estates whose ground is levelled at `times`; the houses stand when the work is done."""
    houses = construction.parameters_of(parameters.houses, key="houses")
    wish = construction.wish_of(site, houses)
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        outline = draw_outline(rng, parameters.area_m2, parameters.elongation, parameters.max_gap_m)
        lanes = draw_quantity(rng, parameters.lanes_m), draw_quantity(rng, parameters.lanes_m)
        years = draw_quantity(rng, parameters.build_years)
        height = draw_quantity(rng, houses.height_m)
        estate = lay_out(rng, site, wish, outline, lanes_m=lanes, least_buildings=parameters.least_buildings)
        if isinstance(estate, str):
            why[estate] += 1
            continue
        whole = union((estate.ground, *(house.footprint for house in estate.houses)))
        before, bare = Cover(0, one_kind(site, whole)), Cover(0, hub.BARE)
        levelled = ground_event(site, "estate", "levelled", float(time), whole, before, bare)
        events.append(levelled)
        for house in estate.houses:
            born = SceneObject(
                site.new_object_id(),
                hub.BUILDING,
                house.footprint,
                height,
                orientation_deg=house.orientation_deg,
            )
            events.append(_house_event(site, born, float(time) + years, house.parameters, levelled.id))
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the estates that were finished at `times` and stand in the real picture."""
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        outline = draw_outline(rng, parameters.area_m2, parameters.elongation, parameters.max_gap_m)
        years = draw_quantity(rng, parameters.build_years)
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
        ground = ground_around(site, block)
        if ground is None:
            why["no_ground"] += 1
            continue
        former, bare = Cover(0, ground), Cover(0, hub.BARE)
        levelled = ground_event(site, "estate", "levelled", float(time) - years, block.whole, former, bare)
        # Gardens and paths come with the houses: the ground is again what the real picture shows.
        now = Cover(0, one_kind(site, block.ground))
        events += [
            levelled,
            ground_event(
                site, "estate", "laid out", float(time), block.ground, bare, now, causes=(levelled.id,)
            ),
        ]
        events += [
            _house_event(site, entry, float(time), {"origin": "standing"}, levelled.id)
            for entry in block.buildings
        ]
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def _house_event(
    site: Site, house: SceneObject, time_years: float, parameters: dict[str, object], cause: int
) -> ChangeEvent:
    return ChangeEvent(
        id=site.new_event_id(),
        process="estate",
        kind="construction",
        phase="built",
        time_years=time_years,
        object_id=house.id,
        before=Cover(0, hub.BARE),
        after=Cover(house.id, None),
        footprint=house.footprint,
        area_m2=house.footprint.pixels * site.scene.grid.pixel_area_m2,
        new_object=house,
        parameters=parameters,
        causes=(cause,),
    )
