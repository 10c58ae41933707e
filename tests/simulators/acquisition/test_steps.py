"""The contract of every registered acquisition step."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core.registry import entries, load
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.simulators.acquisition.apply import apply_date, draw_date
from diachron.simulators.acquisition.context import Context, Place, standing_room
from diachron.simulators.preparation import prepare
from tests.worlds import BANDS, FULL_SCALE, NODATA, World, raw_scene

Record = dict[str, dict[str, object]]

MODULES = {name: load("acquisition", name) for name in entries("acquisition")}
STEPS = sorted(MODULES)
# A newcomer says here which of its parameters do nothing.
IDENTITY: dict[str, dict[str, Any]] = {
    "blur": {"sigma_px": 0.0},
    "clouds": {"chance": 0.0},
    "harvest": {"share": 0.0},
    "haze": {"opacity": 0.0},
    "illumination": {"slope": 0.0, "field": 0.0},
    "jpeg": {"quality": 0.0},
    "jpeg2000": {"ratio": 0.0},
    "lean": {"off_nadir_deg": 0.0},
    "materials": {"brightness": 0.0, "colour": 0.0, "patchwork": 0.0},
    "misregistration": {"shift_px": 0.0},
    "mosaic_seam": {"chance": 0.0},
    "moving_things": {f"{kind}_per_km2": 0.0 for kind in ("cars", "lorries", "machines", "boats")},
    "another_sun": {"chance": 0.0},
    "noise": {"read": 0.0, "shot": 0.0},
    "pan_sharpening": {"sigma_px": 0.0, "misfit_px": 0.0},
    "patches": {"cover": 0.0, "fields_per_km2": 0.0, "parcel_share": 0.0},
    "quantisation": {"bits": 0.0},
    "radiometry": {"gain": 1.0, "gain_spread": 0.0, "offset": 0.0, "offset_spread": 0.0, "gamma": 1.0},
    "sampling": {"factor": 1.0},
    "shadow_density": {"lift": 0.0, "blue": 0.0},
    "sharpness": {"amount": 0.0},
    "spectral_response": {"overlap": 0.0, "spread": 0.0},
    "snow": {"chance": 0.0},
    "texture": {"fine": 0.0, "coarse": 0.0},
    "tone_curve": {"bend": 0.0, "band_bend": 0.0},
    "vegetation": {"grass_dryness": 0.0, "crown_bareness": 0.0, "brightness": 0.0, "soil_moisture": 0.0},
    "veil": {"opacity": 0.0},
    "vignetting": {"strength": 0.0},
    "white_balance": {"warmth": 0.0, "tint": 0.0},
}
# And which must be given so that it does something in any picture that it can work on.
STRONG: dict[str, dict[str, Any]] = {
    "clouds": {"chance": 1.0, "cover": 0.5, "size_m": 10.0},
    "jpeg": {"quality": (20.0, 60.0)},
    "jpeg2000": {"ratio": (20.0, 60.0)},
    "lean": {"off_nadir_deg": (20.0, 40.0)},
    "misregistration": {"shift_px": 0.4},
    "mosaic_seam": {"chance": 1.0, "step": 0.3},
    "another_sun": {"chance": 1.0},
    "moving_things": {"cars_per_km2": 1e5, "machines_per_km2": 1e5},
    "patches": {"cover": 0.5, "parcel_share": 1.0},
    "quantisation": {"bits": (2.0, 5.0)},
    "sampling": {"factor": (1.5, 3.0), "chance": 1.0},
    "snow": {"chance": 1.0, "cover": 0.9},
    "vegetation": {"grass_dryness": 1.0, "crown_bareness": 1.0},
}
NEEDS_BANDS: dict[str, int] = {"pan_sharpening": 2, "spectral_response": 2}
# Fields of crops; shadows that are long enough to be told: their own tests have them.
NEEDS_GROUND = {"harvest", "another_sun"}
# Codecs of whole numbers.
HOLDS = {"jpeg": {"uint8"}, "jpeg2000": {"uint8", "uint16"}}
NEEDS: dict[str, set[str]] = {"white_balance": {"red"}, "vegetation": {"red", "nir"}}
# One level of the type; reflectance passes a table of 4096 levels, between which it is interpolated.
ROUNDING = {"uint8": 1.0, "uint16": 1.0, "float32": 1e-5}
# Of a place with grass, soil, a road and houses in the small window.
SEED = 4
FORMS = [("uint8", 3), ("uint8", 1), ("uint16", 4), ("float32", 5)]


@pytest.fixture(params=STEPS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=FORMS, ids=lambda form: f"{form[0]}-{form[1]}")
def form(request: pytest.FixtureRequest) -> tuple[str, int]:
    return request.param


@cache
def scene_of(form: tuple[str, int]) -> Scene:
    """Return a small town with grass, soil, a road, a pond and houses."""
    return prepare(raw_scene(World(rows=48, cols=53, dtype=form[0], bands=form[1], seed=SEED)))


def picture(form: tuple[str, int]) -> NDArray[Any]:
    return scene_of(form).image.copy()


def place_of(form: tuple[str, int]) -> Place:
    scene = scene_of(form)
    return Place(scene.surface, scene.instances, scene.objects, scene.grid.gsd_m, sun=scene.sun)


def drawn(name: str, bands: int, seed: int = 3, dtype: str = "uint8", **parameters: Any) -> Record:
    scene = scene_of((dtype, bands))
    context = Context(
        BANDS[bands], 0.5, dtype, sun=scene.sun, standing_room=standing_room(place_of((dtype, bands)))
    )
    step = (name, MODULES[name], MODULES[name].Parameters(**parameters))
    return draw_date(stream(seed, 0, "acquisition/t1"), [step], context)


def applied(image: NDArray[Any], record: Record, **more: Any) -> NDArray[Any]:
    return apply_date(image, record, MODULES, full_scale=FULL_SCALE[image.dtype.name], **more)


def test_every_step_says_when_it_does_nothing():
    assert sorted(IDENTITY) == STEPS


def test_a_draw_is_json_and_comes_back(name, form):
    record = drawn(name, form[1])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_the_same_stream_draws_the_same_and_another_does_not(name):
    strong = STRONG.get(name, {})
    assert drawn(name, 3, seed=3, **strong) == drawn(name, 3, seed=3, **strong)
    assert drawn(name, 3, seed=3, **strong) != drawn(name, 3, seed=4, **strong)


def test_the_record_makes_the_same_bytes_again(name, form):
    image = picture(form)
    record = drawn(name, form[1], **STRONG.get(name, {}))
    first = applied(image, record, place=place_of(form))
    again = applied(image, json.loads(json.dumps(record)), place=place_of(form))
    assert first.tobytes() == again.tobytes()


def test_something_is_done_and_the_input_stays(name, form):
    image = picture(form)
    kept = image.copy()
    result = applied(image, drawn(name, form[1], **STRONG.get(name, {})), place=place_of(form))
    np.testing.assert_array_equal(image, kept)
    assert result is not image
    can = NEEDS.get(name, set()) <= set(BANDS[form[1]]) and form[1] >= NEEDS_BANDS.get(name, 1)
    if can and name not in NEEDS_GROUND and form[0] in HOLDS.get(name, set(FULL_SCALE)):
        assert (result != image).any()


def test_shape_dtype_and_range_are_kept(name, form):
    image = picture(form)
    result = applied(image, drawn(name, form[1], **STRONG.get(name, {})), place=place_of(form))
    assert result.shape == image.shape
    assert result.dtype == image.dtype
    assert np.isfinite(result.astype(np.float64)).all()
    if form[0] != "float32":
        assert result.max() <= FULL_SCALE[form[0]]


def test_amounts_of_zero_change_nothing(name, form):
    image = picture(form)
    result = applied(image, drawn(name, form[1], **IDENTITY[name]), place=place_of(form))
    if form[0] == "float32":
        np.testing.assert_allclose(result, image, rtol=0, atol=ROUNDING[form[0]])
    else:
        np.testing.assert_array_equal(result, image)


def test_all_amounts_of_zero_together_change_nothing(form):
    image = picture(form)
    record = {}
    for name in STEPS:
        record |= drawn(name, form[1], **IDENTITY[name])
    result = applied(image, record)
    if form[0] == "float32":
        np.testing.assert_allclose(result, image, rtol=0, atol=2 * ROUNDING[form[0]])
    else:
        np.testing.assert_array_equal(result, image)


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
        record = drawn(name, form[1], seed, **STRONG.get(name, {}))
        result = applied(image, record, void=void, nodata=nodata)
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
    result = applied(image, drawn(name, 3, **STRONG.get(name, {})))
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
        record |= drawn(name, 4, **STRONG.get(name, {}))
    result = applied(scene.image, record, void=scene.ignored, nodata=scene.nodata)
    np.testing.assert_array_equal(result[:, scene.ignored], scene.image[:, scene.ignored])
    assert (result[:, ~scene.ignored] != scene.nodata).all()
