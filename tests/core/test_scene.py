"""Footprints as run lengths, class maps, and layers that must share one grid."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diachron.core import hub
from diachron.core.errors import GridError
from diachron.core.scene import Footprint, SceneObject, object_class_map
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)).filter(np.any)


@given(masks, st.integers(-20, 500), st.integers(-20, 500))
def test_a_footprint_comes_back_from_its_record(mask, row, col):
    record = json.loads(json.dumps(Footprint(row, col, mask).to_json()))
    back = Footprint.from_json(record)
    assert (back.row, back.col) == (row, col)
    assert back.mask.dtype == np.bool_
    np.testing.assert_array_equal(back.mask, mask)


@given(masks)
def test_runs_alternate_from_zeros_and_fill_the_window(mask):
    runs = Footprint(0, 0, mask).to_json()["runs"]
    assert sum(runs) == mask.size
    assert sum(runs[1::2]) == np.count_nonzero(mask)
    assert all(run > 0 for run in runs[1:])


def test_runs_of_a_known_mask():
    mask = np.array([[0, 1, 1], [1, 0, 0]], bool)
    assert Footprint(3, 4, mask).to_json() == {"row": 3, "col": 4, "shape": [2, 3], "runs": [1, 3, 2]}
    assert Footprint(0, 0, ~mask).to_json()["runs"] == [0, 1, 3, 2]


def test_runs_that_do_not_fill_the_window_are_refused():
    with pytest.raises(ValueError, match=r"5 pixels in runs, \(2, 3\) in shape"):
        Footprint.from_json({"row": 0, "col": 0, "shape": [2, 3], "runs": [1, 4]})


def test_the_window_of_a_footprint_cuts_its_pixels_out_of_the_grid():
    ids = np.zeros((6, 7), np.int32)
    footprint = Footprint(2, 3, np.array([[1, 1], [0, 1]], bool))
    ids[footprint.window][footprint.mask] = 5
    assert footprint.pixels == 3
    assert np.argwhere(ids == 5).tolist() == [[2, 3], [2, 4], [3, 4]]


def test_the_class_map_gives_each_id_the_class_of_its_object():
    mark = Footprint(0, 0, np.ones((1, 1), bool))
    objects = {1: SceneObject(1, hub.ROAD, mark), 7: SceneObject(7, hub.BUILDING, mark)}
    instances = np.array([[0, 1], [7, 1]], np.int32)
    assert object_class_map(instances, objects).tolist() == [[0, hub.ROAD], [hub.BUILDING, hub.ROAD]]
    assert object_class_map(np.zeros((2, 2), np.int32), {}).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("layer", ["image", "surface", "instances", "labels"])
def test_layers_on_another_grid_are_refused(layer):
    scene = prepare(raw_scene(World(rows=48, cols=48)))
    with pytest.raises(GridError, match=rf"world0: {layer} is \(47, 48\), grid \(48, 48\)"):
        dataclasses.replace(scene, **{layer: getattr(scene, layer)[..., :47, :]})


def test_band_names_must_be_as_many_as_bands():
    scene = prepare(raw_scene(World(rows=48, cols=48)))
    with pytest.raises(GridError, match=r"image .*\(3, 48, 48\), but 2 band names"):
        dataclasses.replace(scene, bands=("red", "green"))
