"""Water levels: bands along the shore, of about the drawn width, that meet the water."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Scene
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import water_level
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=4, scheme="hub", road=False)))


@pytest.mark.parametrize("step", ["forward", "backward"])
@pytest.mark.parametrize("rises", [0.0, 1.0])
def test_the_shore_moves_by_about_the_drawn_width(scene, step, rises):
    given = water_level.Parameters(pond_share=0.0, rise_share=rises, shore_m=4.0)
    outcome = getattr(water_level, step)(
        np.random.default_rng(1), Site(scene, survey(scene), needs_pixels=True), [2.0], given
    )
    (event,) = outcome.events
    wet, dry = (event.after, event.before) if rises else (event.before, event.after)
    assert wet.surface == hub.WATER
    assert dry.surface != hub.WATER
    band = np.zeros(scene.grid.shape, bool)
    band[event.footprint.window] = event.footprint.mask
    water = scene.surface == hub.WATER
    floods = rises == (1.0 if step == "forward" else 0.0)
    off = ndimage.distance_transform_edt(~water if floods else water)[band]
    assert off.min() == 1.0
    # Bays are deeper than capes: two deviations of a lognormal of 0.4 are a factor of 2.2.
    assert 2.0 <= off.max() <= 4.0 * 2.3


def test_ponds_are_dug_off_houses_and_of_the_drawn_size(scene):
    given = water_level.Parameters(pond_share=1.0, pond_m2=80.0)
    outcome = water_level.forward(
        np.random.default_rng(2), Site(scene, survey(scene), needs_pixels=True), [1.0, 2.0], given
    )
    assert outcome.events
    for event in outcome.events:
        assert event.after.surface == hub.WATER
        assert 40.0 <= event.area_m2 <= 105.0
        assert not scene.instances[event.footprint.window][event.footprint.mask].any()


def test_a_place_without_water_says_so():
    dry = prepare(raw_scene(World(scheme="hub", water=False)))
    given = water_level.Parameters(pond_share=0.0)
    outcome = water_level.forward(np.random.default_rng(1), Site(dry, survey(dry)), [1.0], given)
    assert dict(outcome.why) == {"no_water": 1}
