"""What single steps do to a picture, in closed form, and how they are put together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from diachron.core.registry import entries, load
from diachron.core.streams import stream
from diachron.simulators.acquisition.apply import apply_date, draw_date
from diachron.simulators.acquisition.context import Context

# Noise comes from fixed seeds; a correct product would fail a test of it with probability 1e-6.
FALSE_ALARM = 1e-6
RGB = ("red", "green", "blue")
MODULES = {name: load("acquisition", name) for name in entries("acquisition")}


def taken(image: NDArray[Any], full_scale: float = 1.0, **record: dict[str, Any]) -> NDArray[Any]:
    return apply_date(image, record, MODULES, full_scale=full_scale)


def ramp(down: float, right: float) -> NDArray[np.float32]:
    row, col = np.mgrid[:40, :44].astype(np.float32)
    return (0.2 + down * row + right * col)[None].astype(np.float32)


@settings(max_examples=40)
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_a_shift_moves_a_ramp_by_its_length_down_and_right(rows_down, cols_right):
    image = ramp(0.004, 0.009)
    moved = taken(image, misregistration={"shift_px": [rows_down, cols_right]})
    # What stood at r - s stands at r: a ramp is lower by slope x shift. Edges are repeated, so keep off them.
    inside = (slice(None), slice(6, -6), slice(6, -6))
    expected = image - 0.004 * rows_down - 0.009 * cols_right
    np.testing.assert_allclose(moved[inside], expected[inside], atol=2e-4)


@pytest.mark.parametrize("shift", [(2, 0), (0, 3), (-1, 2), (-4, -4)])
def test_a_shift_by_whole_pixels_copies_them(shift):
    image = np.random.default_rng(0).integers(1, 255, (3, 40, 40)).astype(np.uint8)
    moved = taken(image, 255.0, misregistration={"shift_px": list(shift)})
    rolled = np.roll(image, shift, (1, 2))
    np.testing.assert_array_equal(moved[:, 5:-5, 5:-5], rolled[:, 5:-5, 5:-5])


def test_blur_has_the_width_asked_for():
    image = np.zeros((1, 41, 41), np.float32)
    image[0, 20, 20] = 1.0
    spread = taken(image, blur={"sigma_px": 1.5})[0].astype(float)
    at = np.arange(41) - 20
    assert spread.sum() == pytest.approx(1.0, abs=1e-4)
    for axis in (0, 1):
        # Cut at three sigma, a Gaussian keeps 0.986 of its standard deviation.
        assert math.sqrt((spread.sum(axis=axis) * at**2).sum()) == pytest.approx(1.5, rel=0.03)


def test_blur_and_shift_together_do_both():
    image = ramp(0.0, 0.01)
    both = taken(image, blur={"sigma_px": 1.0}, misregistration={"shift_px": [0.0, 1.25]})
    np.testing.assert_allclose(both[0, :, 8:-8], image[0, :, 8:-8] - 0.0125, atol=2e-4)


@pytest.mark.parametrize(("read", "shot"), [(0.01, 0.0), (0.0, 0.02), (0.006, 0.012)])
@pytest.mark.parametrize("value", [0.1, 0.5])
def test_noise_has_the_variance_of_its_model(read, shot, value):
    image = np.full((2, 200, 200), value, np.float32)
    noisy = taken(image, noise={"read": read, "shot": shot, "seed": 17}).astype(np.float64)
    expected = read**2 + shot**2 * value
    for band in noisy:
        # (n - 1) s^2 / sigma^2 is chi-squared with n - 1 degrees of freedom.
        degrees = band.size - 1
        share = stats.chi2.cdf(degrees * band.var(ddof=1) / expected, degrees)
        assert FALSE_ALARM / 2 < share < 1 - FALSE_ALARM / 2
        assert abs(band.mean() - value) < 4.9 * math.sqrt(expected / band.size)
    assert abs(np.corrcoef(noisy[0].ravel(), noisy[1].ravel())[0, 1]) < 4.9 / math.sqrt(image[0].size)


def test_noise_of_sixteen_bits_is_a_share_of_full_scale():
    image = np.full((1, 200, 200), 1000, np.uint16)
    noisy = taken(image, 2047.0, noise={"read": 0.01, "shot": 0.0, "seed": 5}).astype(float)
    # Rounding to whole numbers adds a twelfth; five standard errors of a standard deviation are 1.8 %.
    assert noisy.std() == pytest.approx(math.sqrt((0.01 * 2047) ** 2 + 1 / 12), rel=0.018)


def test_haze_draws_values_towards_the_veil():
    image = np.array([0.1, 0.4, 0.9], np.float32).reshape(1, 1, 3)
    hazy = taken(image, haze={"opacity": [0.25], "brightness": 0.7})
    np.testing.assert_allclose(hazy[0, 0], [0.25, 0.475, 0.85], atol=1e-5)


def test_radiometry_turns_contrast_around_middle_grey():
    image = np.array([0.2, 0.4, 0.8], np.float32).reshape(1, 1, 3)
    bent = taken(image, radiometry={"gain": [1.5], "offset": [0.05], "gamma": 1.0})
    # 0.4 + 1.5 (v - 0.4) + 0.05
    np.testing.assert_allclose(bent[0, 0], [0.15, 0.45, 1.05], atol=1e-5)


def test_gamma_bends_the_tone_curve():
    image = np.array([0.25, 0.64], np.float32).reshape(1, 1, 2)
    bent = taken(image, radiometry={"gain": [1.0], "offset": [0.0], "gamma": 0.5})
    np.testing.assert_allclose(bent[0, 0], [0.5, 0.8], atol=1e-4)


def test_integers_are_clipped_at_black_and_white():
    image = np.array([5, 250], np.uint8).reshape(1, 1, 2)
    bent = taken(image, 255.0, radiometry={"gain": [3.0], "offset": [0.0], "gamma": 1.0})
    assert bent.ravel().tolist() == [0, 255]


def test_warm_light_lifts_red_against_blue_and_leaves_other_bands():
    module = MODULES["white_balance"]
    bands = ("red", "green", "blue", "nir")
    record = module.draw(
        np.random.default_rng(0), module.Parameters(warmth=0.2, tint=0.0), Context(bands, 0.5)
    )
    factor = record["factor"]
    assert factor[0] / factor[2] == pytest.approx(math.exp(0.2), rel=1e-5)
    assert (factor[1], factor[3]) == (1.0, 1.0)


def test_haze_is_thicker_in_the_blue_than_in_the_red():
    module = MODULES["haze"]
    record = module.draw(
        np.random.default_rng(0), module.Parameters(opacity=0.1, exponent=2.0), Context(RGB, 0.5)
    )
    red, green, blue = record["opacity"]
    # (560 / 660)^2 and (560 / 480)^2.
    assert (red, green, blue) == pytest.approx((0.1 * 0.719927, 0.1, 0.1 * 1.361111), abs=1e-5)


@given(st.permutations(sorted(MODULES)))
def test_the_order_of_steps_has_no_meaning(order):
    def drawn(names: list[str]) -> dict[str, dict[str, object]]:
        steps = [(name, MODULES[name], MODULES[name].Parameters()) for name in names]
        return draw_date(stream(1, 2, "acquisition/t1"), steps, Context(RGB, 0.5))

    assert drawn(order) == drawn(sorted(order))


def test_sixteen_bits_keep_their_levels():
    # A table of 256 levels would leave every 256th value of a 16-bit picture.
    image = np.arange(65536, dtype=np.uint16).reshape(1, 256, 256)
    bent = taken(image, 65535.0, radiometry={"gain": [0.9], "offset": [0.02], "gamma": 1.0})
    assert len(np.unique(bent)) > 0.85 * 65536


def test_reflectance_beyond_one_and_below_zero_goes_straight_on():
    image = np.array([-0.1, 0.5, 1.3], np.float32).reshape(1, 1, 3)
    brighter = taken(image, white_balance={"factor": [1.1]})
    np.testing.assert_allclose(brighter[0, 0], [-0.11, 0.55, 1.43], atol=1e-4)


def test_reflectance_beyond_one_passes_light_too():
    image = np.array([-0.1, 0.5, 1.3], np.float32).reshape(1, 1, 3)
    hazy = taken(image, haze={"opacity": [0.1], "brightness": 0.7})
    # v + 0.1 (0.7 - v)
    np.testing.assert_allclose(hazy[0, 0], [-0.02, 0.52, 1.24], atol=1e-4)
