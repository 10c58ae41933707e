"""What a probe looks at: every painted thing, crops of the right size, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.training.probes.edited_crops import CROP_PX, OUTLINE_POINTS, edited_crops
from diachron.training.probes.edited_parts import edited_parts, middle, outline

SIDE = 96


def two_edits() -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return a painted date on which house 9 came and house 2 went, the other date, and what was touched."""
    here, there = np.zeros((SIDE, SIDE), np.int32), np.zeros((SIDE, SIDE), np.int32)
    here[4:14, 4:14] = there[4:14, 4:14] = 1
    there[60:80, 60:84] = 2
    here[20:30, 40:52] = 9
    edit = np.zeros((SIDE, SIDE), bool)
    edit[59:82, 59:86] = edit[19:33, 39:55] = True
    return here, there, edit


def test_parts_are_new_objects_and_laid_ground() -> None:
    here, there, edit = two_edits()
    house, ground = edited_parts(here, there, edit)
    assert (house.kind, house.object_id, ground.kind, ground.object_id) == ("object", 9, "ground", 0)
    np.testing.assert_array_equal(house.mask, here == 9)
    np.testing.assert_array_equal(np.argwhere(ground.mask).min(axis=0), (59, 59))
    # The other date painted instead: the house that went is the new one there.
    assert [part.object_id for part in edited_parts(there, here, edit)] == [2, 0]


def test_the_middle_lies_inside_and_the_outline_on_the_edge() -> None:
    ring = np.zeros((21, 21), bool)
    ring[5:16, 5:16] = True
    ring[8:13, 8:13] = False
    assert ring[middle(ring)]
    assert {(5, 5), (15, 10), (7, 10)} <= {(int(row), int(col)) for row, col in outline(ring)}
    assert len(outline(np.ones((4, 4), bool))) == 16, "beyond the rim it goes on: no outline, so any pixel"


@pytest.mark.parametrize(("kind", "crops"), [("seam", OUTLINE_POINTS), ("painted", 1)])
def test_each_painted_thing_gives_its_crops(kind: str, crops: int) -> None:
    here, there, edit = two_edits()
    image = np.random.default_rng(0).random((3, SIDE, SIDE), np.float32)
    found = edited_crops(kind, image, (here, there), edit)
    assert [part.shape for part in found] == [(crops, 3, CROP_PX[kind], CROP_PX[kind])] * 2
    again = edited_crops(kind, image, (here, there), edit)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_painted_and_small_pictures_give_none() -> None:
    here, _, edit = two_edits()
    image = np.zeros((3, SIDE, SIDE), np.float32)
    assert edited_crops("seam", image, (here, here), np.zeros_like(edit)) == []
    small = edited_crops("painted", image[:, :40], (here[:40], np.zeros_like(here[:40])), edit[:40])
    assert small == []
