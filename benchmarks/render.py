"""Painting and acquisition of one date of 512 x 512 pixels, and whether the cost follows the change.

Real tiles are painted by `copy_paste`, procedural places, whole pictures of each style, by `procedural`;
`inpainting` repaints edits, beside a whole tile through the same network.

DIACHRON_DATA=... python benchmarks/render.py --json
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import bench
import numpy as np
from neural_costs import neural_costs

from diachron.core import registry
from diachron.core.errors import RenderError
from diachron.core.events import EventLog
from diachron.core.sample import RenderRequest, Snapshot
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.generators.weights import INPAINTING
from diachron.pipelines.acquiring import acquire
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.worlds import world_source
from diachron.pipelines.workshop import Workshop
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site
from diachron.simulators.snapshots import snapshot
from diachron.simulators.worlds import STYLES

SOURCE = "oam_banepa"
SIDE_PX = 512
# The recipe's own mixture, so often that even a fifth of the ground changes within its years.
RATES = "processes={construction: {rate_per_km2_year: 1500}, demolition: {rate_per_km2_year: 400}}"
SETTINGS = (RATES, "paint=t2", "acquisition={preset: aerial}")
SHARES = {"0pct": 0.0, "2pct": 0.02, "5pct": 0.05, "20pct": 0.2}
ANCHOR_YEARS = 0.0
# A place that cannot change so much within a tenth of what was asked for is left out.
NEAR_ENOUGH = 0.9
# Suns of a procedural picture: high and low, for long shadows cost more.
SUNS_DEG = ((150.0, 55.0), (210.0, 30.0))


@dataclass(frozen=True)
class Place:
    """One window and, for each share of changed ground, the request to paint it."""

    scene: Scene
    requests: dict[str, RenderRequest]
    reached: dict[str, float]


def changed_share(scene: Scene, state: Snapshot) -> float:
    """Return how much of a window carries other ground or another object than in the real picture."""
    return float(((state.surface != scene.surface) | (state.instances != scene.instances)).mean())


def place_of(workshop: Workshop, unit: int) -> Place | None:
    """Return a window with a request for each share, or None where it has no room for the largest.

    One log serves all: the state is taken at the moment at which enough of the ground has changed.
    """
    window = workshop.prepared(unit)
    lenders = [workshop.prepared(number) for number in workshop.plan.donor_units(unit)]
    scene, recipe = window.scene, workshop.plan.recipe
    donors = (*window.donors, *(donor for lender in lenders for donor in lender.donors))
    log = simulate(
        Site(scene, window.terrain, donors, needs_pixels=True),
        recipe.process_modules(),
        first_years=ANCHOR_YEARS,
        last_years=recipe.times_years[-1],
        anchor_years=ANCHOR_YEARS,
        stream_of=lambda stage: stream(0, unit, stage),
    ).log
    scenes = {entry.source: entry for entry in (scene, *(lender.scene for lender in lenders))}
    states = [at_time(scene, log, moment) for moment in sorted({event.time_years for event in log})]
    requests, reached = {}, {}
    for name, wanted in SHARES.items():
        state = next((each for each in states if changed_share(scene, each) >= NEAR_ENOUGH * wanted), None)
        if state is None:
            return None
        if wanted == 0.0:
            log_, state = EventLog(()), at_time(scene, EventLog(()), ANCHOR_YEARS)
        else:
            log_ = log
        requests[name] = RenderRequest(scene, state, log_, scenes)
        reached[name] = changed_share(scene, state)
    return Place(scene, requests, reached)


def at_time(scene: Scene, log: EventLog, years: float) -> Snapshot:
    """Return the state of a window at a time after its picture."""
    return snapshot(scene, log, time_years=years, anchor_years=ANCHOR_YEARS)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the milliseconds of the processor that a call takes, and its result."""
    start = time.process_time()
    result = call()
    return 1000 * (time.process_time() - start), result


def paint_times(
    renderer: Any, places: list[Place], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return, by share, the milliseconds of each painting and the share of pixels that it touched."""
    times: dict[str, list[float]] = {name: [] for name in SHARES}
    touched: dict[str, list[float]] = {name: [] for name in SHARES}
    for number in range(-1, rounds):
        for place in places:
            for name, request in place.requests.items():
                params = renderer.draw(stream(0, abs(number), "render"), request)
                took, painted = timed(lambda request=request, params=params: renderer.paint(request, params))
                # The first round fills what is kept with a scene: clear ground and its light.
                if number >= 0:
                    times[name].append(took)
                    touched[name].append(float(painted.edit.mean()))
    return times, touched


def acquisition_times(places: list[Place], steps: Any, rounds: int) -> list[float]:
    """Return the milliseconds of the acquisition of one date, drawn and applied."""
    times = []
    for number in range(-1, rounds):
        for place in places:
            request = place.requests["5pct"]
            states = [place.requests["0pct"].target, request.target]
            images = [place.scene.image] * 2
            took, _ = timed(
                lambda states=states, images=images, place=place, number=number: acquire(
                    place.scene,
                    states,
                    images,
                    steps,
                    lambda stage: stream(0, abs(number), stage),
                    keep_displacement=False,
                )
            )
            if number >= 0:
                times.append(took / len(states))
    return times


def procedural_times(per_style: int) -> dict[str, object]:
    """Return the medians of a whole picture by style, of the processor and of the clock on the wall.

    The place itself, its maps and vectors, is made before; every picture is of a sun of its own.

    Args:
        per_style: places of each style.
    """
    painter = registry.load("renderers", "procedural")
    options = load_recipe("world", [f"window_px={SIDE_PX}"]).world_options(0, per_style * len(STYLES))
    source = world_source(options)
    cpu: dict[str, list[float]] = {style: [] for style in STYLES}
    wall: dict[str, list[float]] = {style: [] for style in STYLES}
    for number, unit in enumerate(source.units(SIDE_PX)):
        # Making the scene paints it once, which warms up what is kept between pictures.
        scene = source.scene(unit)
        state = Snapshot(0.0, scene.surface, scene.instances, scene.objects)
        for azimuth, elevation in SUNS_DEG:
            start = time.perf_counter()
            took, _ = timed(
                lambda scene=scene, state=state, azimuth=azimuth, elevation=elevation: painter.picture_of(
                    scene.model,
                    state,
                    sun_azimuth_deg=azimuth,
                    sun_elevation_deg=elevation,
                    bands=scene.bands,
                    dtype=scene.image.dtype,
                    full_scale=scene.full_scale,
                )
            )
            style = STYLES[number % len(STYLES)]
            cpu[style].append(took)
            wall[style].append(1000 * (time.perf_counter() - start))
    return {
        "ms_procedural_512": round(median([ms for each in cpu.values() for ms in each]), 1),
        "ms_procedural_512_wall": round(median([ms for each in wall.values() for ms in each]), 1),
        "ms_procedural_512_by_style": {style: round(median(each), 1) for style, each in cpu.items()},
        "ms_procedural_512_wall_by_style": {style: round(median(each), 1) for style, each in wall.items()},
    }


def main() -> None:
    """Measure and print."""
    parser = bench.parser(__doc__ or "")
    parser.add_argument("--places", type=int, default=6, help="windows that are painted")
    parser.add_argument("--rounds", type=int, default=5, help="paintings of each window and share")
    parser.add_argument("--worlds", type=int, default=3, help="procedural places of each style")
    parser.add_argument("--weights", default=INPAINTING, help="of renderer inpainting: a name, or a folder")
    parser.add_argument("--no-network", action="store_true", help="leave out what a network costs")
    given = parser.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data or not (Path(data) / SOURCE).is_dir():
        raise SystemExit(f"DIACHRON_DATA={data}: no folder {SOURCE} there; cost is measured on real tiles")
    recipe = load_recipe("building-change", list(SETTINGS))
    plan = Plan(recipe, discover(SourceOptions(source=str(Path(data) / SOURCE))), 0, 1)
    workshop = Workshop(plan)
    renderer = registry.load("renderers", recipe.renderer["name"])
    places: list[Place] = []
    for unit in range(len(plan.units)):
        found = place_of(workshop, unit)
        if found is not None and found.scene.grid.shape == (SIDE_PX, SIDE_PX):
            places.append(found)
        if len(places) == given.places:
            break
    if not places:
        raise SystemExit(f"{data}/{SOURCE}: no window of {SIDE_PX} px has room for so much change")
    try:
        times, touched = paint_times(renderer, places, given.rounds)
    except RenderError as error:
        raise SystemExit(f"a window cannot be painted: {error}") from error
    steps = recipe.acquisition_steps()
    by_place = len(places)
    slopes = [
        median(times["20pct"][number::by_place]) / median(times["2pct"][number::by_place])
        for number in range(by_place)
    ]
    figures: dict[str, object] = {
        "ms_copy_paste_512_5pct": round(median(times["5pct"]), 1),
        "ms_copy_paste_512_0pct": round(median(times["0pct"]), 2),
        "ms_acquisition_512": round(median(acquisition_times(places, steps, given.rounds)), 1),
        "cost_slope": round(median(slopes), 2),
        **procedural_times(given.worlds),
        **(
            {}
            if given.no_network
            else neural_costs([each.requests["5pct"] for each in places], given.weights, given.rounds)
        ),
        "ms_copy_paste_512": {name: round(median(each), 1) for name, each in times.items()},
        "changed_share": {
            name: round(float(np.median([place.reached[name] for place in places])), 4) for name in SHARES
        },
        "touched_share": {name: round(median(each), 4) for name, each in touched.items()},
        "places": [place.scene.source for place in places],
        "rounds": given.rounds,
        "preset": "aerial",
        "source": SOURCE,
        "machine": bench.machine(),
    }
    bench.show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
