"""Pieces of change, found and missed by either rule and by size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import GridError, RecipeError, UnknownNameError
from diachron.evaluation.scores.objects import ObjectCounts


def canvas(*boxes, value=1):
    drawn = np.zeros((20, 20), np.uint8)
    for top, left, height, width in boxes:
        drawn[top : top + height, left : left + width] = value
    return drawn


def test_iou_of_a_half_is_enough():
    truth = canvas((0, 0, 4, 4), (10, 10, 4, 4))
    # 8 of 16 pixels: an IoU of 8 / 16; the other 7 of 16.
    said = canvas((0, 0, 2, 4), (10, 10, 1, 4), (11, 10, 1, 3)).astype(bool)
    counts = ObjectCounts.of(said, truth, gsd_m=1.0)
    assert (sum(counts.truth), sum(counts.found), sum(counts.predicted), sum(counts.right)) == (2, 1, 2, 1)
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 0.5, 0.5)


def test_overlap_forgives_parts_and_blocks():
    truth = canvas((0, 0, 4, 4))
    parts = canvas((0, 0, 1, 4), (2, 0, 1, 4)).astype(bool)
    assert sum(ObjectCounts.of(parts, truth, 1.0, rule="iou").found) == 0
    counts = ObjectCounts.of(parts, truth, 1.0, rule="overlap")
    assert (sum(counts.found), sum(counts.predicted), sum(counts.right)) == (1, 2, 2)
    # Two houses found as one block, the street between them included: 24 of 32 pixels fit.
    truth = canvas((0, 0, 4, 3), (0, 5, 4, 3))
    block = canvas((0, 0, 4, 8)).astype(bool)
    assert ObjectCounts.of(block, truth, 1.0, rule="overlap").f1 == 1.0
    assert ObjectCounts.of(block, truth, 1.0).f1 == 0.0


def test_pieces_touch_at_corners():
    truth = canvas((0, 0, 2, 2), (2, 2, 2, 2))
    assert sum(ObjectCounts.of(truth.astype(bool), truth, 1.0).truth) == 1


def test_sizes_are_square_metres():
    truth = canvas((0, 0, 2, 2), (10, 0, 5, 5))
    counts = ObjectCounts.of(canvas((10, 0, 5, 5)).astype(bool), truth, gsd_m=3.0)
    # 4 px are 36 m2, 25 px are 225 m2.
    assert counts.truth == (1, 0, 1, 0)
    assert counts.found == (0, 0, 1, 0)
    assert [row["recall"] for row in counts.by_size()] == [0.0, 0.0, 1.0, 0.0]
    large = ObjectCounts.of(truth.astype(bool), truth, 3.0, least_m2=100.0)
    assert (sum(large.truth), sum(large.predicted)) == (1, 1)


def test_a_class_of_size_begins_with_its_bound():
    truth = canvas((0, 0, 5, 10))
    # 50 px are 50 m2, and 200 m2 at 2 m.
    assert ObjectCounts.of(truth.astype(bool), truth, 1.0).truth == (0, 1, 0, 0)
    assert ObjectCounts.of(truth.astype(bool), truth, 2.0).truth == (0, 0, 1, 0)


def test_unknown_ground_has_no_pieces():
    truth = canvas((0, 0, 4, 4), value=255)
    assert ObjectCounts.of(np.ones((20, 20), bool) & (truth == 255), truth, 1.0) == ObjectCounts()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["iou", "overlap"]))
def test_truth_as_prediction_is_perfect_and_pairs_add_up(seed, rule):
    change = (np.random.default_rng(seed).random((24, 24)) < 0.2).astype(np.uint8)
    counts = ObjectCounts.of(change.astype(bool), change, 0.5, rule=rule)
    assert counts.truth == counts.found == counts.predicted == counts.right
    assert sum((counts + counts).truth) == 2 * sum(counts.truth)


def test_what_does_not_fit_is_refused():
    truth = canvas((0, 0, 4, 4))
    with pytest.raises(UnknownNameError, match="did you mean 'iou'"):
        ObjectCounts.of(truth.astype(bool), truth, 1.0, rule="iuo")
    with pytest.raises(GridError):
        ObjectCounts.of(truth[:5].astype(bool), truth, 1.0)
    with pytest.raises(RecipeError, match="rise from 0"):
        ObjectCounts.of(truth.astype(bool), truth, 1.0, sizes_m2=(10.0, 5.0))
    with pytest.raises(RecipeError, match="differ"):
        ObjectCounts() + ObjectCounts((0,), (0,), (0,), (0,), (0.0,))
