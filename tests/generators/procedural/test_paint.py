"""Repainting a procedural place: only what changed, with its shadow, and as the whole picture would be."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.light import shadow_direction, shadow_length_m
from diachron.core.sample import Snapshot
from diachron.core.scene import Footprint, SceneObject
from diachron.core.streams import stream
from diachron.generators import procedural
from diachron.generators.procedural.new_roofs import roof_of
from diachron.generators.procedural.state import state_in
from tests.generators.procedural.place import SUN, place, request, scene_of, with_house, without

# A house of 16 x 12 m and 6 m high, flat as its donor (house 3), on the lawn.
HOUSE = (112, 4, (24, 32))


@pytest.fixture(scope="module")
def world():
    model, state = place(trees=False)
    return model, state, scene_of(model, state)


def painted(scene, target, log):
    asked = request(scene, target, log)
    params = procedural.draw(stream(0, 0, "render"), asked)
    return procedural.paint(asked, json.loads(json.dumps(params)))


def test_nothing_changed_is_the_picture_itself(world):
    _, state, scene = world
    picture = painted(scene, state, EventLog())
    assert picture.image.tobytes() == scene.image.tobytes()
    assert not picture.edit.any()
    assert picture.image is not scene.image


@pytest.mark.parametrize("make", [lambda s: without(s, 1), lambda s: with_house(s, *HOUSE, 6.0)])
def test_bytes_outside_edit_stay_and_inside_are_those_of_the_whole_picture(world, make):
    model, state, scene = world
    target, log = make(state)
    picture = painted(scene, target, log)
    kept = ~picture.edit
    assert picture.image[:, kept].tobytes() == scene.image[:, kept].tobytes()
    whole = procedural.picture_of(
        model, target, sun_azimuth_deg=SUN[0], sun_elevation_deg=SUN[1], bands=scene.bands,
        dtype="uint8", full_scale=255.0, log=log,
    )  # fmt: skip
    off = np.abs(picture.image.astype(int) - whole).max(axis=0)
    # Windows may round a grey level otherwise; differences that nobody sees are left as they were.
    assert off.max() <= 2
    assert (off > 0).mean() < 0.05
    assert 0.0 < picture.edit.mean() < 0.25


def test_a_removed_house_leaves_lit_ground_and_no_shadow(world):
    _, state, scene = world
    target, log = without(state, 1)
    picture = painted(scene, target, log)
    gone = state.instances == 1
    # It is green, and as light as the garden around it.
    red, _, _, nir = np.median(picture.image[:, gone], axis=1)
    around = ndimage.binary_dilation(gone, iterations=12) & ~ndimage.binary_dilation(gone, iterations=2)
    around &= state.surface == hub.GRASS
    assert nir > 1.3 * red
    assert red == pytest.approx(np.median(picture.image[0][around]), rel=0.3)
    row, col = shadow_direction(SUN[0])
    behind = np.roll(gone, (round(9 * row), round(9 * col)), (0, 1)) & ~gone
    was, now = (np.median(image[:3, behind]) for image in (scene.image, picture.image))
    assert was < 0.75 * now
    assert picture.effects["light"] > 50


@pytest.mark.parametrize("azimuth", [180.0, 270.0])
def test_a_new_house_casts_a_shadow_of_the_right_length_and_direction(azimuth):
    model, state = place(trees=False)
    scene = scene_of(model, state, sun=(azimuth, 40.0))
    target, log = with_house(state, *HOUSE, 6.0)
    picture = painted(scene, target, log)
    assert picture.effects["shadow"] > 100
    ratio = picture.image[:3].mean(axis=0) / np.maximum(scene.image[:3].mean(axis=0), 1.0)
    rows, cols = np.nonzero((target.instances != 77) & (ratio < 0.72))
    middle = HOUSE[0] + HOUSE[2][0] / 2, HOUSE[1] + HOUSE[2][1] / 2
    down, right = shadow_direction(azimuth)
    offset = np.array([rows.mean() + 0.5 - middle[0], cols.mean() + 0.5 - middle[1]])
    assert offset @ (down, right) / np.hypot(*offset) > 0.97
    half = HOUSE[2][0] / 2 * abs(down) + HOUSE[2][1] / 2 * abs(right)
    reach = (rows + 0.5 - middle[0]) * down + (cols + 0.5 - middle[1]) * right - half + 0.5
    # A parapet of 0.7 m stands on a roof of 6 m.
    assert reach.max() * model.gsd_m == pytest.approx(shadow_length_m(6.7, 40.0), abs=0.6)


def test_an_added_house_takes_its_donors_roof(world):
    model, state, _ = world
    target, log = with_house(state, *HOUSE, 6.0)
    roof = roof_of(model, target.objects[77], log)
    assert (roof.form, roof.material, roof.eaves_m) == ("flat", model.roofs[3].material, 6.0)
    assert roof.ridge_deg == pytest.approx(0.0, abs=1.0)


def test_trees_go_with_the_ground_they_stand_on():
    model, state = place(trees=True)
    scene = scene_of(model, state)
    # The bush and the palm stand here.
    footprint = Footprint(130, 70, np.ones((50, 50), bool))
    surface = state.surface.copy()
    surface[footprint.window] = hub.BARE
    event = ChangeEvent(
        1, "felling", "felling", "cleared", 1.0, 0, Cover(0, hub.GRASS), Cover(0, hub.BARE), footprint, 625.0
    )
    target, log = Snapshot(2.0, surface, state.instances, state.objects), EventLog((event,))
    whole = slice(0, 192), slice(0, 192)
    assert len(state_in(model, state, EventLog(), whole).crowns) == 4
    assert len(state_in(model, target, log, whole).crowns) == 2
    picture = painted(scene, target, log)
    assert picture.edit[footprint.window].all()
    assert picture.effects["light"] > 0


@pytest.mark.parametrize(("dtype", "full_scale"), [("uint8", 255.0), ("uint16", 10000.0), ("float32", 1.0)])
@pytest.mark.parametrize("count", [1, 12])
def test_any_scale_and_number_of_bands(dtype, full_scale, count):
    bands = ("coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir2", "swir1",
             "swir2", "pan")[:count]  # fmt: skip
    model, state = place(side_m=48.0, corner_m=(-44.0, -30.0), gsd_m=1.0, k=1)
    scene = scene_of(model, state, bands=bands, dtype=dtype, full_scale=full_scale)
    assert scene.image.dtype == np.dtype(dtype)
    assert scene.image.shape == (count, 48, 48)
    target, log = without(state, 1)
    picture = painted(scene, target, log)
    assert picture.image.dtype == np.dtype(dtype)
    kept = ~picture.edit
    assert picture.image[:, kept].tobytes() == scene.image[:, kept].tobytes()
    assert picture.edit.any()
    assert scene.image.min() >= 0
    # Next to nothing is burnt out.
    assert (scene.image.astype(float) >= full_scale).mean() <= 0.001


@pytest.mark.parametrize("phase", ["cleared", "foundation", "walls"])
def test_a_building_site_shows_before_there_is_a_building(world, phase):
    _, state, scene = world
    target, log = with_house(state, *HOUSE, 6.0)
    built = log[0]
    surface = state.surface.copy()
    surface[built.footprint.window] = hub.BARE
    event = dataclasses.replace(
        built, phase=phase, new_object=None, before=Cover(0, hub.GRASS), after=Cover(0, hub.BARE)
    )
    target = Snapshot(2.0, surface, state.instances, state.objects)
    picture = painted(scene, target, EventLog((event,)))
    inside = np.zeros_like(picture.edit)
    inside[built.footprint.window] = True
    assert picture.edit[inside].all()
    # Earth is carried over the grass around; walls cast a shadow, a slab does not.
    assert picture.effects["earth"] > 50
    level = picture.image[:3, inside].mean(axis=0)
    dark, light = np.quantile(level, (0.05, 0.9))
    assert (dark < 0.55 * light) == (phase == "walls")


def test_a_new_road_has_asphalt_along_its_line(world):
    _, state, scene = world
    footprint = Footprint(20, 88, np.ones((60, 14), bool))
    road = SceneObject(88, hub.ROAD, footprint)
    ids = state.instances.copy()
    ids[footprint.window] = np.where(ids[footprint.window] == 0, 88, ids[footprint.window])
    event = ChangeEvent(
        1, "roads", "road building", "built", 1.0, 88, Cover(0, None), Cover(88), footprint, 210.0,
        new_object=road, parameters={"line": [[20.0, 94.5], [80.0, 94.5]], "width_m": 7.0},
    )  # fmt: skip
    target = Snapshot(2.0, state.surface, ids, {**state.objects, 88: road})
    log = EventLog((event,))
    part = state_in(scene.model, target, log, (slice(0, 192), slice(0, 192)))
    lanes = part.lane_m[60:120, 176:204]
    assert np.nanmax(np.abs(lanes)) < 3.6
    # Its middle, and left of it on the way down: east.
    assert abs(lanes[10, 14]) < 0.3
    assert lanes[10, 24] * lanes[10, 4] < 0
    picture = painted(scene, target, log)
    red, _, blue, nir = picture.image[:, 30:70, 90:100].reshape(4, -1).mean(axis=1)
    assert nir < 1.15 * red
    assert abs(red - blue) < 25


def test_a_real_picture_without_a_model_keeps_its_own_levels(world):
    _, state, scene = world
    dim = dataclasses.replace(scene, image=(scene.image * 0.5).astype(np.uint8), model=None)
    target, log = without(state, 1)
    picture = painted(dim, target, log)
    gone = state.instances == 1
    lawn = (state.instances == 0) & (state.surface == hub.GRASS)
    ratio = np.median(picture.image[:, gone], axis=1) / np.median(dim.image[:, lawn], axis=1)
    assert ((ratio > 0.6) & (ratio < 1.6)).all()
