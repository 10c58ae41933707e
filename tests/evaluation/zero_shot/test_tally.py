"""A tally answers for any threshold what a count at that threshold would have said."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diachron.evaluation.scores.binary import Confusion
from diachron.evaluation.zero_shot.tally import STEPS, Tally

SHAPE = (5, 7)
PROBABILITIES = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))
CHANGES = arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 1, 255]))


@given(PROBABILITIES, CHANGES, st.integers(1, STEPS - 1))
def test_any_threshold_can_be_read_off(probability: np.ndarray, change: np.ndarray, step: int) -> None:
    tally = Tally()
    tally.add(probability, change)
    found = probability >= step / STEPS
    known = change != 255
    assert tally.confusion(step / STEPS) == Confusion(
        tp=int((found & (change == 1)).sum()),
        fp=int((found & (change == 0)).sum()),
        fn=int((~found & (change == 1)).sum()),
        tn=int((~found & known & (change == 0)).sum()),
    )


def test_the_best_threshold_is_the_one_that_parts_the_two() -> None:
    tally = Tally()
    tally.add(np.array([[0.1, 0.2, 0.3, 0.9]], np.float32), np.array([[0, 0, 1, 1]], np.uint8))
    assert tally.confusion().f1 == 2 / 3
    assert 0.2 < tally.best_threshold() <= 0.3
    assert tally.confusion(tally.best_threshold()).f1 == 1.0


def test_of_equal_thresholds_the_one_nearest_to_a_half_is_taken() -> None:
    tally = Tally()
    tally.add(np.array([[0.1, 0.9]], np.float32), np.array([[0, 1]], np.uint8))
    assert tally.best_threshold() == 0.5
