"""Widened roads: a strip along the kerb, of the width that was drawn; the road stays the same one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.scene import Scene
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import road_widening
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=3, gsd_m=0.5, scheme="hub", water=False)))


@pytest.mark.parametrize(("step", "anchor"), [("forward", 0.0), ("backward", 5.0)])
def test_a_strip_along_the_kerb_comes_and_the_road_keeps_its_id(scene, step, anchor):
    given = road_widening.Parameters(width_m=(0.8, 1.0), length_m=20.0)
    outcome = getattr(road_widening, step)(
        np.random.default_rng(2), Site(scene, survey(scene), needs_pixels=True), [1.0, 2.0, 3.0], given
    )
    assert outcome.events
    state = snapshot(scene, EventLog(outcome.events), time_years=5.0 - anchor, anchor_years=anchor)
    later, earlier = (state, scene) if step == "forward" else (scene, state)
    for event in outcome.events:
        number = event.object_id
        assert scene.objects[number].object_class == hub.ROAD
        strip = np.zeros(scene.grid.shape, bool)
        strip[event.footprint.window] = event.footprint.mask
        assert (later.instances[strip] == number).all()
        assert not (earlier.instances[strip] == number).any()
        # It lies along the kerb, no wider than drawn: two pixels of half a metre.
        far = ndimage.distance_transform_edt(earlier.instances != number)[strip]
        assert far.min() == 1.0
        assert far.max() <= 3.0
    assert set(state.objects) == set(scene.objects)
