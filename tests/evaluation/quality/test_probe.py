"""Probes: the AUC by hand, a visible fault is found, an invisible one is not, places stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.evaluation.quality.crop_shelf import Crops, Shelf, matched
from diachron.evaluation.quality.probe import ask, auc_of, chance_spread, judge, split_places
from diachron.training.probes.edited_crops import cut
from diachron.training.probes.learning import ProbeOptions

QUICK = ProbeOptions(steps=25, batch=16)


def noise_crops(number: int, seed: int, shift: float = 0.0) -> Crops:
    pixels = np.random.default_rng(seed).uniform(0.3, 0.5, (number, 3, 16, 16)).astype(np.float32)
    return Crops(pixels + np.float32(shift), np.array([f"place_{i % 6}" for i in range(number)]))


def test_auc_by_hand() -> None:
    # Pairs (positive, negative): 3>1, 3>2, 2=2 half, 2>1: 3.5 of 4.
    scores, positive = np.array([3.0, 2.0, 1.0, 2.0]), np.array([True, True, False, False])
    assert auc_of(scores, positive) == pytest.approx(3.5 / 4)
    assert auc_of(-scores, positive) == pytest.approx(0.5 / 4)


def test_chance_spreads_as_simulated() -> None:
    rng = np.random.default_rng(0)
    positive = np.arange(50) < 20
    drawn = [auc_of(rng.random(50), positive) for _ in range(3000)]
    assert np.std(drawn) == pytest.approx(chance_spread(20, 30), rel=0.06)


@given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=60), st.integers(0, 99))
def test_no_place_is_on_both_sides(places: list[str], seed: int) -> None:
    learn, test = split_places(places, np.random.default_rng(seed))
    assert learn & test == set()
    assert learn | test == set(places)
    assert len(test) > 0


def test_a_visible_fault_is_found_and_none_is_not() -> None:
    real = noise_crops(120, 1)
    seen = ask(noise_crops(120, 2, shift=0.2), real, 0, QUICK, "visible")
    assert seen is not None
    assert seen["auc"] > 0.95
    unseen = ask(noise_crops(120, 2), real, 0, QUICK, "invisible")
    assert unseen is not None
    # Five deviations of chance.
    assert unseen["auc"] < 0.5 + 5 * unseen["spread"]


def test_the_same_seed_gives_the_same_figures() -> None:
    made, real = noise_crops(60, 2, shift=0.01), noise_crops(60, 1)
    assert ask(made, real, 3, QUICK, "x") == ask(made, real, 3, QUICK, "x")


def test_a_probe_that_misses_its_bad_case_does_not_count() -> None:
    made, real = noise_crops(60, 2), noise_crops(60, 1)
    blind = judge(made, real, (made, real), [0], stage="x", bad_case="none at all", options=QUICK)
    assert blind["valid"] is False
    assert "0.7 is asked for" in blind["why"]
    bad = noise_crops(60, 3, shift=0.3)
    sound = judge(made, real, (bad, real), [0, 1], stage="x", bad_case="brighter", options=QUICK)
    assert sound["valid"] is True
    assert len(sound["per_seed"]) == 2
    assert sound["bad_auc"] > 0.95


def test_one_place_is_too_few() -> None:
    pixels = noise_crops(60, 2).pixels
    crops = Crops(pixels, np.full(60, "here"))
    found = judge(crops, crops, (crops, crops), [0], stage="x", bad_case="any", options=QUICK)
    assert found["valid"] is False
    assert found["auc"] is None
    assert "of 1 places" in found["why"]


def test_crops_are_moved_inside_or_left_out() -> None:
    layer = np.arange(100).reshape(10, 10)
    corner = cut(layer, (0, 9), 4)
    assert corner is not None
    np.testing.assert_array_equal(corner, layer[:4, 6:])
    assert cut(layer, (5, 5), 11) is None


def test_sides_are_matched_by_kind() -> None:
    made, real = Shelf(2), Shelf(2)
    for shelf, kinds in ((made, "ooog"), (real, "oggg")):
        for number, kind in enumerate(kinds):
            shelf.add(np.full((3, 2, 2), number), f"{kind}{number}", kind)
    one, other = matched(made, real, np.random.default_rng(0))
    assert [place[0] for place in one.places] == [place[0] for place in other.places] == ["g", "o"]
