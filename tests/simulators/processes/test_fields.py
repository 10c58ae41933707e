"""Fields: parcels of one kind with straight sides that turn into another kind that the place shows."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.errors import RecipeError
from diachron.core.scene import Scene
from diachron.simulators.parcels import Farmland
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import fields
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=4, water=False)))


def run(scene: Scene, step: str, **parameters: object) -> tuple:
    site = Site(scene, survey(scene))
    given = fields.Parameters(area_m2=300.0, **parameters)  # type: ignore[arg-type]
    return getattr(fields, step)(np.random.default_rng(1), site, [1.0, 2.0, 3.0], given).events


@pytest.mark.parametrize(("step", "shown"), [("forward", "before"), ("backward", "after")])
def test_a_parcel_is_of_the_kind_that_the_picture_shows(scene, step, shown):
    events = run(scene, step)
    assert events
    for event in events:
        under = scene.surface[event.footprint.window][event.footprint.mask]
        assert (under == getattr(event, shown).surface).all()
        assert event.before.surface != event.after.surface
        assert not scene.instances[event.footprint.window][event.footprint.mask].any()


def test_parcels_are_nearly_rectangles_along_their_direction(scene):
    farmland = Farmland(Site(scene, survey(scene)))
    rng = np.random.default_rng(0)
    found = [farmland.parcel(rng, area_m2=250.0, elongation=2.0) for _ in range(20)]
    parcels = [parcel for parcel in found if parcel is not None]
    assert parcels
    for parcel in parcels:
        rows, cols = np.nonzero(parcel.footprint.mask)
        turn = math.radians(parcel.along_deg)
        long = np.ptp(cols * math.cos(turn) + rows * math.sin(turn))
        short = np.ptp(rows * math.cos(turn) - cols * math.sin(turn))
        assert long <= math.sqrt(500.0) + 1.5
        assert short <= math.sqrt(125.0) + 1.5
        assert 150 <= parcel.footprint.pixels <= 275


def test_claimed_parcels_are_not_found_again(scene):
    taken = np.zeros(scene.grid.shape, int)
    for event in run(scene, "forward"):
        taken[event.footprint.window] += event.footprint.mask
    assert taken.max() == 1


def test_a_place_with_one_kind_of_ground_has_nothing_to_turn_into(scene):
    lawn = dataclasses.replace(scene, surface=np.full_like(scene.surface, hub.GRASS))
    outcome = fields.forward(
        np.random.default_rng(1), Site(lawn, survey(lawn)), [1.0], fields.Parameters(area_m2=200.0)
    )
    assert dict(outcome.why) == {"no_other_kind": 1}


def test_wrong_parameters_are_named():
    with pytest.raises(RecipeError, match="becomes: 'water' is not one of them"):
        fields.Parameters(becomes={"water": 1.0})
