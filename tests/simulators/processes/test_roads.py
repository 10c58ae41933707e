"""Roads: off buildings and water, as wide as they say, from road or border to road or border."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.core.scene import Scene, object_class_map
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import roads
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=4)))


@pytest.fixture(scope="module")
def events(scene) -> list[ChangeEvent]:
    site = Site(scene, survey(scene))
    given = roads.Parameters(width_m=4.0)
    return list(roads.forward(np.random.default_rng(2), site, [1.0] * 8, given).events)


def test_roads_keep_off_all_but_roads(scene, events):
    assert len(events) >= 2
    taken = np.zeros(scene.grid.shape, int)
    for event in events:
        box, mask = event.footprint.window, event.footprint.mask
        assert not scene.instances[box][mask].any()
        assert not np.isin(scene.surface[box][mask], (hub.WATER, hub.IGNORE)).any()
        taken[box] += mask
    assert taken.max() == 1


def test_a_road_is_as_wide_as_it_says(events):
    for event in events:
        line = np.asarray(event.parameters["line"])
        length = np.hypot(*np.diff(line, axis=0).T).sum()
        # Its strip, with round ends, less what it shares with roads that were there.
        assert 0.55 * 4.0 * length < event.footprint.pixels < 1.15 * 4.0 * length + 16


def test_ends_lie_on_roads_or_the_border(scene, events):
    is_road = object_class_map(scene.instances, scene.objects) == hub.ROAD
    for event in events:
        for row, col in np.rint(np.asarray(event.parameters["line"])[[0, -1]]).astype(int):
            on_border = row in (0, 119) or col in (0, 119)
            assert on_border or is_road[row, col]


def test_a_road_that_was_given_up_stands_before_and_not_after(scene):
    site = Site(scene, survey(scene))
    given = roads.Parameters()
    events = roads.backward(np.random.default_rng(2), site, [1.0] * 8, given).events
    assert events
    for event in events:
        assert event.before.object_id == event.object_id
        assert event.after.object_id == 0
        assert event.new_object is not None
        assert event.new_object.object_class == hub.ROAD


def test_no_open_ground_is_no_room(scene):
    site = Site(scene, survey(scene))
    outcome = roads.forward(np.random.default_rng(0), site, [1.0], roads.Parameters(gap_m=200.0))
    assert (outcome.events, dict(outcome.why)) == ((), {"no_room": 1})
