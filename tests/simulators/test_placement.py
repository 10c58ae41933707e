"""Where new objects stand: apart from everything, on open ground, in metres."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.scene import Footprint, Scene, object_class_map
from diachron.core.streams import stream
from diachron.simulators.donors import donors_of
from diachron.simulators.placement import place
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site, survey
from tests.worlds import YEARS, Case, Played, World, cases, played, raw_scene

# A case is a few numbers and a seed: a smaller one is no simpler, so none is looked for.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = settings(max_examples=16, phases=PHASES)
EIGHT = np.ones((3, 3), bool)


def drawn(footprint: Footprint, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    mask[footprint.window][footprint.mask] = True
    return mask


def placed(play: Played) -> dict[int, NDArray[np.bool_]]:
    """Return object id -> (H, W) of every object that a process has put up, at whatever time.

    Roads are made to meet roads; what else they may not meet is in `processes/test_roads.py`.
    """
    return {
        event.object_id: drawn(event.footprint, play.scene.grid.shape)
        for event in play.log
        if event.new_object is not None
        and event.object_id not in play.scene.objects
        and event.new_object.object_class not in hub.NETWORKS
    }


def faults(play: Played) -> list[str]:
    """Return what is wrong with the places of new objects; a corner that meets a corner is a touch."""
    scene = play.scene
    closed = {
        "ignore": scene.ignored,
        "water": (scene.surface == hub.WATER) & (scene.instances == 0),
        "network": np.isin(object_class_map(scene.instances, scene.objects), list(hub.NETWORKS)),
        "object": scene.instances > 0,
    }
    found = []
    for number, mask in placed(play).items():
        grown = ndimage.binary_dilation(mask, EIGHT)
        found += [f"{number} touches {name}" for name, where in closed.items() if (grown & where).any()]
        found += [f"{number} stands on {name}" for name, where in closed.items() if (mask & where).any()]
        others = [other for n, other in placed(play).items() if n != number]
        found += [f"{number} touches another new object" for other in others if (grown & other).any()]
        for state in play.states:
            if number in state.objects:
                near = set(np.unique(state.instances[grown]).tolist()) - {0, number}
                found += [f"{number} touches {other} at {state.time_years}" for other in near]
    return found


def built(world: World, seed: int, **parameters: Any) -> tuple[Scene, EventLog]:
    """Return a place and the log of some twelve constructions; nothing else happens there."""
    scene = prepare(raw_scene(world))
    terrain = survey(scene)
    rate = 12.0 / (terrain.area_km2 * YEARS)
    log = simulate(
        Site(scene, terrain, donors_of(scene), needs_pixels=True),
        {"construction": (construction, construction.Parameters(rate_per_km2_year=rate, **parameters))},
        first_years=0.0,
        last_years=YEARS,
        anchor_years=0.0,
        stream_of=lambda stage: stream(seed, 0, stage),
    ).log
    return scene, log


@EXAMPLES
@given(cases())
def test_new_objects_touch_nothing(case):
    assert faults(case.play(incidents=5.0)) == []


@EXAMPLES
@given(cases(dates=(2,)))
def test_new_objects_touch_nothing_where_no_gap_is_asked_for(case):
    assert faults(dataclasses.replace(case, more={"gap_m": 0.0}).play(incidents=5.0)) == []


@EXAMPLES
@given(cases(paint=("t2",), dates=(2,)), st.sampled_from((1.0, 2.0, 3.5)))
def test_the_gap_is_kept_in_metres(case, gap_m):
    scene, log = built(case.world, case.seed, gap_m=gap_m)
    masks = {
        event.object_id: drawn(event.footprint, scene.grid.shape)
        for event in log
        if event.object_id not in scene.objects
    }
    for number, mask in masks.items():
        distance_m = ndimage.distance_transform_edt(~mask) * case.world.gsd_m
        others = [other for n, other in masks.items() if n != number]
        for other in (scene.instances > 0, *others):
            # Between two walls lies one pixel less than between the centres of their pixels.
            assert distance_m[other].min(initial=np.inf) > gap_m


@EXAMPLES
@given(cases(paint=("t2",), dates=(2,)))
def test_the_set_back_from_roads_is_kept_by_the_whole_object(case):
    world = dataclasses.replace(case.world, road=True, scheme="openearthmap", rows=96, cols=96)
    scene, log = built(world, case.seed, set_back_m=7.0)
    classes = object_class_map(scene.instances, scene.objects)
    distance_m = ndimage.distance_transform_edt(classes != hub.ROAD) * world.gsd_m
    for event in log:
        assert distance_m[event.footprint.window][event.footprint.mask].min() >= 7.0


def flat_scene(side_px: int, gsd_m: float, sun_azimuth_deg: float | None = None) -> Scene:
    """Return bare ground without anything on it."""
    raw = raw_scene(World(rows=side_px, cols=side_px, gsd_m=gsd_m, road=False, water=False, ignored=False))
    bare = np.full((side_px, side_px), 1, np.uint8)
    return prepare(dataclasses.replace(raw, labels=bare, source="flat", sun_azimuth_deg=sun_azimuth_deg))


@pytest.mark.parametrize("gsd_m", [0.5, 1.0])
@pytest.mark.parametrize("area_m2", [80.0, 240.0])
def test_drawn_shapes_have_the_area_asked_for(gsd_m, area_m2):
    home = flat_scene(200, gsd_m)
    areas = [
        event.area_m2
        for seed in range(4)
        for event in played(
            home, seed=seed, incidents=8.0, needs_pixels=False, sources={"drawn": 1.0}, area_m2=area_m2
        ).log
        if event.phase == "cleared"
    ]
    assert len(areas) >= 10
    # Pixels on the outline fall in or out evenly: single shapes within a sixth, their mean much closer.
    assert np.mean(areas) == pytest.approx(area_m2, rel=0.05)
    np.testing.assert_allclose(areas, area_m2, rtol=0.17)


@pytest.mark.parametrize(("gsd_m", "turn_deg"), [(0.8, 0), (1.25, 0), (1.0, 40), (1.0, 90)])
def test_a_donor_from_another_scene_keeps_its_size_in_metres(gsd_m, turn_deg):
    # A donor is turned as far as the suns of the two scenes stand apart.
    there = raw_scene(World(rows=96, cols=96, gsd_m=1.0, seed=5))
    lender = prepare(dataclasses.replace(there, sun_azimuth_deg=100.0))
    home = flat_scene(96, gsd_m, sun_azimuth_deg=100.0 + turn_deg)
    play = played(
        home,
        seed=1,
        lenders=[lender],
        incidents=12.0,
        names=("construction",),
        sources={"others": 1.0},
        scale=1.0,
        area_m2=100.0,
    )
    built = [event for event in play.log if "donor_object" in event.parameters]
    assert len(built) >= 5
    ratios = []
    for event in built:
        donor = lender.objects[event.parameters["donor_object"]]
        ratios.append(event.area_m2 / (donor.footprint.pixels * lender.grid.pixel_area_m2))
        assert event.parameters["motion"]["scale"] == pytest.approx(1.0 / gsd_m)
        assert event.parameters["motion"]["turn_deg"] == pytest.approx(turn_deg)
    # A side of 8 pixels is rounded by up to half a pixel, one way or the other.
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06)
    np.testing.assert_allclose(ratios, 1.0, atol=0.2)


def test_no_place_is_told_from_no_donor():
    scene = prepare(raw_scene(World(rows=48, cols=48)))
    wish = construction.wish_of(Site(scene, survey(scene)), construction.Parameters())
    rng = np.random.default_rng(0)
    assert place(rng, Site(scene, survey(scene), needs_pixels=True), wish) == "no_donor"
    walled = dataclasses.replace(scene, surface=np.full_like(scene.surface, hub.WATER))
    assert place(rng, Site(walled, survey(walled)), wish) == "no_room"


def test_a_donor_lends_its_pixels_no_more_often_than_it_may():
    play = Case(World(rows=96, cols=96, road=False, water=False, seed=3), 4, more={"gap_m": 0.0}).play(40.0)
    uses: dict[object, int] = {}
    for event in play.log:
        if event.new_object is not None and "donor_object" in event.parameters:
            key = event.parameters["donor_scene"], event.parameters["donor_object"]
            uses[key] = uses.get(key, 0) + 1
    assert max(uses.values()) <= 2


def test_nothing_is_built_on_ground_that_the_recipe_leaves_out():
    play = played(
        prepare(raw_scene(World(rows=96, cols=96, seed=2))),
        seed=3,
        incidents=12.0,
        names=("construction", "demolition"),
        surfaces={"grass": 1.0},
    )
    built = [event for event in play.log if event.process == "construction"]
    assert built
    for event in built:
        under = play.scene.surface[event.footprint.window][event.footprint.mask]
        assert (under == hub.GRASS).all()
