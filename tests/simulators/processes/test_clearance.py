"""Blocks that come down: all of a block goes at one time, and the ground between with it."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.errors import RecipeError
from diachron.core.scene import Scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import clearance
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=96, cols=96, seed=4)))


def run(scene: Scene, step: str, **parameters: object) -> list:
    site = Site(scene, survey(scene), donors_of(scene))
    given = clearance.Parameters(least_buildings=2, **parameters)  # type: ignore[arg-type]
    return list(getattr(clearance, step)(np.random.default_rng(3), site, [1.0, 2.0, 3.0], given).events)


@pytest.mark.parametrize("step", ["forward", "backward"])
def test_each_block_is_ground_and_the_houses_that_name_it_as_their_cause(scene, step):
    events = run(scene, step)
    grounds = [event for event in events if event.object_id == 0]
    assert grounds
    for ground in grounds:
        houses = [event for event in events if ground.id in event.causes]
        assert len(houses) >= 2
        assert {event.time_years for event in houses} == {ground.time_years}
        assert all(event.kind == "demolition" for event in houses)
    assert len(events) == len(grounds) + sum(len(event.causes) for event in events)


def test_footprints_of_one_block_are_disjoint(scene):
    taken = np.zeros(scene.grid.shape, int)
    for event in run(scene, "forward"):
        taken[event.footprint.window] += event.footprint.mask
    assert taken.max() == 1


def test_the_ground_is_bare_afterwards_and_the_share_of_rubble_is_told(scene):
    for event in run(scene, "forward", rubble=0.5):
        assert event.after.surface == hub.BARE
        assert (event.parameters.get("rubble") == 0.5) == (event.object_id == 0)


def test_larger_areas_take_more_buildings(scene):
    small, large = (len(run(scene, "forward", area_m2=area_m2)) for area_m2 in (300.0, 20000.0))
    assert small < large


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"rubble": 1.5}, "rubble"),
        ({"elongation": 0.5}, "elongation"),
        ({"former": {"gap": 1}}, r"former: unknown key 'gap'.*gap_m"),
    ],
)
def test_wrong_parameters_are_named(values, text):
    with pytest.raises(RecipeError, match=text):
        clearance.Parameters(**values)
