"""The contract of every registered process."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.registry import entries, load
from diachron.core.scene import Scene, object_class_map
from diachron.core.schemes import schema_named
from diachron.core.streams import stream
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.simulate import Simulation, simulate
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import draw_labels, snapshot
from tests.worlds import YEARS, World, processes_at, raw_scene

SEEDS = range(6)
# The last of them have many kinds of ground.
FIRST_OF_MANY = 4
PROCESSES = sorted(entries("processes"))
DIRECTIONS = {"forward": 0.0, "backward": YEARS}
# Why a process tells nothing of the past: what it would undo cannot be told from the real picture, or is a
# whole road.
ONE_WAY = {"not_in_labels", "network_would_vanish"}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [
        prepare(raw_scene(World(rows=side, cols=side, seed=seed, scheme="hub", many=seed >= FIRST_OF_MANY)))
        for seed, side in zip(SEEDS, (90, 90, 90, 90, 110, 110), strict=True)
    ]


@cache
def run(scene: Scene, name: str, seed: int, *, anchor: float, incidents: float = 5.0) -> Simulation:
    return simulate(
        Site(scene, survey(scene), donors_of(scene), needs_pixels=True),
        {name: processes_at(scene, incidents)[name]},
        first_years=0.0,
        last_years=YEARS,
        anchor_years=anchor,
        stream_of=lambda stage: stream(seed, 0, stage),
    )


@pytest.fixture(params=PROCESSES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=sorted(DIRECTIONS))
def anchor(request: pytest.FixtureRequest) -> float:
    return DIRECTIONS[request.param]


def test_defaults_are_valid_and_have_a_rate(name):
    parameters = load("processes", name).Parameters()
    assert parameters.rate_per_km2_year >= 0
    assert all(field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
               for field in dataclasses.fields(parameters))  # fmt: skip


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf"), "3"])
def test_a_rate_that_is_none_is_refused(name, rate):
    with pytest.raises(ValueError, match="rate_per_km2_year"):
        load("processes", name).Parameters(rate_per_km2_year=rate)


def test_rate_zero_leaves_the_map(scenes, name, anchor):
    for scene in scenes:
        simulation = run(scene, name, 0, anchor=anchor, incidents=0.0)
        assert len(simulation.log) == 0
        assert simulation.tally[name] == {"drawn": 0, "placed": 0, "why": {}}


def test_the_same_stream_repeats(scenes, name, anchor):
    for seed, scene in zip(SEEDS, scenes, strict=True):
        # The first is the one that the other tests look at; the second is played anew.
        first, second = (play(scene, name, seed, anchor=anchor) for play in (run, run.__wrapped__))
        assert json.dumps(first.log.to_json()) == json.dumps(second.log.to_json())
        assert first.tally == second.tally


def test_something_happens_and_its_record_is_json(scenes, name, anchor):
    simulations = [run(scene, name, seed, anchor=anchor) for seed, scene in zip(SEEDS, scenes, strict=True)]
    logs = [simulation.log for simulation in simulations]
    reasons = {reason for simulation in simulations for reason in simulation.tally[name]["why"]}
    if reasons & ONE_WAY:
        assert anchor == YEARS
        assert len(reasons) == 1
        assert not any(logs)
    else:
        assert sum(len(log) for log in logs) > 0
    for log in logs:
        assert json.loads(json.dumps(log.to_json(), allow_nan=False)) == log.to_json()


def test_the_scene_is_not_modified(scenes, name, anchor):
    for seed, scene in zip(SEEDS, scenes, strict=True):
        kept = scene.image.copy(), scene.surface.copy(), scene.instances.copy(), scene.labels.copy()
        log = run(scene, name, seed, anchor=anchor).log
        snapshot(scene, log, time_years=YEARS - anchor, anchor_years=anchor)
        for layer, copy in zip(
            (scene.image, scene.surface, scene.instances, scene.labels), kept, strict=True
        ):
            np.testing.assert_array_equal(layer, copy)


def test_events_lie_between_the_dates_or_lead_into_them(scenes, name, anchor):
    for seed, scene in zip(SEEDS, scenes, strict=True):
        log = run(scene, name, seed, anchor=anchor).log
        ids = {event.id for event in log}
        caused = {cause for event in log for cause in event.causes}
        for event in log:
            assert event.process == name
            assert event.time_years <= YEARS
            # What began before the first date is there because something after it followed.
            assert event.time_years > 0.0 or event.id in caused
            assert set(event.causes) <= ids
            by_id = {other.id: other.time_years for other in log}
            assert all(by_id[cause] <= event.time_years for cause in event.causes)
            # Nothing of the past is told after the real picture, and nothing of the future before it.
            assert event.time_years > anchor if anchor == 0.0 else event.time_years <= anchor


def test_ids_persist_off_the_events(scenes, name, anchor):
    for seed, scene in zip(SEEDS, scenes, strict=True):
        log = run(scene, name, seed, anchor=anchor).log
        touched = {event.object_id for event in log}
        for time in (0.0, 1.7, 3.1, YEARS):
            state = snapshot(scene, log, time_years=time, anchor_years=anchor)
            for number in scene.objects.keys() - touched:
                assert state.objects[number] is scene.objects[number]
            assert set(state.objects) <= set(scene.objects) | touched


def test_applying_then_undoing_returns_the_scene(scenes, name, anchor):
    legend = schema_named("hub")
    happened = refused = 0
    for seed, scene in zip(SEEDS, scenes, strict=True):
        simulation = run(scene, name, seed, anchor=anchor)
        log = simulation.log
        happened += len(log)
        refused += bool(ONE_WAY & set(simulation.tally[name]["why"]))
        other = YEARS - anchor
        there = snapshot(scene, log, time_years=other, anchor_years=anchor)
        moved = dataclasses.replace(
            scene, surface=there.surface, instances=there.instances, objects=dict(there.objects)
        )
        back = snapshot(moved, log, time_years=anchor, anchor_years=other)
        np.testing.assert_array_equal(back.instances, scene.instances)
        assert set(back.objects) == set(scene.objects)
        expected = legend.draw(scene.surface, object_class_map(scene.instances, scene.objects))
        drawn = legend.draw(back.surface, object_class_map(back.instances, back.objects))
        for event in log:
            # A cover names one kind of ground: where there were several, the log cannot bring them back.
            box, mask = event.footprint.window, event.footprint.mask
            if len(np.unique(scene.surface[box][mask])) > 1:
                drawn[box][mask] = expected[box][mask]
        np.testing.assert_array_equal(drawn, expected)
    assert happened > 0 or refused > 0


def test_what_stands_before_an_event_is_what_it_says(scenes, name, anchor):
    for seed, scene in zip(SEEDS, scenes, strict=True):
        log = run(scene, name, seed, anchor=anchor).log
        for event in log:
            box, mask = event.footprint.window, event.footprint.mask
            for time, cover in ((event.time_years - 1e-9, event.before), (event.time_years, event.after)):
                if not 0.0 <= time <= YEARS:
                    continue
                state = snapshot(scene, log, time_years=time, anchor_years=anchor)
                assert (state.instances[box][mask] == cover.object_id).all()
                if cover.surface is not None and cover.object_id == 0:
                    assert (state.surface[box][mask] == cover.surface).all()
                if cover.object_id:
                    assert state.objects[cover.object_id].object_class in hub.OBJECTS


def test_labels_change_only_where_events_are(scenes, name, anchor):
    for seed, scene in zip(SEEDS, scenes, strict=True):
        log = run(scene, name, seed, anchor=anchor).log
        state = snapshot(scene, log, time_years=YEARS - anchor, anchor_years=anchor)
        changed = draw_labels(scene, state, log, scene.schema) != scene.labels
        for event in log:
            changed[event.footprint.window] &= ~event.footprint.mask
        assert not changed.any()
