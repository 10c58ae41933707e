"""Extensions: the same building, larger or smaller, with the gap that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.scene import Scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import extension
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=150, cols=150, seed=2, scheme="hub", ignored=False)))


def run(scene: Scene, step: str, falls: float) -> EventLog:
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=True)
    given = extension.Parameters(partial_demolition_share=falls, gap_m=2.0, depth_m=(3.0, 6.0))
    times = [1.0, 1.5, 2.0, 2.5, 3.0]
    return EventLog(getattr(extension, step)(np.random.default_rng(3), site, times, given).events)


@pytest.mark.parametrize(
    ("step", "falls", "grows"),
    [("forward", 0.0, True), ("forward", 1.0, False), ("backward", 0.0, False), ("backward", 1.0, True)],
)
def test_a_building_keeps_its_id_and_gains_or_loses_the_part(scene, step, falls, grows):
    anchor, other = (0.0, 5.0) if step == "forward" else (5.0, 0.0)
    log = run(scene, step, falls)
    assert log
    state = snapshot(scene, log, time_years=other, anchor_years=anchor)
    assert set(state.objects) == set(scene.objects)
    for event in log:
        assert event.new_object is None
        was, now = scene.objects[event.object_id].footprint, state.objects[event.object_id].footprint
        assert now.pixels - was.pixels == (1 if grows else -1) * event.footprint.pixels
        assert ndimage.label(state.instances == event.object_id)[1] == 1


def test_a_wing_keeps_its_gap_from_everything_else_and_off_water_and_roads(scene):
    for event in run(scene, "forward", 0.0):
        part = np.zeros(scene.grid.shape, bool)
        part[event.footprint.window] = event.footprint.mask
        assert not (scene.instances[part] > 0).any()
        assert not np.isin(scene.surface[part], (hub.WATER, hub.IGNORE)).any()
        others = (scene.instances > 0) & (scene.instances != event.object_id)
        assert ndimage.distance_transform_edt(~others)[part].min() > 2.0


def test_a_wing_names_a_roof_for_it(scene):
    for event in run(scene, "forward", 0.0):
        assert {"donor_scene", "donor_object", "motion"} <= set(event.parameters)
