"""What counts as change, and who owns it, on maps of a few pixels."""

from __future__ import annotations

import numpy as np

from diachron.core.change import changed, owners, visible_pixels
from diachron.core.events import ChangeEvent, Cover
from diachron.core.scene import Footprint
from diachron.core.schemes import schema_named

BUILDING, ROAD = schema_named("building"), schema_named("road")


def cover(number: int, row: int, col: int, shape: tuple[int, int]) -> ChangeEvent:
    return ChangeEvent(
        id=number, process="p", kind="k", phase="", time_years=float(number), object_id=0, before=Cover(),
        after=Cover(), footprint=Footprint(row, col, np.ones(shape, bool)), area_m2=1.0,
    )  # fmt: skip


def test_labels_that_differ_are_change():
    before, after = np.array([[0, 1]], np.uint8), np.array([[1, 1]], np.uint8)
    same = np.array([[0, 3]], np.int32)
    assert changed(BUILDING, before, same, after, same).tolist() == [[True, False]]


def test_a_house_in_place_of_a_house_is_change():
    labels = np.array([[1, 1]], np.uint8)
    before, after = np.array([[3, 4]], np.int32), np.array([[9, 4]], np.int32)
    assert changed(BUILDING, labels, before, labels, after).tolist() == [[True, False]]


def test_a_house_in_place_of_a_house_is_none_in_a_scheme_of_roads():
    labels = np.array([[0, 0]], np.uint8)
    before, after = np.array([[3, 4]], np.int32), np.array([[9, 0]], np.int32)
    assert not changed(ROAD, labels, before, labels, after).any()


def test_the_last_event_owns_a_pixel():
    owner = owners((3, 4), [cover(1, 0, 0, (2, 2)), cover(2, 1, 1, (2, 2))])
    assert owner.tolist() == [[1, 1, 0, 0], [1, 2, 2, 0], [0, 2, 2, 0]]


def test_visible_pixels_are_counted_inside_change_only():
    owner = np.array([[1, 1, 2], [0, 2, 2]], np.int32)
    change = np.array([[1, 0, 1], [0, 1, 0]], bool)
    assert visible_pixels(owner, change) == {1: 1, 2: 2}
