"""Parts of objects in the picture: a wing has a roof, a wider road has a lane, and both go again."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Scene
from diachron.generators import copy_paste
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import extension, road_widening
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=150, cols=150, seed=2, scheme="hub", ignored=False)))


def played(scene: Scene, module: object, step: str, parameters: object) -> tuple[EventLog, Painted]:
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=True)
    rng = np.random.default_rng(3)
    log = EventLog(getattr(module, step)(rng, site, [1.0, 2.0, 3.0, 4.0], parameters).events)
    there = 5.0 if step == "forward" else 0.0
    state = snapshot(scene, log, time_years=there, anchor_years=5.0 - there)
    request = RenderRequest(scene, state, log, {scene.source: scene})
    return log, copy_paste.paint(request, {"texture_seed": 1})


@pytest.mark.parametrize(("step", "falls"), [("forward", 0.0), ("backward", 1.0)])
def test_a_wing_has_the_colours_of_a_roof(scene, step, falls):
    given = extension.Parameters(partial_demolition_share=falls, depth_m=5.0)
    log, picture = played(scene, extension, step, given)
    assert log
    for event in log:
        box, mask = event.footprint.window, event.footprint.mask
        donor = scene.objects[int(event.parameters["donor_object"])].footprint
        roof = scene.image[:, donor.window[0], donor.window[1]][:, donor.mask].mean(axis=1)
        wing = picture.image[:, box[0], box[1]][:, mask].mean(axis=1)
        before = scene.image[:, box[0], box[1]][:, mask].mean(axis=1)
        assert np.abs(wing - roof).mean() < 0.5 * np.abs(before - roof).mean()


@pytest.mark.parametrize(("step", "falls"), [("forward", 1.0), ("backward", 0.0)])
def test_where_a_wing_goes_there_is_ground(scene, step, falls):
    given = extension.Parameters(partial_demolition_share=falls, depth_m=5.0)
    log, picture = played(scene, extension, step, given)
    assert log
    ground = scene.image[:, (scene.instances == 0) & (scene.surface != hub.WATER)].astype(float)
    low, high = np.quantile(ground, (0.01, 0.99), axis=1)
    for event in log:
        box, mask = event.footprint.window, event.footprint.mask
        level = np.median(picture.image[:, box[0], box[1]][:, mask], axis=1)
        assert ((level >= low) & (level <= high)).all()


def test_a_new_strip_of_road_looks_like_the_lane_beside_it(scene):
    given = road_widening.Parameters(width_m=(2.0, 3.0), length_m=30.0)
    log, picture = played(scene, road_widening, "forward", given)
    assert log
    road = scene.image[:, scene.instances == log[0].object_id].astype(float).mean(axis=1)
    for event in log:
        box, mask = event.footprint.window, event.footprint.mask
        strip = picture.image[:, box[0], box[1]][:, mask].astype(float).mean(axis=1)
        before = scene.image[:, box[0], box[1]][:, mask].astype(float).mean(axis=1)
        assert np.abs(strip - road).mean() < 0.6 * np.abs(before - road).mean()


def test_a_narrower_road_leaves_ground(scene):
    given = road_widening.Parameters(width_m=(2.0, 2.5), length_m=20.0)
    log, picture = played(scene, road_widening, "backward", given)
    assert log
    for event in log:
        box, mask = event.footprint.window, event.footprint.mask
        assert picture.edit[box][mask].all()
        assert event.before.surface in (hub.GRASS, hub.BARE)
