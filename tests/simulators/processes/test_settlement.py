"""Settlements: trees, then the road, then the houses, each the cause of the next."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import settlement
from diachron.simulators.site import Outcome, Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def outcome() -> tuple[Scene, Outcome]:
    scene = prepare(raw_scene(World(rows=160, cols=160, seed=5, scheme="hub", many=True, water=False)))
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=True)
    given = settlement.Parameters(built_share=1.0, length_m=(60.0, 120.0), houses={"turn_limit_deg": 180.0})
    return scene, settlement.forward(np.random.default_rng(2), site, [0.5, 1.0, 1.5, 2.0], given)


def test_causes_lead_from_the_felling_to_the_houses(outcome):
    _, done = outcome
    by_id = {event.id: event for event in done.events}
    kinds = {event.kind for event in done.events}
    assert kinds == {"felling", "road building", "construction"}
    for event in done.events:
        causes = [by_id[number] for number in event.causes]
        assert all(cause.time_years <= event.time_years for cause in causes)
        if event.kind == "construction":
            assert [cause.kind for cause in causes] == ["road building"]
        if event.kind == "felling":
            assert causes == []
            assert event.after.surface == hub.BARE


def test_houses_stand_off_the_road_and_off_each_other(outcome):
    scene, done = outcome
    built = np.zeros(scene.grid.shape, int)
    for event in done.events:
        if event.kind == "felling":
            continue
        here = np.zeros(scene.grid.shape, bool)
        here[event.footprint.window] = event.footprint.mask
        around = ndimage.binary_dilation(here, np.ones((3, 3)))
        assert not (around & (built > 0)).any()
        if event.kind == "construction":
            assert not (around & (scene.instances > 0)).any()
        built += here


def test_the_past_is_refused_with_the_reason():
    scene = prepare(raw_scene(World(scheme="hub")))
    done = settlement.backward(
        np.random.default_rng(0), Site(scene, survey(scene)), [1.0, 2.0], settlement.Parameters()
    )
    assert (done.drawn, done.placed, dict(done.why)) == (2, 0, {"network_would_vanish": 2})
