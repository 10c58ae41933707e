"""The contract of every registered acquisition step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core.registry import entries, load
from diachron.core.streams import stream
from diachron.simulators.acquisition.apply import apply_date, draw_date
from diachron.simulators.acquisition.context import Context
from diachron.simulators.preparation import prepare
from tests.worlds import BANDS, FULL_SCALE, NODATA, World, raw_scene

MODULES = {name: load("acquisition", name) for name in entries("acquisition")}
STEPS = sorted(MODULES)
# A newcomer says here which of its parameters do nothing.
IDENTITY: dict[str, dict[str, float]] = {
    "blur": {"sigma_px": 0.0},
    "haze": {"opacity": 0.0},
    "misregistration": {"shift_px": 0.0},
    "noise": {"read": 0.0, "shot": 0.0},
    "radiometry": {"gain": 1.0, "gain_spread": 0.0, "offset": 0.0, "offset_spread": 0.0, "gamma": 1.0},
    "white_balance": {"warmth": 0.0, "tint": 0.0},
}
# One level of the type; reflectance passes a table of 4096 levels, between which it is interpolated.
ROUNDING = {"uint8": 1.0, "uint16": 1.0, "float32": 1e-5}
FORMS = [("uint8", 3), ("uint8", 1), ("uint16", 4), ("uint16", 2), ("float32", 5)]


@pytest.fixture(params=STEPS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=FORMS, ids=lambda form: f"{form[0]}-{form[1]}")
def form(request: pytest.FixtureRequest) -> tuple[str, int]:
    return request.param


def picture(form: tuple[str, int]) -> NDArray[Any]:
    return raw_scene(World(rows=48, cols=53, dtype=form[0], bands=form[1])).image


def drawn(name: str, bands: int, seed: int = 3, **parameters: Any) -> dict[str, dict[str, object]]:
    step = (name, MODULES[name], MODULES[name].Parameters(**parameters))
    return draw_date(stream(seed, 0, "acquisition/t1"), [step], Context(BANDS[bands], 0.5))


def applied(image: NDArray[Any], record: dict[str, dict[str, object]], **more: Any) -> NDArray[Any]:
    return apply_date(image, record, MODULES, full_scale=FULL_SCALE[image.dtype.name], **more)


def test_every_step_says_when_it_does_nothing():
    assert sorted(IDENTITY) == STEPS


def test_a_draw_is_json_and_comes_back(name, form):
    record = drawn(name, form[1])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_the_same_stream_draws_the_same_and_another_does_not(name):
    assert drawn(name, 3, seed=3) == drawn(name, 3, seed=3)
    assert drawn(name, 3, seed=3) != drawn(name, 3, seed=4)


def test_the_record_makes_the_same_bytes_again(name, form):
    image = picture(form)
    record = drawn(name, form[1])
    first = applied(image, record)
    again = applied(image, json.loads(json.dumps(record)))
    assert first.tobytes() == again.tobytes()


def test_something_is_done_and_the_input_stays(name, form):
    image = picture(form)
    kept = image.copy()
    parameters = {"shift_px": 0.4} if name == "misregistration" else {}
    result = applied(image, drawn(name, form[1], **parameters))
    np.testing.assert_array_equal(image, kept)
    assert result is not image
    if name != "white_balance" or "red" in BANDS[form[1]]:
        assert (result != image).any()


def test_shape_dtype_and_range_are_kept(name, form):
    image = picture(form)
    result = applied(image, drawn(name, form[1]))
    assert result.shape == image.shape
    assert result.dtype == image.dtype
    assert np.isfinite(result.astype(np.float64)).all()
    if form[0] != "float32":
        assert result.max() <= FULL_SCALE[form[0]]


def test_identity_changes_nothing_but_rounding(name, form):
    image = picture(form)
    result = applied(image, drawn(name, form[1], **IDENTITY[name]))
    np.testing.assert_allclose(result.astype(float), image.astype(float), rtol=0, atol=ROUNDING[form[0]])


def test_all_identities_together_change_nothing_but_rounding(form):
    image = picture(form)
    record = {}
    for name in STEPS:
        record |= drawn(name, form[1], **IDENTITY[name])
    result = applied(image, record)
    np.testing.assert_allclose(result.astype(float), image.astype(float), rtol=0, atol=2 * ROUNDING[form[0]])


@pytest.mark.parametrize(
    ("form", "nodata"),
    [
        (("uint8", 3), 0.0),
        (("uint8", 1), 255.0),
        (("uint16", 4), 0.0),
        (("uint16", 2), 2047.0),
        (("float32", 5), -9999.0),
        (("float32", 3), float("nan")),
    ],
    ids=str,
)
def test_no_data_stays_and_no_pixel_with_data_comes_to_hold_it(name, form, nodata):
    image = picture(form)
    void = np.zeros(image.shape[1:], bool)
    void[10:20, 30:] = True
    image[:, void] = nodata
    for seed in range(3):
        result = applied(image, drawn(name, form[1], seed), void=void, nodata=nodata)
        np.testing.assert_array_equal(result[:, void], image[:, void])
        if np.isnan(nodata):
            assert np.isfinite(result[:, ~void]).all()
        else:
            assert (result[:, ~void] != nodata).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_pixels_beside_no_data_do_not_take_its_value_in(dtype):
    # A flat picture stays flat up to the hole, whatever value marks it.
    image = np.full((2, 24, 24), 0.5 * FULL_SCALE[dtype]).astype(dtype)
    void = np.zeros((24, 24), bool)
    void[:, 12:] = True
    image[:, void] = NODATA[dtype] if dtype != "float32" else -9999.0
    nodata = float(image[0, 0, 12])
    record = drawn("blur", 2, sigma_px=1.5) | drawn("misregistration", 2, shift_px=0.5)
    result = applied(image, record, void=void, nodata=nodata)
    np.testing.assert_allclose(
        result[:, ~void].astype(float), 0.5 * FULL_SCALE[dtype], rtol=0, atol=2 * ROUNDING[dtype]
    )


def test_what_is_not_a_number_stays_so_even_if_nothing_says_that_it_is_no_data(name):
    image = picture(("float32", 3))
    image[1, 5:9, 7] = np.nan
    hole = np.isnan(image).any(axis=0)
    result = applied(image, drawn(name, 3))
    np.testing.assert_array_equal(result[:, hole], image[:, hole])
    assert np.isfinite(result[:, ~hole]).all()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_picture_without_any_data_stays(name, dtype):
    image = np.full((3, 8, 9), 0 if dtype == "uint8" else np.nan, dtype)
    result = applied(image, drawn(name, 3), void=np.ones((8, 9), bool), nodata=float(image[0, 0, 0]))
    np.testing.assert_array_equal(result, image)


def test_a_scene_with_void_keeps_it_through_all_steps():
    scene = prepare(raw_scene(World(rows=48, cols=48, void=True, dtype="uint16", bands=4)))
    record = {}
    for name in STEPS:
        record |= drawn(name, 4)
    result = applied(scene.image, record, void=scene.ignored, nodata=scene.nodata)
    np.testing.assert_array_equal(result[:, scene.ignored], scene.image[:, scene.ignored])
    assert (result[:, ~scene.ignored] != scene.nodata).all()
