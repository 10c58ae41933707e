"""Touching buildings are cut apart where they narrow; what is one thing stays one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.simulators.instances import (
    fill_of_oriented_box,
    fills_of_oriented_boxes,
    number_in_raster_order,
    split_instances,
)


def split(mask: NDArray[np.bool_], kind: int = hub.BUILDING, gsd_m: float = 0.5) -> NDArray[np.int32]:
    flat = np.full(mask.shape, 0.5, np.float32)
    return split_instances(np.where(mask, kind, 0).astype(np.uint8), flat, gsd_m)[0]


def boxes(shape: tuple[int, int], *corners: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Return a mask of boxes, each by top, left, height, width."""
    mask = np.zeros(shape, bool)
    for row, col, height, width in corners:
        mask[row : row + height, col : col + width] = True
    return mask


def turned_box(shape: tuple[int, int], length: float, width: float, angle_deg: float) -> NDArray[np.bool_]:
    row, col = np.mgrid[: shape[0], : shape[1]].astype(float)
    row, col = row - shape[0] / 2, col - shape[1] / 2
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return (np.abs(col * c + row * s) <= length / 2) & (np.abs(row * c - col * s) <= width / 2)


@pytest.mark.parametrize("neck", [1, 2, 3, 4])
@pytest.mark.parametrize("length", [1, 3, 6])
def test_two_houses_joined_by_a_neck_become_two(neck, length):
    mask = boxes((24, 44), (5, 4, 12, 12), (5, 16 + length, 12, 12), (9, 16, neck, length))
    ids = split(mask)
    assert ids.max() == 2
    # Each keeps its own middle, and shares with nobody.
    assert {int(ids[11, 10]), int(ids[11, 22 + length])} == {1, 2}
    sizes = np.bincount(ids.ravel())[1:]
    assert abs(int(sizes[0]) - int(sizes[1])) <= neck * length + 2 * neck


def test_a_row_of_six_houses_touching_by_necks_becomes_six():
    houses = [(6, 4 + 15 * k, 12, 12) for k in range(6)]
    necks = [(10, 16 + 15 * k, 3, 3) for k in range(5)]
    ids = split(boxes((26, 100), *houses, *necks))
    assert ids.max() == 6
    middles = [int(ids[12, 10 + 15 * k]) for k in range(6)]
    assert middles == [1, 2, 3, 4, 5, 6]


def test_houses_that_meet_at_a_corner_are_two():
    assert split(boxes((30, 30), (4, 4, 9, 9), (13, 13, 9, 9))).max() == 2


@settings(max_examples=60)
@given(st.integers(4, 40), st.integers(4, 60))
def test_a_plain_rectangle_stays_one(height, width):
    assert split(boxes((50, 70), (5, 5, height, width))).max() == 1


@pytest.mark.parametrize("angle_deg", range(0, 90, 10))
@pytest.mark.parametrize(("length", "width"), [(16, 12), (40, 10), (30, 24)])
def test_a_turned_rectangle_stays_one(angle_deg, length, width):
    assert split(turned_box((60, 60), length, width, angle_deg)).max() == 1


def test_an_l_of_equal_wings_stays_one():
    assert split(boxes((50, 50), (5, 5, 30, 10), (25, 5, 10, 30))).max() == 1


@pytest.mark.parametrize("gsd_m", [0.5, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_an_irregular_block_is_never_one_blob(gsd_m, seed):
    # Eight houses of 14 to 22 m, shifted until they run into each other, as coarse labels draw them.
    rng = np.random.default_rng(seed)
    side = round(110 / gsd_m)
    mask = np.zeros((side, side), bool)
    for k in range(8):
        row, col = (round(float(n) / gsd_m) for n in (8 + 12 * k // 2 + rng.uniform(0, 8), 6 + 11 * k))
        height, width = (round(float(n) / gsd_m) for n in rng.uniform(14, 22, 2))
        mask[row : row + height, col : col + width] = True
    assert ndimage.label(mask)[1] == 1
    ids, in_block = split_instances(
        np.where(mask, hub.BUILDING, 0).astype(np.uint8), rng.random(mask.shape, np.float32), gsd_m
    )
    assert ids.max() >= 2
    for number, box in enumerate(ndimage.find_objects(ids), start=1):
        piece = ids[box] == number
        large = np.count_nonzero(piece) * gsd_m**2 >= 900
        # What is left large and ragged is at least known to be a guess.
        assert in_block[box][piece].all() or not large or fill_of_oriented_box(piece) >= 0.72
    assert not (in_block & ~mask).any()


@pytest.mark.parametrize("kind", sorted(set(hub.OBJECTS) - hub.SPLIT_WHEN_TOUCHING))
def test_roads_and_their_like_stay_whole(kind):
    mask = boxes((90, 90), (40, 0, 6, 90), (0, 40, 90, 6), (10, 10, 20, 20), (19, 30, 2, 10))
    assert split(mask, kind, 1.0).max() == 1


def test_houses_and_the_road_they_touch_are_apart():
    classes = np.zeros((20, 30), np.uint8)
    classes[4:12, 4:14] = hub.BUILDING
    classes[12:16] = hub.ROAD
    ids, _ = split_instances(classes, np.zeros(classes.shape, np.float32), 0.5)
    assert ids.max() == 2
    assert len(np.unique(ids[classes == hub.ROAD])) == len(np.unique(ids[classes == hub.BUILDING])) == 1


@settings(max_examples=60)
@given(
    hnp.arrays(np.uint8, (24, 28), elements=st.sampled_from((0, 0, hub.BUILDING, hub.ROAD)), fill=st.just(0)),
    st.integers(1, 4),
)
def test_every_object_pixel_is_of_one_connected_piece_of_one_class(blocks, zoom):
    classes = np.kron(blocks, np.ones((zoom, zoom), np.uint8))
    kept = classes.copy()
    ids, in_block = split_instances(classes, np.zeros(classes.shape, np.float32), 1.0)
    np.testing.assert_array_equal(classes, kept)
    np.testing.assert_array_equal(ids > 0, classes > 0)
    for number, box in enumerate(ndimage.find_objects(ids), start=1):
        piece = ids[box] == number
        assert len(np.unique(classes[box][piece])) == 1
        assert ndimage.label(piece)[1] == 1
    assert not (in_block & ~np.isin(classes, list(hub.SPLIT_WHEN_TOUCHING))).any()
    np.testing.assert_array_equal(number_in_raster_order(ids), ids)


def test_numbers_follow_the_first_pixel():
    ids = np.array([[0, 7, 7], [3, 0, 9], [3, 3, 9]], np.int32)
    assert number_in_raster_order(ids).tolist() == [[0, 1, 1], [2, 0, 3], [2, 2, 3]]


@pytest.mark.parametrize("angle_deg", [0, 90])
def test_a_box_fills_its_box(angle_deg):
    assert fill_of_oriented_box(turned_box((40, 40), 21, 11, angle_deg)) == pytest.approx(1.0, abs=0.01)


def test_boxes_of_many_regions_are_those_of_each_alone():
    boxes = [
        turned_box((40, 40), length, width, angle) for length, width, angle in ((21, 11, 0), (17, 9, 30))
    ]
    bent = np.zeros((40, 40), bool)
    bent[4:30, 4:10] = bent[24:30, 4:34] = True
    ids = np.concatenate(
        [mask * np.int32(number) for number, mask in ((2, boxes[0]), (5, bent), (3, boxes[1]))]
    )
    fills = fills_of_oriented_boxes(ids)
    assert fills[[0, 1, 4]].tolist() == [0.0, 0.0, 0.0]
    for number, mask in ((2, boxes[0]), (5, bent), (3, boxes[1])):
        assert fills[number] == pytest.approx(fill_of_oriented_box(mask), rel=1e-9)
    # An L of 26 x 30 with arms of 6 fills a third of its box, however that is turned.
    assert fills[5] < 0.5


@pytest.mark.parametrize("side", [1, 2, 7, 20])
def test_a_square_has_no_main_axis_and_fills_its_box(side):
    ids = np.zeros((31, 29), np.int32)
    ids[9 : 9 + side, 8 : 8 + side] = 1
    assert fills_of_oriented_boxes(ids)[1] == 1.0
