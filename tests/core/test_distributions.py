"""Numbers that may be drawn: forms, bounds, error texts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diachron.core.distributions import check_quantity, draw_quantity, ends_of
from diachron.core.errors import RecipeError

# Every draw comes from a fixed seed; a correct generator would fail one of these tests with probability 1e-6.
FALSE_ALARM = 1e-6
DRAWS = 2000


def draws(value: object) -> np.ndarray:
    check_quantity(value, key="x")
    rng = np.random.default_rng(3)
    return np.array([draw_quantity(rng, value) for _ in range(DRAWS)])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_is_itself_and_uses_nothing_of_the_stream(number):
    rng = np.random.default_rng(0)
    assert draw_quantity(rng, number) == number
    assert rng.integers(2**40) == np.random.default_rng(0).integers(2**40)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(0, 1000))
def test_a_pair_stays_between_its_ends(low, width, seed):
    value = draw_quantity(np.random.default_rng(seed), [low, low + width])
    assert low <= value <= low + width


def test_a_pair_is_uniform():
    assert stats.kstest(draws([2.0, 6.0]), stats.uniform(2.0, 4.0).cdf).pvalue > FALSE_ALARM


def test_a_normal_has_its_mean_and_spread():
    assert stats.kstest(draws({"normal": [5.0, 2.0]}), stats.norm(5.0, 2.0).cdf).pvalue > FALSE_ALARM


def test_a_lognormal_has_its_median_and_spread():
    values = draws({"lognormal": [160.0, 0.8]})
    assert stats.kstest(np.log(values), stats.norm(math.log(160.0), 0.8).cdf).pvalue > FALSE_ALARM


def test_a_choice_takes_each_value_as_often():
    values, counts = np.unique(draws({"choice": [1, 4, 9]}), return_counts=True)
    assert values.tolist() == [1.0, 4.0, 9.0]
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    "value", [0, 3.5, [1, 2], (1, 1), {"lognormal": [2, 0]}, {"normal": [-1, 3]}, {"choice": [0, 9]}]
)
def test_every_form_is_accepted(value):
    check_quantity(value, key="x", low=-1, high=10)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "x: expected a number, got True"),
        ("3", r"x: expected a number, a pair \[low, high\] or one of \{lognormal: \[median, sigma\]\}.*'3'"),
        (None, "got None"),
        ([1], r"got \[1\]"),
        ([1, 2, 3], r"got \[1, 2, 3\]"),
        ([2, 1], r"a pair is \[low, high\], got \[2, 1\]"),
        ([1, "a"], "expected numbers"),
        ([0, float("nan")], "expected numbers"),
        (-3, "x: -3 is not between -1 and 10"),
        ([-3, 3], "x: -3 is not between"),
        (float("nan"), "x: .*nan"),
        (float("inf"), "x: .*inf"),
        ({"choice": [1, 99]}, "x: 99 is not between"),
        ({"choice": []}, r"choice takes \[value, ...\], got \[\]"),
        ({"lognormal": [1]}, r"lognormal takes \[median, sigma\], got \[1\]"),
        ({"lognormal": [0, 1]}, "median of a lognormal must be > 0, got 0"),
        ({"normal": [0, -1]}, r"normal takes \[mean, sd\]"),
        ({"lognorm": [1, 1]}, "no distribution is called 'lognorm'; did you mean 'lognormal'"),
        ({"normal": [0, 1], "choice": [1]}, "expected a number, a pair"),
    ],
)
def test_anything_else_is_refused_with_key_and_value(value, text):
    with pytest.raises(RecipeError, match=text):
        check_quantity(value, key="x", low=-1, high=10)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity_is_refused_where_no_bound_is_given(value):
    with pytest.raises(RecipeError, match="expected numbers"):
        check_quantity(value, key="x")


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        (3, (3.0,)),
        ([1, 4.5], (1.0, 4.5)),
        ({"choice": [2, 9, 5]}, (2.0, 9.0, 5.0)),
        ({"normal": [0, 1]}, ()),
        ({"lognormal": [2, 0.5]}, ()),
    ],
)
def test_the_ends_are_those_between_which_all_draws_lie(value, ends):
    assert ends_of(value) == ends
    rng = np.random.default_rng(0)
    if ends:
        assert all(min(ends) <= draw_quantity(rng, value) <= max(ends) for _ in range(50))
