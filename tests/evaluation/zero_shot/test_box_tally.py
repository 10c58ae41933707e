"""A tally of boxes answers for any threshold what a count at that threshold would have said."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diachron.evaluation.scores.boxes import BoxCounts, ChangeBox
from diachron.evaluation.zero_shot.box_tally import BoxTally
from diachron.evaluation.zero_shot.tally import STEPS

SHAPE = (24, 30)
PROBABILITIES = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))
CORNERS = st.tuples(st.integers(-4, 33), st.integers(-4, 26), st.integers(1, 12), st.integers(1, 12))
BOXES = st.lists(CORNERS.map(lambda c: ChangeBox(c[0], c[1], c[0] + c[2], c[1] + c[3])), max_size=3)


@given(PROBABILITIES, BOXES, st.integers(1, STEPS - 1))
def test_any_threshold_can_be_read_off(probability: np.ndarray, boxes: list[ChangeBox], step: int) -> None:
    tally = BoxTally()
    tally.add(probability, boxes)
    assert tally.counts(step / STEPS) == BoxCounts.of(probability >= step / STEPS, boxes)


@given(PROBABILITIES, BOXES, st.floats(0, 1), st.floats(0, 1))
def test_more_alarms_never_find_fewer_boxes(
    probability: np.ndarray, boxes: list[ChangeBox], one: float, other: float
) -> None:
    tally = BoxTally()
    tally.add(probability, boxes)
    few, many = sorted((one, other))
    assert tally.recall_at(few) <= tally.recall_at(many)


def test_recall_is_read_where_the_outside_is_quiet_enough() -> None:
    probability = np.full((100, 100), 0.1, np.float32)
    boxes = (ChangeBox(0, 0, 20, 20), ChangeBox(0, 40, 20, 60))
    probability[0:20, 0:20] = 0.9
    probability[40:60, 0:20] = 0.5
    # 400 of the 100 x 100 - 26 x 26 - 32 x 26 = 8,492 pixels outside: 4.7 %.
    probability[80:100, 80:100] = 0.7
    tally = BoxTally()
    tally.add(probability, boxes)
    assert tally.counts(0.05).alarm_share == 1.0
    assert tally.recall_at(0.05) == 1.0
    # Half as many alarms are only had above 0.7, where the second box is gone.
    assert tally.recall_at(0.025) == 0.5


def test_yes_or_no_that_is_too_loud_finds_nothing_at_few_alarms() -> None:
    tally = BoxTally()
    tally.add(np.ones((50, 50), np.float32), (ChangeBox(0, 0, 10, 10),))
    assert tally.counts(0.5).box_recall == 1.0
    assert tally.recall_at(0.05) == 0.0
