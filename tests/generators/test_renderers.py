"""The contract of every registered renderer: what is outside the edit mask keeps its bytes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from diachron.core import hub
from diachron.core.errors import RenderError
from diachron.core.registry import load
from diachron.core.sample import Painted, RenderRequest, Snapshot
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.simulators.preparation import prepare
from tests.renderers import drawn, every_renderer
from tests.worlds import BANDS, FULL_SCALE, Case, Played, World, cases, played, raw_scene

# A case is a few numbers and a seed: a smaller one is no simpler, so none is looked for.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = settings(max_examples=10, phases=PHASES)
FORMS = [(dtype, bands) for dtype in sorted(FULL_SCALE) for bands in sorted(BANDS)]


def request_of(play: Played, state: Snapshot, lenders: tuple[Scene, ...] = ()) -> RenderRequest:
    return RenderRequest(
        play.scene, state, play.log, {scene.source: scene for scene in (play.scene, *lenders)}
    )


def painted(name: str, request: RenderRequest, seed: int = 0) -> Painted:
    renderer = load("renderers", name)
    return renderer.paint(request, drawn(name, stream(seed, 0, "render"), request))


def dates(name: str, play: Played) -> list[tuple[Snapshot, Painted]]:
    """Return every date but that of the real picture, painted."""
    return [
        (state, painted(name, request_of(play, state)))
        for state, time in zip(play.states, play.times, strict=True)
        if time != play.anchor
    ]


@every_renderer
@EXAMPLES
@given(case=cases())
def test_rate_zero_returns_the_picture(name, case):
    play = case.play(incidents=0.0)
    for _, picture in dates(name, play):
        assert picture.image.tobytes() == play.scene.image.tobytes()
        assert not picture.edit.any()
        assert not any(picture.effects.values())


@every_renderer
@EXAMPLES
@given(case=cases())
def test_unedited_pixels_keep_their_bytes(name, case):
    play = case.play()
    for _, picture in dates(name, play):
        assert picture.image.dtype == play.scene.image.dtype
        assert picture.image.shape == play.scene.image.shape
        assert picture.edit.dtype == np.bool_
        kept = ~picture.edit
        assert picture.image[:, kept].tobytes() == play.scene.image[:, kept].tobytes()


@every_renderer
@EXAMPLES
@given(case=cases())
def test_the_edit_mask_holds_what_changed_and_declares_the_rest(name, case):
    play = case.play()
    for state, picture in dates(name, play):
        gone_or_new = state.instances != play.scene.instances
        other_ground = (state.surface != play.scene.surface) & (state.instances == 0)
        assert not ((gone_or_new | other_ground) & ~picture.edit).any()
        beyond = picture.edit.copy()
        for event in play.log:
            beyond[event.footprint.window] &= ~event.footprint.mask
        assert np.count_nonzero(beyond) <= sum(picture.effects.values())
        assert all(count > 0 for count in picture.effects.values())


@every_renderer
@EXAMPLES
@given(case=cases(dates=(2,)))
def test_ignored_pixels_are_never_painted(name, case):
    world = dataclasses.replace(case.world, ignored=True, void=True)
    play = dataclasses.replace(case, world=world).play()
    for _, picture in dates(name, play):
        assert not (picture.edit & play.scene.ignored).any()
        if play.scene.nodata is not None:
            # A painted pixel has data, and one without stays without.
            was = (play.scene.image == play.scene.nodata).all(axis=0)
            np.testing.assert_array_equal((picture.image == play.scene.nodata).all(axis=0), was)


@every_renderer
@EXAMPLES
@given(case=cases(dates=(2,)))
def test_other_objects_are_not_painted_over(name, case):
    play = case.play()
    for state, picture in dates(name, play):
        classes = np.zeros(play.scene.grid.shape, int)
        for entry in play.scene.objects.values():
            classes[entry.footprint.window][entry.footprint.mask] = entry.object_class
        stays = (state.instances == play.scene.instances) & (state.instances > 0)
        # A shadow may fall on a road, or leave it.
        assert not (picture.edit & stays & ~np.isin(classes, list(hub.NETWORKS))).any()


@every_renderer
@EXAMPLES
@given(case=cases(dates=(2,)))
def test_a_date_is_painted_again_from_its_record(name, case):
    play = case.play()
    renderer = load("renderers", name)
    for state in play.states:
        request = request_of(play, state)
        params = drawn(name, stream(case.seed, 0, "render"), request)
        stored: Mapping[str, Any] = json.loads(json.dumps(params, allow_nan=False))
        first, again = renderer.paint(request, params), renderer.paint(request, stored)
        assert first.image.tobytes() == again.image.tobytes()
        assert first.edit.tobytes() == again.edit.tobytes()
        assert first.effects == again.effects


@every_renderer
def test_the_log_read_back_paints_the_same(name):
    play = Case(World(rows=90, cols=90, seed=6), 6).play(4.0)
    stored = type(play.log).from_json(json.loads(json.dumps(play.log.to_json())))
    first = request_of(play, play.states[-1])
    again = dataclasses.replace(first, log=stored)
    assert len(play.log) > 0
    assert painted(name, first).image.tobytes() == painted(name, again).image.tobytes()


@every_renderer
@EXAMPLES
@given(case=cases(dates=(2,)))
def test_inputs_are_never_modified(name, case):
    play = case.play()
    arrays = [play.scene.image, play.scene.surface, play.scene.instances, play.scene.labels]
    arrays += [layer for state in play.states for layer in (state.surface, state.instances)]
    for layer in arrays:
        # Writing to one of them would raise.
        layer.flags.writeable = False
    for _, picture in dates(name, play):
        assert not any(np.shares_memory(picture.image, layer) for layer in arrays)


@every_renderer
@pytest.mark.parametrize(("dtype", "bands"), FORMS)
def test_values_stay_in_the_range_of_the_source(name, dtype, bands):
    play = Case(World(rows=90, cols=90, seed=2, dtype=dtype, bands=bands), 5).play(4.0)
    assert len(play.log) > 0
    for _, picture in dates(name, play):
        assert picture.image.dtype == np.dtype(dtype)
        assert np.isfinite(picture.image.astype(float)).all()
        edited = picture.image[:, picture.edit].astype(float)
        assert edited.size > 0
        # Reflectance may overshoot a little where a donor is resampled; integers are clipped.
        slack = 0.25 if dtype == "float32" else 0.0
        assert edited.min() >= 0 - slack
        assert edited.max() <= FULL_SCALE[dtype] * (1 + slack)


@every_renderer
@pytest.mark.parametrize(("dtype", "bands"), FORMS)
def test_what_is_painted_lives_on_the_scale_of_the_source(name, dtype, bands):
    play = Case(World(rows=90, cols=90, seed=2, dtype=dtype, bands=bands), 5).play(6.0)
    scene, state = play.scene, play.states[-1]
    picture = painted(name, request_of(play, state))
    # Roofs and ground keep within a factor of three of the middle of the roofs and ground that there were;
    # a mix-up of 0-1, 0-255 and 0-2047 would be off by eight or more.
    for then, now in (
        (scene.instances == 0, state.instances == 0),
        (scene.instances > 0, state.instances > 0),
    ):
        new = picture.edit & now
        assert np.count_nonzero(new) > 50
        ratio = np.median(picture.image[:, new], axis=1) / np.median(scene.image[:, then], axis=1)
        assert ((ratio > 1 / 3) & (ratio < 3)).all()


@every_renderer
def test_an_object_looks_the_same_at_every_date_of_a_series(name):
    play = Case(World(rows=96, cols=96, seed=3, sun_azimuth_deg=None), 8, dates=4).play(5.0)
    pictures = [painted(name, request_of(play, state)).image for state in play.states]
    new = [number for number in play.states[-1].objects if number not in play.scene.objects]
    seen = 0
    for number in new:
        footprint = play.states[-1].objects[number].footprint
        looks = [
            picture[:, footprint.window[0], footprint.window[1]][:, footprint.mask].tobytes()
            for picture, state in zip(pictures, play.states, strict=True)
            if number in state.objects
        ]
        seen += len(looks) > 1
        assert len(set(looks)) == 1
    assert seen > 0


@every_renderer
def test_pixels_of_another_scene_may_be_lent(name):
    lender = prepare(raw_scene(World(rows=96, cols=96, gsd_m=0.8, seed=9)))
    home = prepare(raw_scene(World(rows=96, cols=96, seed=4)))
    play = played(
        home, seed=2, lenders=[lender], incidents=6.0, sources={"others": 1.0}, turn_limit_deg=180.0
    )
    assert any(event.parameters.get("donor_scene") == lender.source for event in play.log)
    kept = lender.image.copy()
    picture = painted(name, request_of(play, play.states[-1], (lender,)))
    np.testing.assert_array_equal(lender.image, kept)
    assert picture.edit.any()


@every_renderer
def test_a_donor_that_is_not_at_hand_is_named(name):
    if not load("renderers", name).NEEDS_DONORS:
        pytest.skip("the renderer takes no pixels from donors")
    lender = prepare(raw_scene(World(rows=96, cols=96, seed=9)))
    home = prepare(raw_scene(World(rows=96, cols=96, seed=4)))
    play = played(home, seed=2, lenders=[lender], incidents=6.0, sources={"others": 1.0})
    with pytest.raises(RenderError, match=r"world4: .*donor scene 'world9' is not at hand"):
        painted(name, request_of(play, play.states[-1]))


@every_renderer
def test_a_scene_without_clear_ground_is_refused_with_the_reason(name):
    # Everything but the houses is water: there is nothing to fill a hole with.
    scene = prepare(raw_scene(World(rows=60, cols=60, road=False, ignored=False, seed=1)))
    drowned = np.where(scene.instances > 0, scene.surface, hub.WATER).astype(np.uint8)
    play = played(
        dataclasses.replace(scene, surface=drowned),
        seed=1,
        incidents=6.0,
        names=("construction", "demolition"),
    )
    assert any(event.kind == "demolition" for event in play.log)
    if load("renderers", name).NEEDS_DONORS:
        with pytest.raises(RenderError, match=r"world1: no clear ground of .* pixels"):
            painted(name, request_of(play, play.states[-1]))
