"""Confusions: by hand, against torchmetrics, and summed over pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import (
    binary_confusion_matrix,
    binary_f1_score,
    binary_jaccard_index,
    binary_precision,
    binary_recall,
)

from diachron.core.errors import GridError
from diachron.evaluation.scores.binary import Confusion

PIXELS = st.lists(st.tuples(st.booleans(), st.sampled_from([0, 1, 255])), min_size=1, max_size=60)


def layers(pixels):
    said, true = zip(*pixels, strict=True)
    return np.array([said]), np.array([true], np.uint8)


def test_counts_by_hand():
    predicted = np.array([[1, 1, 0], [0, 1, 0]], bool)
    change = np.array([[1, 0, 1], [0, 255, 255]], np.uint8)
    counts = Confusion.of(predicted, change)
    assert counts == Confusion(tp=1, fp=1, fn=1, tn=1)
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 0.5, 0.5)
    assert counts.iou == pytest.approx(1 / 3)
    assert (counts.share_predicted, counts.share_changed, counts.pixels) == (0.5, 0.5, 4)


@given(PIXELS)
def test_figures_are_those_of_torchmetrics(pixels):
    predicted, change = layers(pixels)
    counts = Confusion.of(predicted, change)
    said, true = torch.from_numpy(predicted), torch.from_numpy(change.astype(np.int64))
    table = binary_confusion_matrix(said.long(), true, ignore_index=255)
    assert table.tolist() == [[counts.tn, counts.fp], [counts.fn, counts.tp]]
    for ours, theirs in (
        (counts.f1, binary_f1_score),
        (counts.iou, binary_jaccard_index),
        (counts.precision, binary_precision),
        (counts.recall, binary_recall),
    ):
        assert ours == pytest.approx(float(theirs(said.long(), true, ignore_index=255)), abs=1e-6)


@given(PIXELS, PIXELS)
def test_counts_of_two_pairs_are_those_of_all_their_pixels(first, second):
    assert Confusion.of(*layers(first)) + Confusion.of(*layers(second)) == Confusion.of(
        *layers(first + second)
    )


def test_nothing_over_nothing_is_zero():
    quiet = Confusion.of(np.zeros((4, 4), bool), np.zeros((4, 4), np.uint8))
    assert (quiet.f1, quiet.iou, quiet.precision, quiet.recall, quiet.share_predicted) == (0, 0, 0, 0, 0)
    unknown = Confusion.of(np.ones((4, 4), bool), np.full((4, 4), 255, np.uint8))
    assert unknown == Confusion()
    assert unknown.share_predicted == 0.0


def test_other_shapes_are_refused():
    with pytest.raises(GridError, match=r"\(2, 3\).*\(3, 2\)"):
        Confusion.of(np.zeros((2, 3), bool), np.zeros((3, 2), np.uint8))
