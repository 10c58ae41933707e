"""Distances in feature space, against cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.evaluation.quality.distances import density_coverage, kid, precision_recall
from diachron.evaluation.quality.diversity import vendi


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_kid_by_hand() -> None:
    # D = 1. Kernel (xy + 1)^3: within x {1, 1}: 8; within y {0, 0}: 1; between: 1. 8 + 1 - 2 = 7.
    mean, std = kid(np.ones((2, 1)), np.zeros((2, 1)), rng(), subsets=3)
    assert mean == pytest.approx(7.0)
    assert std == pytest.approx(0.0)


def test_kid_of_one_source_scatters_around_zero() -> None:
    drawn = np.random.default_rng(1).standard_normal((600, 16))
    mean, std = kid(drawn[:300], drawn[300:], rng())
    assert abs(mean) < std
    far, _ = kid(drawn[:300], drawn[300:] + 1.0, rng())
    assert far > 20 * std


def test_kid_needs_two_crops() -> None:
    with pytest.raises(ValueError, match="KID of 1 and 5 crops"):
        kid(np.zeros((1, 2)), np.zeros((5, 2)), rng())


def test_precision_and_recall_by_hand() -> None:
    real = np.array([[0.0], [1.0], [2.0], [3.0]])
    # With the nearest neighbour each real point reaches 1 to each side: -1 to 4.
    made = np.array([[0.5], [0.6], [9.0], [9.1]])
    precision, recall = precision_recall(made, real, neighbours=1)
    assert precision == pytest.approx(0.5)
    # Made points reach 0.1: no real point lies there.
    assert recall == pytest.approx(0.0)
    assert precision_recall(real, real, neighbours=1) == (1.0, 1.0)


def test_density_and_coverage_by_hand() -> None:
    real = np.array([[0.0], [1.0], [10.0], [11.0]])
    made = np.array([[0.2], [0.4], [0.6], [50.0]])
    # Three made points lie within 1 of both 0 and 1: 6 hits over k = 1 and four made points.
    density, coverage = density_coverage(made, real, neighbours=1)
    assert density == pytest.approx(1.5)
    assert coverage == pytest.approx(0.5)


def test_too_few_crops_for_neighbours_are_refused() -> None:
    with pytest.raises(ValueError, match="2 crops, and 3 neighbours"):
        precision_recall(np.zeros((2, 1)), np.zeros((9, 1)))


def test_the_vendi_score_counts_different_crops() -> None:
    assert vendi(np.eye(5)) == pytest.approx(5.0)
    assert vendi(np.ones((5, 3))) == pytest.approx(1.0)
    assert vendi(np.repeat(np.eye(2), 3, axis=0)) == pytest.approx(2.0)
