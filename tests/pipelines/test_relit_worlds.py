"""Made-up places under another sun: rendered anew, not estimated, and without any word of the events."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core.errors import RenderError
from diachron.core.events import EventLog
from diachron.core.sample import Snapshot
from diachron.generators import procedural
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes.reading import load_recipe
from diachron.pipelines.sources.worlds import world_source
from diachron.pipelines.stages import look_at
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

SUNNY = "acquisition={another_sun: {chance: 1, turn_deg: 90, elevation_deg: 35}}"


def plan_of(*overrides: str) -> Plan:
    recipe = load_recipe("world", ["window_px=96", "paint=t2", *overrides])
    return Plan(recipe, world_source(recipe.world_options(3, 2)), 3, 2)


def test_both_dates_lie_under_the_sun_that_was_drawn() -> None:
    stages = look_at(plan_of(SUNNY), 0)
    scene, sample = stages.scene, stages.sample
    assert sample.acquisition is not None
    for number, (date, state) in enumerate(zip(sample.dates, stages.states, strict=True)):
        drawn = sample.acquisition[number]["another_sun"]
        log = EventLog() if number == 0 else sample.log
        wanted = procedural.relit(scene, state, log, drawn["azimuth_deg"], drawn["elevation_deg"])
        # The only step: what is rendered is what is written, but for rounding.
        np.testing.assert_allclose(date.image.astype(int), wanted.astype(int), atol=1)
        assert (date.image != stages.painted[number]).mean() > 0.2
        np.testing.assert_array_equal(stages.step_alone("another_sun", number), date.image)


def test_under_one_new_sun_only_what_changed_and_its_shadows_differ() -> None:
    same = "acquisition={another_sun: {chance: 1, turn_deg: 40, elevation_deg: 60}}"
    plan = plan_of(same, "window_px=256", "processes.construction.rate_per_km2_year=150")
    sample = look_at(plan, 0).sample
    assert sample.edit.any()
    # At 60 degrees nothing of the style casts a shadow of 16 m.
    far = ~ndimage.binary_dilation(sample.edit, iterations=round(16 / sample.grid.gsd_m))
    assert far.mean() > 0.1
    first, last = (date.image for date in sample.dates)
    # Sums of another order may round otherwise.
    np.testing.assert_allclose(first[:, far].astype(int), last[:, far].astype(int), atol=1)


def test_a_real_place_is_not_rendered() -> None:
    scene = prepare(raw_scene(World()))
    state = Snapshot(0.0, scene.surface, scene.instances, scene.objects)
    with pytest.raises(RenderError, match="another sun is not known"):
        procedural.relit(scene, state, EventLog(), 120.0, 40.0)
