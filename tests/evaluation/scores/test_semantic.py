"""From-to scores, by hand and against torchmetrics' kappa."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_cohen_kappa

from diachron.core.errors import GridError, LabelError
from diachron.evaluation.scores.semantic import FromTo, SemanticCounts

# A pixel: unchanged, or from class to class out of two.
STATES = st.sampled_from([(0, 0), (1, 1), (1, 2), (2, 1), (2, 2)])


def maps(pixels, change=None):
    before, after = (np.array([values], np.uint8) for values in zip(*pixels, strict=True))
    return FromTo((before > 0).astype(np.uint8) if change is None else np.array([change]), before, after)


def test_a_from_to_counts_as_a_whole():
    """Four pixels unchanged, one called changed; four from 1 to 2, one called 1 to 1, one missed."""
    truth = maps([(0, 0)] * 4 + [(1, 2)] * 4)
    said = maps([(0, 0)] * 3 + [(2, 1)] + [(1, 2), (1, 2), (1, 1), (0, 0)])
    counts = SemanticCounts.of_pairs(said, truth, classes=2)
    # Classes: 1 -> 1 is 1, 1 -> 2 is 2, 2 -> 1 is 3.
    expected = np.zeros((5, 5), int)
    expected[0, 0], expected[3, 0], expected[2, 2], expected[1, 2], expected[0, 2] = 3, 1, 2, 1, 1
    assert np.array_equal(counts.matrix, expected)
    assert counts.iou_unchanged == pytest.approx(3 / 5)
    assert counts.iou_changed == pytest.approx(3 / 5)
    assert counts.miou == pytest.approx(0.6)
    # Without q00: 5 pixels, 2 right; rows 1, 1, 2, 1 and columns 1, 0, 4, 0 of the classes 0 to 3.
    chance = (1 * 1 + 1 * 0 + 2 * 4 + 1 * 0) / 25
    kappa = (2 / 5 - chance) / (1 - chance)
    assert counts.kappa == pytest.approx(kappa)
    assert counts.sek == pytest.approx(kappa * math.exp(0.6 - 1))
    assert counts.score == pytest.approx(0.3 * 0.6 + 0.7 * kappa * math.exp(-0.4))
    assert counts.precision_scd == pytest.approx(2 / 4)
    assert counts.recall_scd == pytest.approx(2 / 4)
    assert counts.f_scd == pytest.approx(0.5)


def test_dates_are_counted_apart():
    truth = maps([(0, 0), (1, 2), (1, 2)])
    said = maps([(0, 0), (1, 1), (1, 2)])
    counts = SemanticCounts.of_dates(said, truth, classes=2)
    assert np.array_equal(counts.matrix, [[2, 0, 0], [0, 2, 1], [0, 0, 1]])
    assert counts.f_scd == pytest.approx(3 / 4)
    assert SemanticCounts.of_pairs(said, truth, classes=2).f_scd == pytest.approx(1 / 2)


def test_a_perfect_map_scores_one():
    truth = maps([(0, 0), (1, 2), (2, 1)])
    for counts in (SemanticCounts.of_pairs(truth, truth, 2), SemanticCounts.of_dates(truth, truth, 2)):
        assert (counts.miou, counts.sek, counts.score, counts.f_scd) == pytest.approx((1, 1, 1, 1))


def test_nothing_changed_and_nothing_said():
    truth = maps([(0, 0)] * 4)
    counts = SemanticCounts.of_pairs(truth, truth, 2)
    assert (counts.iou_unchanged, counts.iou_changed, counts.kappa, counts.sek, counts.f_scd) == (
        1,
        0,
        0,
        0,
        0,
    )


@given(st.lists(st.tuples(STATES, STATES), min_size=2, max_size=40))
def test_kappa_is_cohens_without_the_quiet_pixels(pixels):
    said, true = zip(*pixels, strict=True)
    counts = SemanticCounts.of_pairs(maps(said), maps(true), classes=2)

    def code(pair):
        return 0 if pair == (0, 0) else 1 + 2 * (pair[0] - 1) + pair[1] - 1

    loud = [(code(s), code(t)) for s, t in pixels if code(s) or code(t)]
    if not loud:
        assert counts.kappa == 0.0
        return
    theirs = float(
        multiclass_cohen_kappa(torch.tensor([s for s, _ in loud]), torch.tensor([t for _, t in loud]), 5)
    )
    if math.isfinite(theirs):
        assert counts.kappa == pytest.approx(theirs, abs=1e-5)
    else:
        assert counts.kappa == 0.0


def test_unknown_pixels_do_not_count_and_pairs_add_up():
    truth = maps([(1, 2), (1, 2)], change=[1, 255])
    said = maps([(1, 2), (2, 1)])
    counts = SemanticCounts.of_pairs(said, truth, 2)
    assert counts.matrix.sum() == 1
    assert (counts + counts).matrix.sum() == 2


def test_what_does_not_fit_is_refused():
    good = maps([(1, 2), (0, 0)])
    with pytest.raises(LabelError, match=r"labels_t2: class 3 .* 1 to 2"):
        SemanticCounts.of_pairs(maps([(1, 3), (0, 0)]), good, 2)
    with pytest.raises(GridError, match="differ in shape"):
        SemanticCounts.of_dates(maps([(1, 2)]), good, 2)
