"""The score of damaged buildings, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core.errors import GridError
from diachron.evaluation.scores.xbd import DamageCounts


def row(*values):
    return np.array([values], np.uint8)


def test_score_by_hand():
    truth = row(0, 0, 1, 1, 2, 2, 3, 4)
    said = row(0, 1, 1, 2, 2, 2, 3, 0)
    counts = DamageCounts.of(said, truth)
    # Buildings: 5 found, 1 false, 1 missed. The false one is no building in truth: damage is not asked there.
    f1_loc = 2 * 5 / (2 * 5 + 1 + 1)
    by_damage = {"no_damage": 2 / 3, "minor": 4 / 5, "major": 1.0, "destroyed": 0.0}
    harmonic = 4 / sum(1 / (f1 + 1e-6) for f1 in by_damage.values())
    assert counts.f1_buildings == pytest.approx(f1_loc)
    assert counts.f1_by_damage == pytest.approx(by_damage)
    assert counts.f1_damage == pytest.approx(harmonic)
    assert counts.f1_damage < 1e-5
    assert counts.score == pytest.approx(0.3 * f1_loc + 0.7 * harmonic)


def test_a_perfect_map_scores_one():
    truth = row(0, 1, 2, 3, 4)
    assert DamageCounts.of(truth, truth).score == pytest.approx(1.0, abs=1e-5)


def test_damage_counts_only_where_a_building_is_predicted():
    truth = row(1, 2)
    counts = DamageCounts.of(row(1, 2), truth, buildings=np.array([[True, False]]))
    assert counts.f1_by_damage["no_damage"] == 1.0
    assert counts.f1_by_damage["minor"] == 0.0


def test_unknown_damage_does_not_count_and_pairs_add_up():
    first = DamageCounts.of(row(4, 1), row(255, 1))
    second = DamageCounts.of(row(0, 2), row(2, 2))
    assert first.buildings.pixels == 1
    whole = DamageCounts.of(row(4, 1, 0, 2), row(255, 1, 2, 2))
    assert first + second == whole


def test_other_shapes_are_refused():
    with pytest.raises(GridError, match="predicted damage"):
        DamageCounts.of(row(1), row(1, 2))
