"""Building sites: foundations and walls show in the picture and not on the maps."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.sample import RenderRequest
from diachron.core.scene import Scene
from diachron.generators import copy_paste
from diachron.generators.copy_paste.edits import plan_edits
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import draw_labels, snapshot
from tests.worlds import World, raw_scene

# Cleared at 1, foundation at 3, walls at 4.5, built at 11 years.
STAGES = {"cleared": 2.0, "foundation": 3.5, "walls": 6.0, "built": 12.0}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=96, cols=96, seed=4)))


@pytest.fixture(scope="module")
def log(scene) -> EventLog:
    parameters = construction.Parameters(staged_share=1.0, build_years=10.0, parcel_share=0.0)
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=True)
    for seed in range(20):
        events = construction.forward(np.random.default_rng(seed), site, [1.0], parameters).events
        if events:
            return EventLog(events)
    raise AssertionError("no construction found a place")


def request(scene: Scene, log: EventLog, phase: str) -> RenderRequest:
    state = snapshot(scene, log, time_years=STAGES[phase], anchor_years=0.0)
    return RenderRequest(scene, state, log, {scene.source: scene})


def test_each_phase_follows_from_the_one_before(log):
    assert [event.phase for event in log] == list(STAGES)
    assert [event.causes for event in log] == [(), *((event.id,) for event in log[:-1])]


def test_no_share_of_stages_leaves_the_two_phases(scene):
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=True)
    events = construction.backward(np.random.default_rng(0), site, [3.0], construction.Parameters()).events
    assert [event.phase for event in events] == ["cleared", "built"]


@pytest.mark.parametrize("phase", ["foundation", "walls"])
def test_a_site_is_painted_as_its_last_phase(scene, log, phase):
    edits = plan_edits(request(scene, log, phase))
    assert [event.phase for event in edits.sites] == [phase]
    assert not edits.added
    assert not plan_edits(request(scene, log, "built")).sites


def test_maps_say_bare_ground_until_the_building_stands(scene, log):
    maps = {
        phase: draw_labels(scene, request(scene, log, phase).target, log, scene.schema) for phase in STAGES
    }
    np.testing.assert_array_equal(maps["cleared"], maps["foundation"])
    np.testing.assert_array_equal(maps["cleared"], maps["walls"])
    box, mask = log[0].footprint.window, log[0].footprint.mask
    assert (request(scene, log, "walls").target.surface[box][mask] == hub.BARE).all()
    assert (maps["walls"] != maps["built"]).any()


def test_a_slab_is_pale_and_grey_and_walls_are_rougher(scene, log):
    box, mask = log[0].footprint.window, log[0].footprint.mask
    inside = {}
    for phase in ("cleared", "foundation", "walls"):
        picture = copy_paste.paint(request(scene, log, phase), {"texture_seed": 3})
        inside[phase] = picture.image[:3, box[0], box[1]][:, mask].astype(float)
    colour = {phase: np.ptp(values.mean(axis=1)) for phase, values in inside.items()}
    assert inside["foundation"].mean() > inside["cleared"].mean()
    assert colour["foundation"] < colour["cleared"]
    assert inside["walls"].mean(axis=0).std() > 2 * inside["foundation"].mean(axis=0).std()
