"""Figures by threshold, against confusions and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_average_precision

from diachron.core.errors import GridError
from diachron.evaluation.scores.binary import Confusion
from diachron.evaluation.scores.curves import average_precision, best_threshold, curve_of

STEPS = 8
PIXELS = st.lists(st.tuples(st.integers(0, STEPS - 1), st.booleans()), min_size=1, max_size=50)


def counted(pixels):
    steps, changed = (np.array(column) for column in zip(*pixels, strict=True))
    changed = changed.astype(bool)
    return steps, changed, *(np.bincount(steps[which], minlength=STEPS) for which in (changed, ~changed))


@given(PIXELS)
def test_every_threshold_is_a_confusion(pixels):
    steps, truth, changed, same = counted(pixels)
    curve = curve_of(changed, same)
    for at, threshold in enumerate(curve.thresholds):
        whole = Confusion.of(steps / STEPS >= threshold, truth.astype(np.uint8))
        assert (curve.precision[at], curve.recall[at], curve.f1[at]) == pytest.approx(
            (whole.precision, whole.recall, whole.f1)
        )


@given(PIXELS)
def test_average_precision_is_that_of_torchmetrics(pixels):
    steps, truth, changed, same = counted(pixels)
    if not truth.any():
        assert average_precision(changed, same) == 0.0
        return
    theirs = binary_average_precision(
        torch.from_numpy(steps / STEPS), torch.from_numpy(truth.astype(np.int64))
    )
    assert average_precision(changed, same) == pytest.approx(float(theirs), abs=1e-6)


def test_the_best_threshold_parts_the_two():
    changed, same = np.zeros(8, int), np.zeros(8, int)
    same[:3], changed[3:] = 10, 10
    assert best_threshold(changed, same) == 3 / 8
    # Nothing between them: of the equal thresholds 2/8 to 6/8 the one at 0.5 is taken.
    same[:], changed[:] = 0, 0
    same[1], changed[6] = 10, 10
    assert best_threshold(changed, same) == 0.5


def test_unequal_counts_are_refused():
    with pytest.raises(GridError, match="two equal rows"):
        curve_of(np.zeros(3, int), np.zeros(4, int))
