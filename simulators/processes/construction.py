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
from diachron.simulators.intensity import check_where
from diachron.simulators.placement import Wish, place
from diachron.simulators.removal import choose_standing, ground_under
from diachron.simulators.site import Outcome, Site

REGISTERED = True

# Phases between the cleared plot and the building, with the share of the time that has passed by then. Of the
# 7-8 months that a house takes in the US (Census, Survey of Construction, start to completion; recalled),
# earthwork and foundation take one to two, and the frame has its roof before the half.
STAGES = (("foundation", 0.2), ("walls", 0.35))


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
        look_temperature: how freely donors are chosen that look unlike the place (colours of ground
            and roofs, sharpness): one that is farther by this many usual differences of yards is taken e
            times less often; 0 takes the nearest, 100 takes any.
        parcel_share: of the donors that bring their yard along (garden, drive, trees), where it suits; where
            no sun is known, all from the same picture do, with their shadow, unless this is 0.
        parcel_margin_m: how far around the house that reaches.
        staged_share: of the sites that show a foundation and then walls without a roof; the others stay bare
            plots until the building stands.
        where: see `simulators.intensity`.
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
    look_temperature: float = 0.5
    parcel_share: float = 0.3
    parcel_margin_m: Quantity = (3.0, 8.0)
    staged_share: float = 0.0
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_where(self.where)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.height_m, key="height_m", low=0)
        check_quantity(self.build_years, key="build_years", low=0)
        check_quantity(self.gap_m, key="gap_m", low=0)
        check_quantity(self.set_back_m, key="set_back_m", low=0)
        check_quantity(self.turn_limit_deg, key="turn_limit_deg", low=0, high=180)
        check_quantity(self.scale, key="scale", low=0.25, high=4)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        check_quantity(self.staged_share, key="staged_share", low=0, high=1)
        check_quantity(self.look_temperature, key="look_temperature", low=0)
        check_quantity(self.parcel_share, key="parcel_share", low=0, high=1)
        check_quantity(self.parcel_margin_m, key="parcel_margin_m", low=0)
        for key, table, names in (
            ("sources", self.sources, {"scene", "others", "drawn"}),
            ("surfaces", self.surfaces, set(hub.SURFACES.values())),
        ):
            for name, weight in table.items():
                if name not in names:
                    raise RecipeError(f"{key}: '{name}' is not one of them; {nearest_names(name, names)}")
                check_quantity(weight, key=f"{key}.{name}", low=0)


def parameters_of(given: Mapping[str, object], *, key: str) -> Parameters:
    """Return the parameters that another process states for the buildings it puts up.

    Args:
        given: name -> value; what is missing keeps its default.
        key: under which they stand there, for the error.

    Raises:
        RecipeError: an unknown name, with the nearest one, or a value out of range.
    """
    known = Parameters.__dataclass_fields__
    for name in given:
        if name not in known:
            raise RecipeError(f"{key}: unknown key '{name}'; {nearest_names(str(name), known)}")
    return Parameters(**given)  # type: ignore[arg-type]


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
        first = int(under[0])
        ground = first if np.count_nonzero(under == first) == under.size else None
        staged = parameters.staged_share > 0 and rng.random() < parameters.staged_share
        events += _phases(site, born, ground, float(time), float(time) + years, placement.parameters, staged)
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
        staged = parameters.staged_share > 0 and rng.random() < parameters.staged_share
        ground = ground_under(site, chosen)
        origin: dict[str, object] = {"origin": "standing"}
        events += _phases(site, chosen, ground, float(time) - years, float(time), origin, staged)
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
        look_temperature=parameters.look_temperature,
        parcel_share=parameters.parcel_share,
        parcel_margin_m=parameters.parcel_margin_m,
    )


def _phases(
    site: Site,
    building: SceneObject,
    ground: int | None,
    cleared_years: float,
    built_years: float,
    parameters: dict[str, object],
    staged: bool,
) -> list[ChangeEvent]:
    """Return the phases of one construction; each names the one before as its cause.

    Foundation and walls change nothing on the maps: there is no building before it has a roof.
    """
    area_m2 = building.footprint.pixels * site.scene.grid.pixel_area_m2

    def event(phase: str, time: float, before: Cover, after: Cover, **more: object) -> ChangeEvent:
        return ChangeEvent(
            id=site.new_event_id(),
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
    phases = [event("cleared", cleared_years, Cover(0, ground), plot)]
    for phase, share in STAGES if staged else ():
        time = cleared_years + share * (built_years - cleared_years)
        phases.append(event(phase, time, plot, plot, causes=(phases[-1].id,)))
    standing = Cover(building.id, None)
    phases.append(event("built", built_years, plot, standing, new_object=building, causes=(phases[-1].id,)))
    return phases
