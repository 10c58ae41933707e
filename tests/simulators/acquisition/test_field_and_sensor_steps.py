"""Closed forms of the steps that vary over the picture, of optics and of coding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core.registry import load
from diachron.simulators.acquisition.apply import apply_date
from diachron.simulators.acquisition.clouds import masks
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.sampling import there_and_back

RGB = ("red", "green", "blue")
NAMES = (
    "clouds", "illumination", "jpeg", "mosaic_seam", "pan_sharpening", "quantisation", "sampling",
    "sharpness", "tone_curve", "veil", "vignetting",
)  # fmt: skip
MODULES = {name: load("acquisition", name) for name in NAMES}


def taken(image: NDArray[Any], full_scale: float = 1.0, **record: dict[str, Any]) -> NDArray[Any]:
    return apply_date(image, record, MODULES, full_scale=full_scale)


def grey(value: float = 0.4, bands: int = 3, side: int = 100) -> NDArray[np.float32]:
    return np.full((bands, side, side), value, np.float32)


def test_light_rises_by_the_slope_from_edge_to_edge():
    drawn = {"slope": 0.1, "direction_deg": 0.0, "field": 0.0, "length_px": 50.0, "bands": [1.0, 1.0, 0.5]}
    lit = taken(grey(), illumination=drawn | {"seed": 1})
    assert lit[0, :, 0] == pytest.approx(0.4 * 0.9)
    assert lit[0, :, -1] == pytest.approx(0.4 * 1.1)
    assert lit[2, :, -1] == pytest.approx(0.4 * 1.05)


def test_uneven_light_has_the_spread_asked_for():
    drawn = {"slope": 0.0, "direction_deg": 0.0, "field": 0.05, "length_px": 6.0, "bands": [1.0], "seed": 3}
    lit = taken(grey(0.4, 1, 300), illumination=drawn)
    # 2500 independent patches: a standard deviation has an error of 1.4 %.
    assert lit.std() / 0.4 == pytest.approx(0.05, rel=0.07)


def test_a_vignette_takes_its_share_at_the_farthest_corner():
    dark = taken(grey(), vignetting={"strength": 0.2, "centre": [0.0, 0.0]})
    assert dark[0, 0, 0] == pytest.approx(0.4 * 0.8)
    assert dark[0, 50, 50] == pytest.approx(0.4, rel=1e-3)


def test_a_seam_parts_the_picture_by_its_step():
    drawn = {
        "gain": [0.1, 0.2, 0.0], "direction_deg": 0.0, "offset": 0.0, "bend_px": 0.0, "waves": 1.0,
        "phase_deg": 0.0, "feather_px": 2.0,
    }  # fmt: skip
    seam = taken(grey(), mosaic_seam=drawn)
    np.testing.assert_allclose(seam[:, :40, 50], 0.4, rtol=1e-6)
    expected = 0.4 * np.exp([0.1, 0.2, 0.0])
    np.testing.assert_allclose(seam[:, 60:, 50], expected[:, None].repeat(40, axis=1), rtol=1e-5)


def test_seams_come_as_often_as_they_should():
    step = MODULES["mosaic_seam"].Parameters(chance=0.25, step=0.3, colour=0.0)
    rng = np.random.default_rng(0)
    there = [MODULES["mosaic_seam"].draw(rng, step, Context(RGB, 0.5))["gain"][0] != 0 for _ in range(800)]
    assert abs(np.mean(there) - 0.25) < 4.9 * math.sqrt(0.25 * 0.75 / 800)


def test_a_veil_is_between_nothing_and_its_opacity():
    veiled = taken(
        grey(0.2), veil={"opacity": [0.1, 0.2, 0.3], "brightness": 0.8, "size_px": 10.0, "seed": 1}
    )
    for band, opacity in zip(veiled, (0.1, 0.2, 0.3), strict=True):
        assert band.min() == pytest.approx(0.2, abs=0.01 * opacity + 1e-4)
        assert band.max() == pytest.approx(0.2 + opacity * 0.6, rel=0.01)


CLOUD = {
    "cover": 0.2, "size_px": 30.0, "opacity": 0.9, "edge": 0.1, "shadow": 0.5, "day": 100, "solar_hour": 10.0,
    "shadow_px": [12.0, -7.0], "seed": 4,
}  # fmt: skip


def test_the_shadow_of_a_cloud_is_the_cloud_moved():
    opacity, shadow = masks((120, 140), CLOUD)
    # Down by 12 and left by 7.
    np.testing.assert_allclose(shadow[12:, :-7] / 0.5, opacity[:-12, 7:] / 0.9, atol=1e-5)


def test_clouds_cover_their_share():
    opacity, _ = masks((600, 600), CLOUD | {"size_px": 15.0})
    assert (opacity > 0.45).mean() == pytest.approx(0.2, abs=0.04)


def test_clouds_whiten_and_their_shadows_darken():
    image = grey(0.3, 3, 120)
    opacity, shadow = masks((120, 120), CLOUD)
    cloudy = taken(image, clouds=CLOUD)
    thick = opacity > 0.899
    np.testing.assert_allclose(cloudy[:, thick], 0.9 * 0.95 + 0.1 * 0.3, atol=0.02)
    dark = (opacity == 0) & (shadow > 0.499)
    np.testing.assert_allclose(cloudy[:, dark], 0.15, atol=0.001)


def test_low_suns_of_the_north_cast_shadows_north_and_long():
    step = MODULES["clouds"].Parameters(chance=1.0, height_m=1000.0)
    for seed in range(5):
        drawn = MODULES["clouds"].draw(
            np.random.default_rng(seed), step, Context(RGB, 10.0, latitude_deg=55.0)
        )
        down, right = drawn["shadow_px"]
        # In the morning the sun stands in the south-east: shadows go north-west.
        assert down < 0
        assert right < 0
        # 1000 m at 58 degrees, the highest there, are 62 px of 10 m; at 20 degrees, the lowest taken, 275.
        assert 62 <= math.hypot(down, right) <= 275


def test_sharpening_leaves_flat_ground_and_rims_edges():
    image = grey(0.3, 1, 40)
    image[:, :, 20:] = 0.6
    sharp = taken(image, sharpness={"amount": 0.8, "sigma_px": 1.0})
    assert sharp[0, 20, 5] == pytest.approx(0.3, abs=1e-5)
    assert sharp[0, 20, 19] < 0.27
    assert sharp[0, 20, 20] > 0.63


@settings(max_examples=25)
@given(st.integers(8, 90), st.floats(1.01, 4.0))
def test_sampling_keeps_flat_ground_whatever_the_size(size, factor):
    weights = there_and_back(size, factor)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    assert weights.shape == (size, size)


def test_sampling_by_two_takes_out_what_two_pixels_cannot_hold():
    row = np.arange(64, dtype=np.float32)
    fine = np.broadcast_to(0.5 + 0.2 * (-1.0) ** row, (1, 64, 64)).astype(np.float32)
    np.testing.assert_allclose(taken(fine, sampling={"factor": 2.0}), 0.5, atol=1e-5)
    ramp = np.broadcast_to(0.2 + 0.005 * row, (1, 64, 64)).astype(np.float32)
    # Nothing moves: a ramp stays a ramp.
    np.testing.assert_allclose(taken(ramp, sampling={"factor": 2.0})[:, :, 8:-8], ramp[:, :, 8:-8], atol=1e-5)


def test_pan_sharpening_keeps_brightness_and_smears_colour():
    rng = np.random.default_rng(0)
    image = rng.uniform(0.3, 0.7, (3, 60, 60)).astype(np.float32)
    soft = taken(image, pan_sharpening={"sigma_px": 2.0, "misfit_px": [0.4, 0.0]})
    np.testing.assert_allclose(soft.mean(axis=0), image.mean(axis=0), atol=1e-4)
    assert (soft[0] - soft[2]).std() < 0.3 * (image[0] - image[2]).std()


def test_jpeg_works_on_eight_bits_and_says_where_it_does_not():
    rng = np.random.default_rng(0)
    step = MODULES["jpeg"].Parameters(quality=30.0)
    eight = MODULES["jpeg"].draw(rng, step, Context(RGB, 0.5, "uint8"))
    sixteen = MODULES["jpeg"].draw(rng, step, Context(RGB, 0.5, "uint16"))
    assert eight["skipped"] is None
    assert sixteen["skipped"] == "JPEG holds 8 bits, not uint16"
    image = rng.integers(0, 256, (3, 40, 40)).astype(np.uint8)
    assert (taken(image, 255.0, jpeg=eight) != image).mean() > 0.5
    wide = image.astype(np.uint16)
    np.testing.assert_array_equal(taken(wide, 2047.0, jpeg=sixteen), wide)


def test_a_better_quality_leaves_less_error():
    image = np.random.default_rng(1).normal(120, 25, (3, 64, 64)).clip(0, 255).astype(np.uint8)
    errors = [
        np.abs(taken(image, 255.0, jpeg={"quality": q, "coarse_chroma": False}).astype(int) - image).mean()
        for q in (30, 60, 90)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_quantisation_leaves_as_many_levels_as_it_says():
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    few = taken(image, 255.0, quantisation={"bits": 3})
    assert np.unique(few).tolist() == [0, 36, 73, 109, 146, 182, 219, 255]
    assert np.abs(few.astype(int) - image).max() <= 18
    np.testing.assert_array_equal(taken(image, 255.0, quantisation={"bits": 8}), image)


@settings(max_examples=30)
@given(st.integers(0, 2**30), st.floats(0.0, 0.3), st.floats(0.0, 0.2))
def test_a_tone_curve_always_rises(seed, bend, band_bend):
    module = MODULES["tone_curve"]
    drawn = module.draw(
        np.random.default_rng(seed), module.Parameters(bend=bend, band_bend=band_bend), Context(RGB, 0.5)
    )
    line = np.linspace(-0.2, 1.3, 400, dtype=np.float32)
    curve = module.curve(np.stack([line] * 3), drawn)
    assert (np.diff(curve, axis=1) > -1e-6).all()


def test_a_tone_curve_goes_through_its_knots():
    module = MODULES["tone_curve"]
    knots = [0.02, 0.1, 0.3, 0.42, 0.58, 0.83, 0.97]
    at = np.array([[0.0, 0.12, 0.25, 0.4, 0.6, 0.8, 1.0]], np.float32)
    np.testing.assert_allclose(module.curve(at, {"knots": [knots]})[0], knots, atol=1e-6)
