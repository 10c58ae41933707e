"""Displacements against hand-computed ones, and what a warp may do to the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.registry import load
from diachron.core.scene import Footprint, SceneObject
from diachron.simulators.acquisition.apply import apply_date, displacement_of
from diachron.simulators.acquisition.context import Place, estimated_height_m
from diachron.simulators.acquisition.fields import smooth_field
from diachron.simulators.acquisition.lean import seen_at
from diachron.simulators.acquisition.warp import Displacement, total, warp, warp_labels

MODULES = {name: load("acquisition", name) for name in ("lean", "misregistration", "blur")}


def zero_field(shape: tuple[int, int]) -> NDArray[np.float32]:
    return np.zeros((2, *shape), np.float32)


@pytest.mark.parametrize("shift", [(2.0, 0.0), (0.0, -3.0), (-1.0, 4.0)])
def test_whole_pixels_are_copied_by_the_warp_too(shift):
    values = np.random.default_rng(0).random((2, 80, 70)).astype(np.float32)
    moved = warp(values, Displacement(shift, zero_field((80, 70))))
    rolled = np.roll(values, (int(shift[0]), int(shift[1])), (1, 2))
    np.testing.assert_allclose(moved[:, 6:-6, 6:-6], rolled[:, 6:-6, 6:-6], atol=1e-6)


@settings(max_examples=20)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 2**30))
def test_a_ramp_is_lower_by_slope_times_displacement(down, right, seed):
    row, col = np.mgrid[:90, :100].astype(np.float32)
    values = (0.2 + 0.004 * row + 0.003 * col)[None]
    field = smooth_field((90, 100), 40.0, seed, 2)
    moved = warp(values, Displacement((down, right), field))
    expected = values - 0.004 * (down + field[0]) - 0.003 * (right + field[1])
    inside = (slice(None), slice(12, -12), slice(12, -12))
    # Two passes meet the field to first order: 0.05 px of a slope of 0.004.
    np.testing.assert_allclose(moved[inside], expected[inside], atol=2e-4)


def test_two_passes_are_the_warp_of_one():
    rng = np.random.default_rng(1)
    values = ndimage.gaussian_filter(rng.random((1, 160, 160)), (0, 2, 2)).astype(np.float32)
    displacement = Displacement((1.3, -4.7), smooth_field((160, 160), 40.0, 3, 2))
    moved = warp(values, displacement)
    d = total(displacement, (160, 160))
    row, col = np.mgrid[:160, :160]
    expected = ndimage.map_coordinates(values[0], [row - d[0], col - d[1]], order=3, mode="nearest")
    error = (moved[0] - expected)[12:-12, 12:-12]
    # A B-spline differs from cubic convolution by more than the passes from each other.
    assert float(np.sqrt((error**2).mean())) < 0.02 * float(values.std())


@pytest.mark.parametrize("period", [3.0, 4.0, 6.0, 10.0])
def test_the_warp_blurs_no_more_than_cubic_convolution_at_half_a_pixel(period):
    col = np.arange(240, dtype=np.float64)
    values = np.broadcast_to(np.cos(2 * math.pi * col / period), (1, 24, 240)).astype(np.float32)
    moved = warp(values, Displacement((0.0, 0.5), zero_field((24, 240))))
    w = 2 * math.pi / period
    # Taps at half a pixel: -1/16, 9/16, 9/16, -1/16.
    response = 2 * (9 / 16 * math.cos(w / 2) - 1 / 16 * math.cos(3 * w / 2))
    expected = response * np.cos(w * (col - 0.5))
    np.testing.assert_allclose(moved[0, 12, 10:-10], expected[10:-10], atol=1e-5)


def test_labels_go_where_the_picture_goes():
    labels = np.zeros((40, 50), np.uint8)
    labels[10:20, 15:30] = 7
    displacement = np.empty((2, 40, 50), np.float32)
    displacement[0], displacement[1] = 3.2, -4.4
    moved = warp_labels(labels, displacement)
    # Down by 3, left by 4.
    np.testing.assert_array_equal(moved, np.roll(labels, (3, -4), (0, 1)))
    assert moved.dtype == labels.dtype


def test_labels_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"labels are \(4, 5\), the displacement is \(2, 5, 4\)"):
        warp_labels(np.zeros((4, 5), np.uint8), np.zeros((2, 5, 4), np.float32))


@pytest.mark.parametrize("reach", [3.0, 4.6])
def test_a_block_leans_by_its_height_and_its_wall_fills_the_gap(reach):
    block = np.zeros((30, 40), np.float32)
    block[10:20, 10:22] = reach
    far = seen_at(block, 0.0, 1.0)
    row = far[15]
    last = 21 + math.ceil(reach)
    # The roof lies `reach` to the right: where a column that much to the left is roof, all of it shows.
    np.testing.assert_allclose(row[10 + math.ceil(reach) : 22], reach)
    # The near wall: from the ground at its foot to the roof, one pixel of lean for each pixel of it.
    np.testing.assert_allclose(row[10 : 10 + math.floor(reach)], np.arange(math.floor(reach)))
    assert row[last] == pytest.approx(reach)
    assert row[:10].max() == row[last + 1 :].max() == 0
    assert far[:10].max() == far[20:].max() == 0


def block_place(shape: tuple[int, int], box: tuple[slice, slice], height_m: float | None) -> Place:
    instances = np.zeros(shape, np.int32)
    instances[box] = 1
    size = (box[0].stop - box[0].start, box[1].stop - box[1].start)
    house = SceneObject(
        1, hub.BUILDING, Footprint(box[0].start, box[1].start, np.ones(size, bool)), height_m=height_m
    )
    return Place(np.full(shape, hub.BARE, np.uint8), instances, {1: house}, 0.5)


def test_a_roof_moves_by_height_times_the_tangent():
    image = np.full((1, 60, 60), 60, np.uint8)
    image[:, 20:40, 20:40] = 200
    place = block_place((60, 60), (slice(20, 40), slice(20, 40)), height_m=8.0)
    # 8 m at 10 degrees are 1.41 m, 2.82 px of half a metre; 90 degrees is down.
    record = {"lean": {"px_per_m": math.tan(math.radians(10.0)) / 0.5, "direction_deg": 90.0}}
    moved = displacement_of((60, 60), record, MODULES, place)
    assert moved[:, 30, 30].tolist() == [3.0, 0.0]
    assert not moved[:, :20].any()
    leaning = apply_date(image, record, MODULES, full_scale=255.0, place=place)
    # The far edge has moved by three pixels, the near edge is filled by the wall; nothing is blurred.
    expected = image.copy()
    expected[:, 20:43, 20:40] = 200
    np.testing.assert_array_equal(leaning, expected)


def test_a_height_that_is_not_known_comes_from_the_area():
    # 3 m + 0.3 sqrt(area), at most 12 m.
    assert estimated_height_m(100.0) == pytest.approx(6.0)
    assert estimated_height_m(400.0) == pytest.approx(9.0)
    assert estimated_height_m(10_000.0) == 12.0
    place = block_place((60, 60), (slice(20, 40), slice(20, 40)), height_m=None)
    assert place.heights_m[30, 30] == pytest.approx(6.0)
    assert place.heights_m[0, 0] == 0.0


def test_nothing_leans_where_nothing_stands():
    record = {"lean": {"px_per_m": 1.0, "direction_deg": 0.0}}
    place = Place(np.ones((20, 20), np.uint8), np.zeros((20, 20), np.int32), {}, 0.5)
    for known in (None, place):
        assert not displacement_of((20, 20), record, MODULES, known).any()


def test_shift_field_and_lean_add_up():
    place = block_place((80, 80), (slice(30, 50), slice(30, 50)), height_m=6.0)
    misregistered = {
        "misregistration": {"shift_px": [5.0, 0.0], "field_px": 0.4, "length_px": 40.0, "seed": 1}
    }
    leaning = {"lean": {"px_per_m": 0.5, "direction_deg": 0.0}}
    both = displacement_of((80, 80), misregistered | leaning, MODULES, place)
    alone = displacement_of((80, 80), misregistered, MODULES, place)
    # The house, 5 px lower now, leans 3 px to the right.
    np.testing.assert_allclose(both[:, 45, 42] - alone[:, 45, 42], [0.0, 3.0], atol=1e-5)
    np.testing.assert_allclose(both[:, :30], alone[:, :30])


def test_a_field_of_zero_is_a_plain_shift():
    image = np.random.default_rng(2).integers(1, 255, (3, 50, 50)).astype(np.uint8)
    plain = {"shift_px": [0.4, -0.7]}
    with_field = plain | {"field_px": 0.0, "length_px": 30.0, "seed": 9}
    first, second = (
        apply_date(image, {"misregistration": drawn}, MODULES, full_scale=255.0)
        for drawn in (plain, with_field)
    )
    np.testing.assert_array_equal(first, second)


def test_two_dates_from_two_sides_part_by_the_sum_of_their_leans():
    place = block_place((80, 80), (slice(30, 50), slice(30, 50)), height_m=9.0)
    # 9 m at 10 and at 15 degrees: 1.59 m to the right and 2.41 m to the left, 3.2 and 4.8 px of half a metre.
    sides = [(10.0, 0.0), (15.0, 180.0)]
    right, left = (
        displacement_of(
            (80, 80),
            {"lean": {"px_per_m": math.tan(math.radians(angle)) / 0.5, "direction_deg": direction}},
            MODULES,
            place,
        )
        for angle, direction in sides
    )
    assert right[:, 40, 40].tolist() == [0.0, 3.0]
    assert left[:, 40, 40].tolist() == [0.0, -5.0]
    # The parallax of the roof is 8 px; the ground has none.
    assert (right - left)[1, 40, 40] == 8.0
    assert not (right - left)[:, :28].any()


def test_parallax_grows_with_height_and_not_with_place():
    shape = (60, 120)
    instances = np.zeros(shape, np.int32)
    objects = {}
    for number, (col, height_m) in enumerate(((15, 5.0), (55, 10.0), (95, 10.0)), start=1):
        instances[20:40, col : col + 15] = number
        footprint = Footprint(20, col, np.ones((20, 15), bool))
        objects[number] = SceneObject(number, hub.BUILDING, footprint, height_m=height_m)
    place = Place(np.full(shape, hub.BARE, np.uint8), instances, objects, 1.0)
    moved = displacement_of(shape, {"lean": {"px_per_m": 0.4, "direction_deg": 90.0}}, MODULES, place)
    # 0.4 px for each metre, downwards: 2 px and 4 px.
    assert [float(moved[0, 32, col]) for col in (22, 62, 102)] == [2.0, 4.0, 4.0]


def test_a_map_of_heights_goes_before_the_estimate_and_the_object_before_the_map():
    box = (slice(20, 40), slice(20, 40))
    heights = np.full((60, 60), np.nan, np.float32)
    heights[box] = 14.0
    heights[20, 20] = 0.0
    for stated, expected in ((None, 14.0), (4.0, 4.0)):
        flat = block_place((60, 60), box, height_m=stated)
        place = Place(flat.surface, flat.instances, flat.objects, 0.5, height_m=heights)
        assert place.heights_m[30, 30] == expected
        assert place.heights_m[0, 0] == 0.0
    # Where the map says nothing, the estimate stands: 6 m for 100 m².
    unknown = block_place((60, 60), box, height_m=None)
    place = Place(unknown.surface, unknown.instances, unknown.objects, 0.5, height_m=heights)
    assert place.heights_m[20, 20] == pytest.approx(6.0)


@pytest.mark.parametrize("shift", [(-60.0, 45.0), (0.25, -0.75)])
def test_a_rough_and_far_displacement_reads_what_it_says(shift: tuple[float, float]) -> None:
    # Whole parts of the distance that differ by more than a few within a block, and beyond the edges.
    col = np.arange(300, dtype=np.float32)
    values = np.broadcast_to(0.01 * col, (2, 70, 300)).astype(np.float32)
    field = np.zeros((2, 70, 300), np.float32)
    field[1] = 12.0 * np.sin(col / 40.0)
    moved = warp(values, Displacement(shift, field))
    expected = 0.01 * np.clip(col - shift[1] - field[1], 0, 299)
    inside = (expected > 0.03) & (expected < 2.96)
    # Cubic convolution keeps a ramp, wherever it reads it.
    np.testing.assert_allclose(moved[:, inside], expected[inside][None].repeat(2, 0), atol=1e-3)
