"""What `simulate.py` shows of series: the time of each of twelve dates, and what it follows."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np

from diachron.core import registry
from diachron.core.sample import RenderRequest
from diachron.core.streams import stream
from diachron.pipelines.painting import as_ground
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources.worlds import world_source
from diachron.pipelines.workshop import Workshop
from diachron.simulators.snapshots import difference, draw_labels, snapshot

STYLES = ("suburb", "village")
PLACES = 2
# Factors on the recipe's rates: nothing, a quiet place, the recipe's own, a building site.
FACTORS = (0.0, 0.3, 1.0, 4.0)


def per_date() -> dict[str, object]:
    """Return the processor's time of a date of `time-series`, by the factor on its rates.

    The first date is the picture that the place came with, and is left out. A date's state, label map,
    change and picture are made as a run makes them; acquisition, which is the same for all dates, files and
    the place itself are not counted.
    """
    recipe = load_recipe("time-series", [f"world={{styles: [{', '.join(STYLES)}]}}", "paint=t2"])
    plan = Plan(recipe, world_source(recipe.world_options(0, PLACES)), 0, PLACES)
    workshop, painter = Workshop(plan), registry.load("renderers", plan.renderer)
    rows: list[tuple[float, ...]] = []
    for unit in range(-1, PLACES):
        # The first place once more: what is kept with a scene is made then.
        workshop.prepared(abs(unit))
        for factor in FACTORS:
            made = _dates(workshop, painter, abs(unit), factor)
            if unit >= 0:
                rows += [(factor, *row) for row in made]
    table = np.array(rows)
    by_factor = {
        f"{factor:g}": {
            "ms": round(float(np.median(table[table[:, 0] == factor, 1])), 1),
            "changed_share": round(float(table[table[:, 0] == factor, 2].mean()), 4),
        }
        for factor in FACTORS
    }
    still, busy = (by_factor[f"{factor:g}"]["ms"] for factor in (FACTORS[0], FACTORS[-1]))
    return {
        "ms_per_date": by_factor["1"]["ms"],
        "dates": len(recipe.times_years),
        "size_px": recipe.window_px,
        "by_factor_on_rates": by_factor,
        "still_over_busy": round(still / busy, 3),
        # A date is painted on the last one: its cost follows what is new on it, not all since the first.
        "correlation_with_changed_share": round(float(np.corrcoef(table[:, 1], table[:, 2])[0, 1]), 3),
        "correlation_with_change_since_last_date": round(
            float(np.corrcoef(table[:, 1], table[:, 3])[0, 1]), 3
        ),
        "ms_state_and_labels": round(median(table[:, 4].tolist()), 2),
    }


def _dates(workshop: Workshop, painter: Any, unit: int, factor: float) -> list[tuple[float, ...]]:
    """Return of each date: milliseconds, share painted, share new since the last date, ms of maps."""
    played = workshop.play(unit, factor=factor, stream_of=lambda stage: stream(0, unit, stage))
    scene, log = played.setting.window.scene, played.simulation.log
    anchor = played.setting.anchor_years
    before = (played.states[0], played.labels[0])
    ground, touched = scene, np.zeros(scene.grid.shape, bool)
    rows: list[tuple[float, ...]] = []
    for year in played.setting.times_years[1:]:
        start = time.process_time()
        state = snapshot(scene, log, time_years=year, anchor_years=anchor)
        after = (state, draw_labels(scene, state, log, scene.schema))
        step = difference(scene.schema, scene.ignored, log, before, after).change == 1
        maps_ms = 1000 * (time.process_time() - start)
        request = RenderRequest(ground, state, log, played.scenes)
        painted = painter.paint(request, painter.draw(stream(0, unit, "render"), request))
        ground = as_ground(scene, painted, *after)
        took = 1000 * (time.process_time() - start)
        touched = touched | painted.edit
        rows.append((took, float(touched.mean()), float(step.mean()), maps_ms))
        before = after
    return rows
