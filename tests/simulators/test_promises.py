"""The promises that hold on the maps: no change at rate 0, agreement, ignore, ids, metres."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.change import CHANGE_IGNORE
from diachron.core.scene import object_class_map
from diachron.core.schemes import schema_named
from diachron.simulators.preparation import prepare
from diachron.simulators.site import survey
from diachron.simulators.snapshots import draw_labels
from tests.worlds import SCHEMES, Played, World, cases, raw_scene, worlds

# A case is a few numbers and a seed: a smaller one is no simpler, so none is looked for.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = settings(max_examples=14, phases=PHASES)


def differs(play: Played, first: int, last: int) -> NDArray[np.bool_]:
    """Return where two dates differ, from the maps alone: another label, or another object that is shown."""
    shown = [entry.id for entry in play.scene.schema.classes if entry.hub in hub.OBJECTS]
    labels, ids = play.labels, [state.instances for state in play.states]
    first_ids, last_ids = (np.where(np.isin(labels[k], shown), ids[k], 0) for k in (first, last))
    return ((labels[first] != labels[last]) | (first_ids != last_ids)) & ~play.scene.ignored


@EXAMPLES
@given(cases())
def test_rate_zero_changes_nothing(case):
    play = case.play(incidents=0.0)
    assert len(play.log) == 0
    for state, labels in zip(play.states, play.labels, strict=True):
        np.testing.assert_array_equal(state.surface, play.scene.surface)
        np.testing.assert_array_equal(state.instances, play.scene.instances)
        assert state.objects == play.scene.objects
        np.testing.assert_array_equal(labels, play.scene.labels)
    whole = play.between(0, -1)
    assert not (whole.change == 1).any()
    assert whole.visible == {}


@EXAMPLES
@given(cases())
def test_change_can_be_recomputed_from_the_maps(case):
    play = case.play()
    for first, last in [*pairwise(range(case.dates)), (0, case.dates - 1)]:
        change = play.between(first, last).change
        expected = np.where(play.scene.ignored, CHANGE_IGNORE, differs(play, first, last))
        np.testing.assert_array_equal(change, expected)


@EXAMPLES
@given(cases())
def test_every_changed_pixel_belongs_to_the_last_event_there(case):
    play = case.play()
    for first, last in [*pairwise(range(case.dates)), (0, case.dates - 1)]:
        result = play.between(first, last)
        start, end = play.times[first], play.times[last]
        between = [event for event in play.log if start < event.time_years <= end]
        owner = np.zeros(result.change.shape, int)
        for event in between:
            owner[event.footprint.window][event.footprint.mask] = event.id
        changed = result.change == 1
        assert (owner[changed] > 0).all()
        assert result.visible == {
            event.id: int(np.count_nonzero(changed & (owner == event.id))) for event in between
        }
        assert sum(result.visible.values()) == np.count_nonzero(changed)


@EXAMPLES
@given(cases())
def test_areas_of_events_are_their_footprints_in_square_metres(case):
    play = case.play()
    for event in play.log:
        area_m2 = np.count_nonzero(event.footprint.mask) * case.world.gsd_m**2
        assert event.area_m2 == pytest.approx(area_m2)


@EXAMPLES
@given(cases(), st.sampled_from((*SCHEMES, "hub", "road")))
def test_labels_are_the_objects_over_the_surface(case, scheme):
    play = case.play()
    schema = schema_named(scheme)
    assume(schema != play.scene.schema)
    for state in play.states:
        labels = draw_labels(play.scene, state, play.log, schema)
        classes = object_class_map(state.instances, state.objects)
        surface = np.where(play.scene.ignored, hub.IGNORE, state.surface)
        top = np.where(classes > 0, classes, surface)
        known = top != hub.IGNORE
        expected = np.vectorize({h: schema.draws.get(h, 0) for h in range(17)}.get)(top)
        np.testing.assert_array_equal(labels[known], expected[known])
        if schema.ignore is not None:
            assert (labels[~known] == schema.ignore).all()


@EXAMPLES
@given(cases())
def test_the_instance_map_and_the_objects_say_the_same(case):
    play = case.play()
    for state in play.states:
        drawn = np.zeros_like(state.instances)
        for number, entry in state.objects.items():
            assert entry.id == number
            drawn[entry.footprint.window][entry.footprint.mask] = number
        np.testing.assert_array_equal(state.instances, drawn)


@EXAMPLES
@given(cases())
def test_pixels_off_all_events_keep_labels_surface_and_ids(case):
    play = case.play()
    off = np.ones(play.scene.grid.shape, bool)
    for event in play.log:
        off[event.footprint.window] &= ~event.footprint.mask
    for state, labels in zip(play.states, play.labels, strict=True):
        np.testing.assert_array_equal(labels[off], play.scene.labels[off])
        np.testing.assert_array_equal(state.surface[off], play.scene.surface[off])
        np.testing.assert_array_equal(state.instances[off], play.scene.instances[off])


@EXAMPLES
@given(cases())
def test_the_date_of_the_real_picture_is_the_real_state(case):
    play = case.play()
    for time, state, labels in zip(play.times, play.states, play.labels, strict=True):
        if time == play.anchor:
            np.testing.assert_array_equal(state.instances, play.scene.instances)
            np.testing.assert_array_equal(labels, play.scene.labels)


@EXAMPLES
@given(cases())
def test_ignore_stays_ignore(case):
    case = dataclasses.replace(case, world=dataclasses.replace(case.world, ignored=True, void=True))
    play = case.play()
    ignored = play.scene.ignored
    assert ignored[:, -3:].all()
    for state, labels in zip(play.states, play.labels, strict=True):
        np.testing.assert_array_equal(labels[ignored], play.scene.labels[ignored])
        assert not state.instances[ignored].any()
        assert not state.surface[ignored].any()
        if play.scene.schema.ignore is not None:
            said = play.scene.labels == play.scene.schema.ignore
            np.testing.assert_array_equal(labels == play.scene.schema.ignore, said)
    np.testing.assert_array_equal(play.between(0, -1).change == CHANGE_IGNORE, ignored)
    for event in play.log:
        assert not (ignored[event.footprint.window] & event.footprint.mask).any()


@EXAMPLES
@given(cases(dates=(4,)))
def test_an_object_keeps_its_id_and_shape_while_it_stands(case):
    play = case.play(incidents=4.0)
    for before, after in pairwise(play.states):
        for number in before.objects.keys() & after.objects.keys():
            old, new = before.objects[number], after.objects[number]
            assert old.object_class == new.object_class
            parts = np.zeros(play.scene.grid.shape, bool)
            for event in play.log.between(before.time_years, after.time_years):
                if event.object_id == number and event.new_object is None:
                    parts[event.footprint.window] |= event.footprint.mask
            if parts.any():
                # A wing or a stretch of it came or went: all else of it is as it was.
                was, now = (state.instances == number for state in (before, after))
                np.testing.assert_array_equal(was & ~parts, now & ~parts)
                assert old.orientation_deg == new.orientation_deg
                continue
            assert (old.footprint.row, old.footprint.col) == (new.footprint.row, new.footprint.col)
            np.testing.assert_array_equal(old.footprint.mask, new.footprint.mask)


@EXAMPLES
@given(cases(dates=(4,)))
def test_ids_are_never_used_again(case):
    play = case.play(incidents=4.0)
    ids = [set(state.objects) for state in play.states]
    for number in set().union(*ids):
        present = [number in standing for standing in ids]
        # Once there, once gone: a change of presence happens at most twice, and never from gone to back.
        assert "".join("x" if there else " " for there in present).strip().count(" ") == 0
    fresh = set().union(*ids) - set(play.scene.objects)
    assert all(number > max(play.scene.objects, default=0) for number in fresh)
    born = [
        e.object_id for e in play.log if e.new_object is not None and e.object_id not in play.scene.objects
    ]
    assert len(born) == len(set(born))
    assert len({event.id for event in play.log}) == len(play.log)


@EXAMPLES
@given(worlds())
def test_layers_share_one_grid_and_values_are_the_sources(world):
    raw = raw_scene(world)
    kept = raw.image.copy(), raw.labels.copy()
    scene = prepare(raw)
    assert scene.grid == raw.grid
    assert scene.image.dtype == np.dtype(world.dtype)
    np.testing.assert_array_equal(scene.image, kept[0])
    np.testing.assert_array_equal(scene.labels, kept[1])
    np.testing.assert_array_equal(raw.image, kept[0])
    np.testing.assert_array_equal(raw.labels, kept[1])


def test_four_times_the_area_is_surveyed_at_twice_the_gsd():
    areas = [survey(prepare(raw_scene(World(gsd_m=gsd_m)))).area_km2 for gsd_m in (0.5, 1.0)]
    ignored = np.count_nonzero(raw_scene(World()).labels == 0)
    assert areas[0] == pytest.approx((80 * 80 - ignored) * 0.25 / 1e6)
    assert areas[1] == pytest.approx(4 * areas[0])
