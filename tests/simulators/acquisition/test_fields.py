"""Moments of the smooth fields that steps are made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from diachron.simulators.acquisition.fields import middle, normal_numbers, ramp, smooth_field, softened


def test_a_field_has_mean_zero_and_spread_one_and_half_its_correlation_at_its_length():
    fields = smooth_field((120, 60), 20.0, 5, 3000)
    at = fields[:, 40, 30].astype(np.float64)
    # 4.9 standard errors: a correct field fails with probability 1e-6.
    assert abs(at.mean()) < 4.9 / np.sqrt(at.size)
    assert abs(at.var() - 1.0) < 4.9 * np.sqrt(2 / at.size) + 0.1  # the spline is not quite stationary
    for distance, expected, slack in ((20, 0.5, 0.06), (80, 0.0, 0.09)):
        found = np.mean(at * fields[:, 40 + distance if distance < 80 else 119, 30])
        assert found == pytest.approx(expected, abs=slack)


@settings(max_examples=25)
@given(st.integers(1, 70), st.integers(1, 70), st.floats(0.1, 500), st.integers(0, 2**62))
def test_any_shape_and_length_gives_finite_numbers_that_repeat(rows, cols, length, seed):
    field = smooth_field((rows, cols), length, seed, 2)
    assert field.shape == (2, rows, cols)
    assert field.dtype == np.float32
    assert np.isfinite(field).all()
    np.testing.assert_array_equal(field, smooth_field((rows, cols), length, seed, 2))
    assert not np.array_equal(field[0], field[1])


def test_a_ramp_goes_from_zero_to_one_either_way():
    values = np.array([-1.0, 0.0, 0.5, 1.0, 3.0], np.float32)
    np.testing.assert_allclose(ramp(values, 0.0, 1.0), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(ramp(values, 1.0, 0.0), [1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(ramp(values, 0.5, 0.5), [0, 0, 0, 1, 1])


def test_softening_is_the_mean_of_nine():
    layer = np.random.default_rng(0).random((6, 7)).astype(np.float32)
    soft = softened(layer)
    assert soft[3, 3] == pytest.approx(layer[2:5, 2:5].mean(), rel=1e-5)
    assert soft[0, 0] == pytest.approx(
        (4 * layer[0, 0] + 2 * layer[0, 1] + 2 * layer[1, 0] + layer[1, 1]) / 9
    )


def test_the_middle_is_the_median_of_every_fourth_pixel():
    layer = np.arange(64, dtype=np.float32).reshape(8, 8)
    assert middle(layer) == np.median([0, 4, 32, 36])


def test_normal_numbers_are_normal_and_repeat():
    numbers = normal_numbers(7, (3, 200, 301))
    assert numbers.shape == (3, 200, 301) and numbers.dtype == np.float32
    # Kolmogorov and Smirnov's distance of a correct sample exceeds this with probability 1e-6.
    distance = stats.kstest(numbers[0].ravel().astype(np.float64), "norm").statistic
    assert distance < np.sqrt(-np.log(1e-6 / 2) / (2 * numbers[0].size))
    assert abs(numbers.std() - 1.0) < 4.9 / np.sqrt(2 * numbers.size)
    assert abs(np.corrcoef(numbers[0].ravel(), numbers[1].ravel())[0, 1]) < 4.9 / np.sqrt(numbers[0].size)
    np.testing.assert_array_equal(numbers, normal_numbers(7, (3, 200, 301)))
    assert not np.array_equal(numbers, normal_numbers(8, (3, 200, 301)))
