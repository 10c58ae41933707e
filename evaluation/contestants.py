"""Simulators as the counts of `defects` see them: label map in, houses or label map out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.events import ChangeEvent, EventLog
from diachron.core.scene import Donor, Scene, SceneObject, object_class_map
from diachron.core.streams import stream
from diachron.evaluation.testmaps import Place, raw_scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction, demolition
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site, Terrain, survey
from diachron.simulators.snapshots import EditedWindow, edited_windows, snapshot

Ids = NDArray[np.int32]
CONSTRUCTION = construction.Parameters()
DEMOLITION = demolition.Parameters()


@dataclass(frozen=True)
class Houses:
    """The houses of a place at two dates: (H, W) numbers, 0 where none stands."""

    before: Ids
    after: Ids


class Contestant(Protocol):
    """What is asked of a simulator of change."""

    name: str

    def add(self, place: Place, count: int, seed: int) -> Houses:
        """Return the houses before and after `count` were added."""
        ...

    def remove(self, place: Place, count: int, seed: int) -> Houses:
        """Return the houses before and after `count` were taken away."""
        ...

    def mix(self, place: Place, count: int, seed: int) -> tuple[Houses, Houses]:
        """Return, for `count` taken away and `count` added in one step, what went and what came."""
        ...

    def evolve(self, place: Place, seed: int, *, still: bool = False) -> NDArray[np.uint8]:
        """Return the label map after a usual step; `still` sets every rate to zero."""
        ...

    def callers_stream(self) -> object:
        """Return the state of the random stream that a caller shares with the simulator; None for none."""
        ...


@dataclass(frozen=True)
class Prepared:
    """A test map as this package works on it, made once."""

    scene: Scene
    terrain: Terrain
    donors: tuple[Donor, ...]

    @classmethod
    def of(cls, place: Place) -> Prepared:
        """Return a map with its survey and the houses that may be put up again."""
        scene = prepare(raw_scene(place))
        return cls(scene, survey(scene), donors_of(scene))

    def site(self) -> Site:
        """Return fresh ground for one simulation; no picture is painted, so none is asked for."""
        return Site(self.scene, self.terrain, self.donors)


def run_events(
    prepared: Prepared, rng: np.random.Generator, added: int, removed: int
) -> tuple[EventLog, list[EditedWindow]]:
    """Return the log of a number of constructions and demolitions, and what they leave in the label map."""
    site = prepared.site()
    events: tuple[ChangeEvent, ...] = ()
    if removed:
        events += demolition.forward(rng, site, _times(removed), DEMOLITION).events
    if added:
        events += construction.forward(rng, site, _times(added), CONSTRUCTION).events
    log = EventLog(events)
    return log, list(edited_windows(prepared.scene, log, prepared.scene.schema))


def _times(count: int) -> Sequence[float]:
    return [(number + 0.5) / count for number in range(count)]


@dataclass
class Diachron:
    """This package, with its default parameters."""

    name: str = "diachron"
    years: float = 5.0
    _kept: dict[str, Prepared] = field(default_factory=dict, repr=False)

    def prepared(self, place: Place) -> Prepared:
        """Return a map prepared at its first use."""
        if place.name not in self._kept:
            self._kept[place.name] = Prepared.of(place)
        return self._kept[place.name]

    def add(self, place: Place, count: int, seed: int) -> Houses:
        """Return the houses before and after constructions."""
        return self._houses(place, seed, added=count, removed=0)[1]

    def remove(self, place: Place, count: int, seed: int) -> Houses:
        """Return the houses before and after demolitions."""
        return self._houses(place, seed, added=0, removed=count)[0]

    def mix(self, place: Place, count: int, seed: int) -> tuple[Houses, Houses]:
        """Return the houses before and after demolitions, and before and after constructions."""
        return self._houses(place, seed, added=count, removed=count)

    def _houses(self, place: Place, seed: int, *, added: int, removed: int) -> tuple[Houses, Houses]:
        prepared = self.prepared(place)
        log, _ = run_events(prepared, stream(seed, 0, "defects"), added, removed)
        scene = prepared.scene
        before = _building_ids(scene.instances, scene.objects)
        sides = []
        for process in ("demolition", "construction"):
            part = EventLog(tuple(event for event in log if event.process == process))
            state = snapshot(scene, part, time_years=np.inf, anchor_years=-np.inf)
            sides.append(Houses(before, _building_ids(state.instances, state.objects)))
        return sides[0], sides[1]

    def evolve(self, place: Place, seed: int, *, still: bool = False) -> NDArray[np.uint8]:
        """Return the label map after five years at the default rates, or at rates of zero."""
        prepared = self.prepared(place)
        modules = {"construction": construction, "demolition": demolition}
        off = {"rate_per_km2_year": 0.0} if still else {}
        simulation = simulate(
            prepared.site(),
            {name: (module, module.Parameters(**off)) for name, module in modules.items()},
            first_years=0.0,
            last_years=self.years,
            anchor_years=0.0,
            stream_of=lambda stage: stream(seed, 0, stage),
        )
        labels = prepared.scene.labels.copy()
        for window in edited_windows(prepared.scene, simulation.log, prepared.scene.schema):
            labels[window.window] = window.labels
        return labels

    def callers_stream(self) -> object:
        """Return None: streams are passed in, nothing is shared."""
        return None


def _building_ids(instances: Ids, objects: Mapping[int, SceneObject]) -> Ids:
    return np.where(object_class_map(instances, objects) == hub.BUILDING, instances, 0).astype(np.int32)
