"""Estates: the ground is levelled first, then all houses stand."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.errors import RecipeError
from diachron.core.events import EventLog
from diachron.core.scene import Scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import estate
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=4)))


def run(scene: Scene, step: str) -> EventLog:
    site = Site(scene, survey(scene), donors_of(scene))
    given = estate.Parameters(least_buildings=2, build_years=1.5, area_m2=3000.0)
    outcome = getattr(estate, step)(np.random.default_rng(3), site, [2.0, 2.5, 3.0], given)
    assert outcome.placed == outcome.drawn - sum(outcome.why.values())
    return EventLog(outcome.events)


@pytest.mark.parametrize("step", ["forward", "backward"])
def test_houses_stand_when_the_work_is_done(scene, step):
    log = run(scene, step)
    levelled = {event.id: event for event in log if event.phase == "levelled"}
    built = [event for event in log if event.phase == "built"]
    assert levelled
    assert len(built) >= 2 * len(levelled)
    for event in built:
        assert event.time_years == levelled[event.causes[0]].time_years + 1.5


def test_in_between_an_estate_is_bare_ground(scene):
    log = run(scene, "forward")
    first = next(event for event in log if event.phase == "levelled")
    state = snapshot(scene, log, time_years=first.time_years + 0.1, anchor_years=0.0)
    box, mask = first.footprint.window, first.footprint.mask
    assert (state.surface[box][mask] == hub.BARE).all()
    assert not state.instances[box][mask].any()


def test_before_it_was_built_an_estate_was_ground_as_around(scene):
    log = run(scene, "backward")
    first = next(event for event in log if event.phase == "levelled")
    state = snapshot(scene, log, time_years=0.0, anchor_years=4.0)
    box, mask = first.footprint.window, first.footprint.mask
    assert not state.instances[box][mask].any()
    assert set(np.unique(state.surface[box][mask])) <= {hub.BARE, hub.GRASS}


def test_wrong_parameters_are_named():
    with pytest.raises(RecipeError, match=r"houses: unknown key 'height'.*height_m"):
        estate.Parameters(houses={"height": 3})
