"""New buildings: a plot is cleared, then built on, beside the roads and neighbours that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject
from diachron.simulators.placement import Wish, place
from diachron.simulators.removal import choose_standing, ground_under
from diachron.simulators.site import Outcome, Site

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """What kind of building goes up, how often and where.

    Args:
        rate_per_km2_year: incidents per km² and year. 30 is the middle of what LEVIR-CD (13-38) and
            S2Looking (about 30 per pair) hold.
        area_m2: footprint of drawn shapes; lognormal with the median and spread of US state inventories
            (Microsoft footprints: median 142-228 m², sigma 0.73-1.0).
        height_m: of the new building.
        build_years: from the clearing of the plot to the finished building.
        gap_m: to any other object; detached houses keep 2-6 m.
        set_back_m: from the nearest road.
        turn_limit_deg: how far a donor's shadow may disagree with the scene's sun.
        scale: size of a donor from another scene against the original.
        sources: weights of footprints copied from this scene, from other scenes, and drawn.
        surfaces: relative density by surface; what is not named is not built on.
        max_area_m2: larger buildings are not undone when the past is painted.
    """

    rate_per_km2_year: float = 30.0
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [160.0, 0.8]})
    height_m: Quantity = field(default_factory=lambda: {"lognormal": [6.0, 0.35]})
    build_years: Quantity = field(default_factory=lambda: {"lognormal": [0.8, 0.4]})
    gap_m: float = 2.0
    set_back_m: Quantity = (3.0, 8.0)
    turn_limit_deg: float = 12.0
    scale: Quantity = (0.92, 1.08)
    sources: Mapping[str, float] = field(default_factory=lambda: {"scene": 0.6, "others": 0.3, "drawn": 0.1})
    surfaces: Mapping[str, float] = field(
        default_factory=lambda: {"bare": 1.0, "grass": 1.0, "shrub": 0.8, "crop": 0.6, "developed": 0.5}
    )
    max_area_m2: float = 1500.0

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.height_m, key="height_m", low=0)
        check_quantity(self.build_years, key="build_years", low=0)
        check_quantity(self.gap_m, key="gap_m", low=0)
        check_quantity(self.set_back_m, key="set_back_m", low=0)
        check_quantity(self.turn_limit_deg, key="turn_limit_deg", low=0, high=180)
        check_quantity(self.scale, key="scale", low=0.25, high=4)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        for key, table, names in (
            ("sources", self.sources, {"scene", "others", "drawn"}),
            ("surfaces", self.surfaces, set(hub.SURFACES.values())),
        ):
            for name, weight in table.items():
                if name not in names:
                    raise RecipeError(f"{key}: '{name}' is not one of them; {nearest_names(name, names)}")
                check_quantity(weight, key=f"{key}.{name}", low=0)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the constructions that begin at `times`: `cleared` then, `built` when the work is done."""
    wish = wish_of(site, parameters)
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        placement = place(rng, site, wish)
        years = draw_quantity(rng, parameters.build_years)
        height = draw_quantity(rng, parameters.height_m)
        if isinstance(placement, str):
            why[placement] += 1
            continue
        born = SceneObject(
            site.new_object_id(),
            hub.BUILDING,
            placement.footprint,
            height,
            orientation_deg=placement.orientation_deg,
        )
        under = site.scene.surface[placement.footprint.window][placement.footprint.mask]
        # Ground of one kind can be told in the log, and comes back when it is read backwards.
        ground = int(under[0]) if (under == under[0]).all() else None
        events += _phases(site, born, ground, float(time), float(time) + years, placement.parameters)
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the constructions that were finished at `times` and stand in the real picture."""
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        chosen = choose_standing(rng, site, frozenset({hub.BUILDING}), parameters.max_area_m2)
        years = draw_quantity(rng, parameters.build_years)
        if chosen is None:
            why["no_object"] += 1
            continue
        events += _phases(
            site, chosen, ground_under(site, chosen), float(time) - years, float(time), {"origin": "standing"}
        )
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def wish_of(site: Site, parameters: Parameters) -> Wish:
    """Return what placement is asked for; grey ground of unknown kind is left out."""
    weights = np.zeros(256)
    for name, weight in parameters.surfaces.items():
        weights[hub.IDS[name]] = weight
    if site.scene.surface_is_estimated:
        # Where the labels know buildings only, grey ground may be a road.
        weights[hub.DEVELOPED] = 0.0
    sources = tuple(float(parameters.sources.get(name, 0.0)) for name in ("scene", "others", "drawn"))
    return Wish(
        object_class=hub.BUILDING,
        area_m2=parameters.area_m2,
        surface_weights=weights,
        gap_m=parameters.gap_m,
        set_back_m=parameters.set_back_m,
        turn_limit_deg=parameters.turn_limit_deg,
        scale=parameters.scale,
        sources=(sources[0], sources[1], sources[2]),
    )


def _phases(
    site: Site,
    building: SceneObject,
    ground: int | None,
    cleared_years: float,
    built_years: float,
    parameters: dict[str, object],
) -> list[ChangeEvent]:
    """Return the two events of one construction; the second names the first as its cause."""
    area_m2 = building.footprint.pixels * site.scene.grid.pixel_area_m2
    cleared_id, built_id = site.new_event_id(), site.new_event_id()

    def event(
        number: int, phase: str, time: float, before: Cover, after: Cover, **more: object
    ) -> ChangeEvent:
        return ChangeEvent(
            id=number,
            process="construction",
            kind="construction",
            phase=phase,
            time_years=time,
            object_id=building.id,
            before=before,
            after=after,
            footprint=building.footprint,
            area_m2=area_m2,
            parameters=parameters,
            **more,  # type: ignore[arg-type]
        )

    plot = Cover(0, hub.BARE)
    return [
        event(cleared_id, "cleared", cleared_years, Cover(0, ground), plot),
        event(
            built_id,
            "built",
            built_years,
            plot,
            Cover(building.id, None),
            new_object=building,
            causes=(cleared_id,),
        ),
    ]
