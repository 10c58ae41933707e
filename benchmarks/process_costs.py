"""What `simulate.py` shows of single kinds of change: the time of each process, transitions of parcels."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from statistics import mean, median
from types import ModuleType
from typing import Any

import numpy as np

from diachron.core import registry
from diachron.core.events import EventLog
from diachron.core.scene import Donor, Scene
from diachron.core.streams import stream
from diachron.evaluation.contestants import Prepared
from diachron.evaluation.testmaps import Place
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources.worlds import world_source
from diachron.simulators.donors import donors_of
from diachron.simulators.processes import class_transition
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site, Terrain, survey
from diachron.simulators.snapshots import edited_windows

SIDE_PX, GSD_M = 1024, 0.5
# A style that has what the process works on; all others in the first one, in streets.
USUAL_STYLE = "suburb"
STYLE_OF = {
    "crop_change": "village",
    "deforestation": "forest-edge",
    "estate": "village",
    "felling": "forest-edge",
    "fields": "village",
    "parking": "village",
    "quarry": "forest-edge",
    "roads": "forest-edge",
    "settlement": "forest-edge",
    "solar_farm": "village",
    "water_level": "forest-edge",
}
# One rate for all: so many incidents are expected in a map between its dates.
INCIDENTS, YEARS = 10.0, 5.0
MAPS = 5
# OpenEarthMap's label values.
CLASSES = 9


@dataclass(frozen=True)
class Ground:
    """A procedural place that is ready for simulation."""

    style: str
    scene: Scene
    terrain: Terrain
    donors: tuple[Donor, ...]

    @classmethod
    def of(cls, style: str) -> Ground:
        """Return a place of a style, surveyed."""
        settings = [f"world={{styles: [{style}], gsd_m: {GSD_M}}}", f"window_px={SIDE_PX}"]
        source = world_source(load_recipe("world", settings).world_options(0, 1))
        scene = source.scene(source.units(SIDE_PX)[0])
        return cls(style, scene, survey(scene), donors_of(scene))

    def site(self) -> Site:
        """Return fresh ground for one simulation."""
        return Site(self.scene, self.terrain, self.donors)


def by_process() -> dict[str, dict[str, object]]:
    """Return, for each registered process, the processor's time of a map at one rate, and what happened.

    Means over a few maps of one place, from the draw of the incidents to the windows of the label map that
    they leave; the place itself is made and surveyed before.
    """
    grounds: dict[str, Ground] = {}
    found = {}
    for name in registry.entries("processes"):
        style = STYLE_OF.get(name, USUAL_STYLE)
        if style not in grounds:
            grounds[style] = Ground.of(style)
        ms, counts = _run(grounds[style], name, registry.load("processes", name))
        found[name] = {
            "ms": round(ms / MAPS, 2),
            "ms_per_placed": round(ms / max(counts["placed"], 1), 2),
            **{what: round(count / MAPS, 1) for what, count in counts.items()},
            "style": style,
        }
    return found


def _run(ground: Ground, name: str, module: ModuleType) -> tuple[float, Counter[str]]:
    """Return the milliseconds and the counts of all maps, after one that warms up."""
    rate = INCIDENTS / (ground.terrain.area_km2 * YEARS)
    given = {name: (module, module.Parameters(rate_per_km2_year=rate))}
    counts: Counter[str] = Counter()
    start = 0.0
    for number in range(-1, MAPS):
        if number == 0:
            # One reading for all maps: a reading of this clock takes as long as a quick process.
            start = time.process_time()
        made = simulate(
            ground.site(),
            given,
            first_years=0.0,
            last_years=YEARS,
            anchor_years=0.0,
            stream_of=lambda stage, number=number: stream(0, abs(number), stage),
        )
        edited_windows(ground.scene, made.log, ground.scene.schema)
        if number >= 0:
            tally: Any = made.tally[name]
            counts += Counter(drawn=tally["drawn"], placed=tally["placed"], events=len(made.log))
    return 1000 * (time.process_time() - start), counts


def transitions(
    places: list[Place], prepared: list[Prepared], rival: ModuleType, rounds: int
) -> dict[str, float]:
    """Return the medians of torchange's `random_transition` and of `class_transition`, in turn on each map.

    Ours are asked for as many parcels as the rival changed pieces of the map in that step. They are not the
    same thing: its pieces are whole components of a class, ours parcels of a drawn size; see the areas.
    """
    parameters = class_transition.Parameters()
    times: tuple[list[float], list[float]] = ([], [])
    areas: tuple[list[float], list[float]] = ([], [])
    asked: list[int] = []
    placed = 0
    for number in range(-len(places), rounds):
        place, own = places[number % len(places)], prepared[number % len(places)]
        rival.random.seed(abs(number))
        start = time.perf_counter()
        after = rival.random_transition(place.labels, CLASSES)
        theirs = 1000 * (time.perf_counter() - start)
        pieces = _changed_pieces(rival, place.labels, after)
        wanted = [(step + 0.5) / pieces for step in range(pieces)]
        rng = stream(0, abs(number), "transition")
        start = time.perf_counter()
        outcome = class_transition.forward(rng, own.site(), wanted, parameters)
        windows = edited_windows(own.scene, EventLog(outcome.events), own.scene.schema)
        ours = 1000 * (time.perf_counter() - start)
        if number >= 0:
            times[0].append(theirs)
            times[1].append(ours)
            asked.append(pieces)
            placed += outcome.placed
            areas[0].append(float((after != place.labels).mean()))
            areas[1].append(sum(int(window.change.sum()) for window in windows) / place.labels.size)
    return {
        "ratio": round(median(times[0]) / median(times[1]), 2),
        "torchange_ms": round(median(times[0]), 2),
        "diachron_ms": round(median(times[1]), 2),
        "pieces": round(mean(asked), 1),
        "placed_share": round(placed / sum(asked), 3),
        "torchange_changed_share": round(mean(areas[0]), 4),
        "diachron_changed_share": round(mean(areas[1]), 4),
    }


def _changed_pieces(rival: ModuleType, before: np.ndarray, after: np.ndarray) -> int:
    """Return how many components of the map became another class; 1 at least."""
    pieces = 0
    for value in np.unique(before):
        for each in rival.object_proposal(before == value):
            row, col = each.coords[0]
            pieces += bool(each.area > 64 and after[row, col] != value)
    return max(pieces, 1)
