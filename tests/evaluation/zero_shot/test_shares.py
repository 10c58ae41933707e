"""Shares of the real pairs: nested, drawn by seed, never empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import RecipeError
from diachron.evaluation.zero_shot.shares import Share
from tests.pairs import Listed, bright_squares

PAIRS = bright_squares(40, side=32)


@given(st.integers(0, 1000), st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_smaller_share_lies_within_a_larger_one(seed: int, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert set(Share(PAIRS, small, seed).positions) <= set(Share(PAIRS, large, seed).positions)


def test_a_share_has_its_size_and_its_own_pairs() -> None:
    share = Share(PAIRS, 10, seed=3)
    assert [pair.name for pair in share] == [PAIRS[i].name for i in share.positions]
    assert len(share) == 4
    assert len(Share(PAIRS, 0.5, seed=3)) == 1
    assert Share(PAIRS, 100, seed=3).positions == list(range(40))


def test_another_seed_draws_another_share() -> None:
    drawn = {tuple(Share(PAIRS, 10, seed).positions) for seed in range(20)}
    # Two of 20 draws of 4 in 40 are equal with a probability of 0.2 %; all of them never.
    assert len(drawn) > 15


def test_an_impossible_share_is_refused() -> None:
    with pytest.raises(RecipeError, match="0 %"):
        Share(PAIRS, 0, seed=0)
    with pytest.raises(RecipeError, match="no pair"):
        Share(Listed([]), 10, seed=0)
