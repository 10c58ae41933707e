"""Parcels that change their class, by a matrix in which every class can come and go, buildings too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import SceneObject, object_class_map
from diachron.simulators.centre_lines import OpenCountry
from diachron.simulators.incidents import outcome_of
from diachron.simulators.intensity import check_where
from diachron.simulators.parts import network_piece
from diachron.simulators.placement import place
from diachron.simulators.processes import construction, roads
from diachron.simulators.removal import WHOLE_FILL, one_kind
from diachron.simulators.site import SMALLEST_GAP_PX, Outcome, Site
from diachron.simulators.surface_events import (
    Form,
    Ground,
    change_event,
    cumulated,
    drawn_pixel,
    weights_of,
)
from diachron.simulators.transition_rules import matrix_for

REGISTERED = True

# Places looked at before an incident is given up.
PLACES = 24
# Width of the passage from the old ground to the new: a verge, a row of weeds. By eye.
BORDER_M = (0.3, 1.5)
# Paving ends at a joint or a kerb.
KERB_M = (0.1, 0.3)
# A new road lies on ground of the drawn class with this share of it.
MOSTLY = 0.5


@dataclass(frozen=True)
class Parameters:
    """How often parcels change, from what into what, and how large they are.

    A parcel is a connected piece of one class, or a part of the drawn size where the piece is larger. A
    building, pool, greenhouse or pitch goes as a whole, and comes as `construction` would put it up; of a
    road or rail a stretch goes, and it comes as a new line. What the picture shows no ground of (and so
    cannot be painted) does not come, and nothing else in its place: `no_donor_ground`.

    Args:
        rate_per_km2_year: parcels per km² and year. Set by us: 10 is 3 in a window of 512 pixels at 0.5 m
            in 5 years.
        matrix: class -> what it becomes, with weights. The sum of a row is how readily that class changes,
            per area. Empty for the rules of the source's scheme, see `simulators.transition_rules`.
        area_m2: of parcels of ground; lognormal. 600 m² is a large garden; set by us.
        elongation: of a parcel, long over short side.
        straight_share: of the parcels whose sides follow the walls around; the others have a free outline.
        stretch_m: length of a road or rail that goes.
        max_area_m2: larger buildings stay.
        buildings: parameters of new ones, as of `construction`.
        road_width_m, road_length_m: of new roads and rails.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 10.0
    matrix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [600.0, 0.9]})
    elongation: Quantity = (1.0, 2.5)
    straight_share: float = 0.6
    stretch_m: Quantity = (15.0, 60.0)
    max_area_m2: float = 3000.0
    buildings: Mapping[str, object] = field(default_factory=dict)
    road_width_m: Quantity = field(default_factory=lambda: {"lognormal": [5.5, 0.25]})
    road_length_m: Quantity = (25.0, 300.0)
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=10)
        check_quantity(self.straight_share, key="straight_share", low=0, high=1)
        check_quantity(self.stretch_m, key="stretch_m", low=1)
        check_quantity(self.max_area_m2, key="max_area_m2", low=0)
        check_quantity(self.road_width_m, key="road_width_m", low=0.5)
        check_quantity(self.road_length_m, key="road_length_m", low=1)
        construction.parameters_of(self.buildings, key="buildings")
        check_where(self.where)
        check_matrix(self.matrix)


def check_matrix(matrix: Mapping[str, Mapping[str, float]]) -> None:
    """Raise unless a matrix names classes of the hub, and ground on at least one side of each change.

    Raises:
        RecipeError: an unknown class, a negative weight, a class that becomes itself, or object to object.
    """
    known = set(hub.NAMES.values()) - {"ignore"}
    for source, row in matrix.items():
        if source not in known:
            raise RecipeError(f"matrix: '{source}' is no class; {nearest_names(source, known)}")
        for target, weight in row.items():
            key = f"matrix.{source}.{target}"
            if target not in known:
                raise RecipeError(f"{key}: '{target}' is no class; {nearest_names(target, known)}")
            check_quantity(weight, key=key, low=0)
            if source == target:
                raise RecipeError(f"{key}: a class that becomes itself is no change; leave it out")
            if hub.IDS[source] in hub.OBJECTS and hub.IDS[target] in hub.OBJECTS:
                raise RecipeError(
                    f"{key}: an object becomes ground first; give {source}: {{bare: 1}} and bare: "
                    f"{{{target}: 1}}, or use the process 'replacement'"
                )


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the parcels that become another class at `times`."""
    return _changes(rng, site, times, parameters, later=True)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the parcels that became at `times` what the real picture shows."""
    return _changes(rng, site, times, parameters, later=False)


def _changes(
    rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters, *, later: bool
) -> Outcome:
    if not len(times):
        return Outcome((), 0, 0, {})
    work = _Work(rng, site, parameters, later=later)

    def incident(time: float) -> list[ChangeEvent] | str:
        found = work.event(time)
        return found if isinstance(found, str) else [found]

    return outcome_of(times, incident)


class _Work:
    """The incidents of one direction on one site.

    Args:
        rng: the process's stream.
        site, parameters: as given.
        later: whether the other date comes after the real picture.
    """

    def __init__(self, rng: np.random.Generator, site: Site, parameters: Parameters, *, later: bool) -> None:
        self.rng, self.site, self.parameters, self.later = rng, site, parameters, later
        self.ground = Ground(site)
        self.table = np.zeros((17, 17))
        for source, row in (parameters.matrix or matrix_for(site.scene.schema)).items():
            for target, weight in row.items():
                self.table[hub.IDS[source], hub.IDS[target]] = weight
        if not later:
            # What the picture shows came from one of these.
            self.table = self.table.T.copy()
        scene = site.scene
        self.classes = object_class_map(scene.instances, scene.objects)
        self.shown = np.where(self.classes > 0, self.classes, scene.surface)
        readiness = self.table.sum(axis=1)[self.shown]
        free = (readiness > 0) & (self.ground.open | (self.classes > 0))
        self.pixels = cumulated(site, free, readiness)
        self.country: OpenCountry | None = None

    def event(self, time: float) -> ChangeEvent | str:
        """Return one change, or why there is none."""
        if self.pixels[0].size == 0:
            return "no_source"
        reason = "no_room"
        for _ in range(PLACES):
            pixel = drawn_pixel(self.rng, self.pixels)
            chance = float(self.rng.random())
            area_m2 = self.ground.drawn_m2(self.rng, self.parameters.area_m2)
            if pixel is None:
                return "no_source"
            row, col = divmod(pixel, self.shown.shape[1])
            here = int(self.shown[row, col])
            weights = self.table[here]
            there = int(np.searchsorted(np.cumsum(weights) / weights.sum(), chance, side="right"))
            if there in hub.SURFACES and not self.ground.can_be_painted(there, area_m2):
                # Not drawn anew: paving can always be painted, and woods that show no other ground would all
                # be paved.
                return "no_donor_ground"
            if here in hub.OBJECTS:
                found = self._object_goes(row, col, here, there, time)
            elif there in hub.OBJECTS:
                found = self._object_comes(here, there, time)
            else:
                found = self._ground_changes(row, col, there, area_m2, time)
            if not isinstance(found, str):
                return found
            reason = found
        return reason

    def _ground_changes(
        self, row: int, col: int, there: int, area_m2: float, time: float
    ) -> ChangeEvent | str:
        given, rng = self.parameters, self.rng
        form = Form(
            elongation=max(1.0, draw_quantity(rng, given.elongation)),
            straight=bool(rng.random() < given.straight_share),
        )
        paved = hub.DEVELOPED in (there, int(self.site.scene.surface[row, col]))
        border_m = float(rng.uniform(*(KERB_M if paved else BORDER_M)))
        if not self.ground.open[row, col]:
            return "no_room"
        piece = self.ground.piece(rng, row, col, area_m2, form)
        if piece is None:
            return "no_room"
        self.ground.take(piece.footprint)
        return change_event(
            self.site, "class_transition", "class transition", "changed", time, piece.footprint,
            Cover(0, piece.surface), Cover(0, there), later=self.later, border_m=border_m,
        )  # fmt: skip

    def _object_goes(self, row: int, col: int, here: int, there: int, time: float) -> ChangeEvent | str:
        site, scene = self.site, self.site.scene
        number = int(scene.instances[row, col])
        if here in hub.NETWORKS:
            length_m = max(1.0, draw_quantity(self.rng, self.parameters.stretch_m))
            border_m = float(self.rng.uniform(*BORDER_M))
            part = network_piece(site, site.unclaimed(), row, col, length_m)
            if part is None:
                return "no_room"
            self.ground.take(part)
            return change_event(
                site, "class_transition", "class transition", "changed", time, part,
                Cover(number, None), Cover(0, there), later=self.later, border_m=border_m, object_id=number,
            )  # fmt: skip
        # Labels of a block are no building that could go alone.
        fill = WHOLE_FILL if here == hub.BUILDING else 0.0
        if number not in site.standing(
            frozenset({here}), max_area_m2=self.parameters.max_area_m2, least_fill=fill
        ):
            return "no_object"
        entry = scene.objects[number]
        if not site.unclaimed()[entry.footprint.window][entry.footprint.mask].all():
            return "no_object"
        site.mark_gone(number)
        return change_event(
            site, "class_transition", "class transition", "changed", time, entry.footprint,
            Cover(number, None), Cover(0, there), later=self.later, object_id=number, new_object=entry,
            parameters={"origin": "standing"},
        )  # fmt: skip

    def _object_comes(self, here: int, there: int, time: float) -> ChangeEvent | str:
        if there in hub.NETWORKS:
            return self._line_comes(here, there, time)
        site = self.site
        given = construction.parameters_of(self.parameters.buildings, key="buildings")
        only_here = weights_of({hub.NAMES[here]: 1.0})
        wish = replace(construction.wish_of(site, given), object_class=there, surface_weights=only_here)
        placement = place(self.rng, site, wish)
        if isinstance(placement, str):
            return placement
        self.ground.take(placement.footprint)
        born = SceneObject(
            site.new_object_id(),
            there,
            placement.footprint,
            draw_quantity(self.rng, given.height_m) if there == hub.BUILDING else None,
            orientation_deg=placement.orientation_deg,
        )
        return change_event(
            site, "class_transition", "class transition", "changed", time, placement.footprint,
            Cover(0, one_kind(site, placement.footprint)), Cover(born.id, None), later=self.later,
            object_id=born.id, new_object=born, parameters=placement.parameters,
        )  # fmt: skip

    def _line_comes(self, here: int, there: int, time: float) -> ChangeEvent | str:
        site, given, rng = self.site, self.parameters, self.rng
        if there == hub.RAIL and site.needs_pixels:
            return "no_donor"
        gsd = site.scene.grid.gsd_m
        width_px = max(roads.NARROWEST_PX, draw_quantity(rng, given.road_width_m) / gsd)
        length_px = draw_quantity(rng, given.road_length_m) / gsd
        country = OpenCountry(site)
        way = country.way(
            rng, width_px=width_px, gap_px=SMALLEST_GAP_PX, length_px=(length_px / 2, length_px * 1.2)
        )
        if way is None:
            return "no_room"
        under = site.scene.surface[way.footprint.window][way.footprint.mask]
        if np.count_nonzero(under == here) < MOSTLY * under.size:
            return "no_room"
        self.ground.take(way.footprint)
        line = SceneObject(site.new_object_id(), there, way.footprint)
        return change_event(
            site, "class_transition", "class transition", "changed", time, way.footprint,
            Cover(0, one_kind(site, way.footprint)), Cover(line.id, None), later=self.later,
            object_id=line.id, new_object=line, parameters=roads.line_of(way, width_px * gsd),
        )  # fmt: skip
