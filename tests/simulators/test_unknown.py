"""Pixels that nobody can vouch for: ignore in every layer, and no object stands on them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.site import survey
from diachron.simulators.unknown import LEAST_LEFT, with_unknown
from tests.worlds import World, raw_scene, seeds, worlds

EXAMPLES = settings(max_examples=20)


def blobs(shape, seed, share):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 4)
    return noise > np.quantile(noise, 1 - share)


@EXAMPLES
@given(worlds(), seeds(), st.floats(0.05, 0.6))
def test_unknown_pixels_say_nothing_and_the_rest_stays(world, seed, share):
    scene = prepare(raw_scene(world))
    kept = scene.surface.copy(), scene.instances.copy(), scene.labels.copy()
    unknown = blobs(scene.grid.shape, seed, share)
    void = scene.void if scene.void is not None else np.zeros_like(unknown)
    found = with_unknown(scene, unknown, void)
    assert found.ignored[unknown | void].all()
    for layer, before in zip((scene.surface, scene.instances, scene.labels), kept, strict=True):
        np.testing.assert_array_equal(layer, before)
    known = ~found.ignored
    np.testing.assert_array_equal(found.surface[known], scene.surface[known])
    np.testing.assert_array_equal(found.instances[known], scene.instances[known])
    np.testing.assert_array_equal(found.labels[known], scene.labels[known])
    if scene.schema.ignore is not None:
        assert (found.labels[unknown] == scene.schema.ignore).all()
    # What is ignored beyond that stood under an object of which too little was left.
    more = found.ignored & ~(unknown | void | scene.ignored)
    assert (scene.instances[more] > 0).all()
    drawn = np.zeros_like(found.instances)
    for number, entry in found.objects.items():
        drawn[entry.footprint.window][entry.footprint.mask] = number
        before = scene.objects[number].footprint
        assert entry.footprint.pixels > LEAST_LEFT * before.pixels
        assert entry.certain == (scene.objects[number].certain and entry.footprint.pixels == before.pixels)
    np.testing.assert_array_equal(found.instances, drawn)


def test_an_object_that_loses_a_pixel_lends_nothing_and_stays():
    scene = prepare(raw_scene(World()))
    chosen = donors_of(scene)[0].object
    unknown = np.zeros(scene.grid.shape, bool)
    unknown[chosen.footprint.row, chosen.footprint.col] = True
    found = with_unknown(scene, unknown, np.zeros_like(unknown))
    assert chosen.id in found.objects
    assert chosen.id not in {donor.object.id for donor in donors_of(found)}


def test_nothing_is_built_beside_unknown_pixels():
    scene = prepare(raw_scene(World()))
    unknown = np.zeros(scene.grid.shape, bool)
    unknown[20:40, 20:40] = True
    assert not survey(with_unknown(scene, unknown, np.zeros_like(unknown))).clearance_px[20:40, 20:40].any()
