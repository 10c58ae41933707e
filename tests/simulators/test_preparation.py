"""From a tile as it was read to a scene."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from diachron.core import hub
from diachron.core.scene import RawScene, object_class_map
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene, worlds

EXAMPLES = settings(max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def with_polygons(raw: RawScene, *boxes: tuple[int, int, int, int]) -> RawScene:
    """Return a scene of the building scheme whose polygons are boxes by top, left, height, width."""
    footprints = np.zeros(raw.grid.shape, np.int32)
    for number, (row, col, height, width) in enumerate(boxes, start=1):
        footprints[row : row + height, col : col + width] = 10 * number
    labels = (footprints > 0).astype(np.uint8)
    return dataclasses.replace(raw, footprints=footprints, labels=labels)


@pytest.fixture
def plain() -> RawScene:
    return raw_scene(World(rows=60, cols=60, scheme="building", road=False, water=False, ignored=False))


@EXAMPLES
@given(worlds())
def test_every_pixel_has_ground_or_is_ignored(world):
    raw = raw_scene(world)
    scene = prepare(raw)
    assert (scene.surface.dtype, scene.instances.dtype) == (np.uint8, np.int32)
    assert set(np.unique(scene.surface)) <= {hub.IGNORE, *hub.SURFACES}
    # Ignored is what has no data or no label, and nothing else.
    unlabelled = raw.void if raw.schema.ignore is None else raw.void | (raw.labels == raw.schema.ignore)
    np.testing.assert_array_equal(scene.ignored, unlabelled)


@EXAMPLES
@given(worlds())
def test_objects_are_the_labels_objects(world):
    raw = raw_scene(world)
    scene = prepare(raw)
    wanted = np.where(raw.void, 0, raw.schema.to_hub(raw.labels)[1])
    np.testing.assert_array_equal(object_class_map(scene.instances, scene.objects), wanted)
    for number, entry in scene.objects.items():
        assert entry.id == number
        inside = scene.instances[entry.footprint.window]
        np.testing.assert_array_equal(inside == number, entry.footprint.mask)


@EXAMPLES
@given(worlds())
def test_donors_are_whole_buildings_of_the_scene(world):
    scene = prepare(raw_scene(world))
    for donor in donors_of(scene):
        assert donor.object is scene.objects[donor.object.id]
        assert donor.object.object_class == hub.BUILDING
        assert donor.object.whole
        assert donor.area_m2 == pytest.approx(donor.object.footprint.pixels * world.gsd_m**2)


def test_polygons_that_touch_stay_apart(plain):
    scene = prepare(with_polygons(plain, (10, 10, 8, 8), (10, 18, 8, 9)))
    assert [entry.footprint.pixels for entry in scene.objects.values()] == [64, 72]


def test_a_polygon_cut_in_two_by_another_becomes_two_objects(plain):
    scene = prepare(with_polygons(plain, (10, 10, 6, 30), (8, 20, 10, 8)))
    assert sorted(entry.footprint.pixels for entry in scene.objects.values()) == [60, 72, 80]


def test_what_the_border_or_missing_data_cuts_is_not_whole(plain):
    raw = with_polygons(plain, (0, 20, 9, 9), (20, 20, 9, 9), (40, 51, 9, 9), (40, 20, 9, 9))
    void = np.zeros((60, 60), bool)
    void[40:50, 26:30] = True
    scene = prepare(dataclasses.replace(raw, void=void, nodata=0.0))
    whole = {(entry.footprint.row, entry.footprint.col): entry.whole for entry in scene.objects.values()}
    assert whole == {(0, 20): False, (20, 20): True, (40, 51): False, (40, 20): False}
    assert scene.ignored[void].all()


def test_a_scheme_that_says_the_ground_leaves_nothing_to_guess():
    assert prepare(raw_scene(World(scheme="openearthmap"))).surface_is_estimated is False
    assert prepare(raw_scene(World(scheme="building"))).surface_is_estimated is True


def test_a_place_without_anything_on_it_is_a_scene_too(plain):
    scene = prepare(dataclasses.replace(plain, labels=np.zeros_like(plain.labels)))
    assert scene.objects == {}
    assert not scene.instances.any()
    assert donors_of(scene) == ()


def test_a_place_without_any_data_is_all_ignored(plain):
    scene = prepare(dataclasses.replace(plain, void=np.ones((60, 60), bool), nodata=0.0))
    assert scene.ignored.all()
    assert scene.objects == {}
