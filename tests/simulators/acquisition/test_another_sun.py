"""Another sun: old shadows come off, new ones lie where they should; where that is unsure, all stays."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from diachron.core import hub
from diachron.core.light import shadow_direction
from diachron.core.registry import load
from diachron.core.scene import Footprint, SceneObject, Sun
from diachron.core.sun import sun_at_solar_time
from diachron.simulators.acquisition import another_sun
from diachron.simulators.acquisition.apply import apply_date
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.old_shadows import find_shadows
from diachron.simulators.acquisition.shadows import shaded
from diachron.simulators.sunlight import estimate_sun

RGB = ("red", "green", "blue")
MODULES = {"another_sun": load("acquisition", "another_sun")}
CONTRAST = (0.35, 0.4, 0.5)
HEIGHT_M = 6.0
GSD_M = 0.5
# The sun in the southeast at 45 degrees: shadows of 6 m to the northwest.
OLD = Sun(*shadow_direction(135.0), 5.0, CONTRAST, given=True)


def village(sun: Sun = OLD, height_m: float | None = HEIGHT_M) -> tuple[NDArray[np.float32], Place]:
    """Return a picture of nine houses on rough ground under a sun, and the place."""
    shape = (180, 180)
    instances = np.zeros(shape, np.int32)
    objects = {}
    for number in range(9):
        row, col = 30 + 50 * (number // 3), 30 + 50 * (number % 3)
        instances[row : row + 20, col : col + 20] = number + 1
        footprint = Footprint(row, col, np.ones((20, 20), bool))
        objects[number + 1] = SceneObject(number + 1, hub.BUILDING, footprint, height_m=height_m)
    place = Place(np.full(shape, hub.BARE, np.uint8), instances, objects, GSD_M, sun=sun)
    rng = np.random.default_rng(0)
    ground = np.asarray([0.6, 0.5, 0.4], np.float32)[:, None, None]
    image = np.broadcast_to(ground, (3, *shape)) * (1 + 0.05 * rng.standard_normal(shape))
    image = np.where(instances > 0, np.float32(0.8), image).astype(np.float32)
    return cast(image, place, sun), place


def cast(image: NDArray[np.float32], place: Place, sun: Sun) -> NDArray[np.float32]:
    """Return the picture with shadows under a sun, hard-edged."""
    share = shaded(place.heights_m, sun.shadow_row, sun.shadow_col, sun.shadow_length_m / 5.0 / GSD_M)
    return (image * (1 - share * (1 - np.asarray(CONTRAST)[:, None, None]))).astype(np.float32)


def under(azimuth_deg: float, elevation_deg: float) -> dict[str, Any]:
    """Return a record of a sun."""
    length = 1.0 / math.tan(math.radians(elevation_deg)) / GSD_M
    return {"another_sun": {"shadow_px": [part * length for part in shadow_direction(azimuth_deg)]}}


def taken(image: NDArray[Any], record: dict[str, Any], place: Place | None) -> NDArray[Any]:
    return apply_date(image, record, MODULES, full_scale=1.0, place=place)


def far_from_edges(share: NDArray[np.float32], value: float) -> NDArray[np.bool_]:
    """Return where a share has a value, three pixels and more from where it has not."""
    same = np.pad(np.abs(share - value) < 1e-3, 3, mode="edge")
    rows, cols = share.shape
    kept = [same[i : i + rows, j : j + cols] for i in range(7) for j in range(7)]
    inside: NDArray[np.bool_] = np.logical_and.reduce(kept)
    return inside


@pytest.mark.parametrize(("azimuth", "elevation"), [(225.0, 45.0), (180.0, 35.0), (270.0, 50.0)])
def test_the_picture_becomes_that_of_the_other_sun(azimuth, elevation):
    image, place = village()
    moved = taken(image, under(azimuth, elevation), place)
    bare, _ = village(replace(OLD, shadow_length_m=1e-6))
    length = 1.0 / math.tan(math.radians(elevation)) / GSD_M
    old = shaded(place.heights_m, OLD.shadow_row, OLD.shadow_col, 2.0)
    new = shaded(place.heights_m, *shadow_direction(azimuth), length)
    ground = place.heights_m == 0
    is_lifted = far_from_edges(old, 1.0) & far_from_edges(new, 0.0) & ground
    is_cast = far_from_edges(new, 1.0) & far_from_edges(old, 0.0) & ground
    assert is_lifted.sum() > 100
    assert is_cast.sum() > 100
    # Lit ground has come back in every band, and a new shadow is as deep as the old ones were.
    lit, dark = moved[:, is_lifted] / bare[:, is_lifted], moved[:, is_cast] / bare[:, is_cast]
    np.testing.assert_allclose(lit.mean(axis=1), 1.0, atol=0.06)
    np.testing.assert_allclose(dark.mean(axis=1), CONTRAST, atol=0.03)
    # The ground keeps its grain in both.
    for where in (is_lifted, is_cast):
        assert np.corrcoef(moved[0, where], bare[0, where])[0, 1] > 0.8


def test_far_from_all_shadows_nothing_changes():
    image, place = village()
    moved = taken(image, under(200.0, 40.0), place)
    reach = np.zeros(image.shape[1:], bool)
    for row in (30, 80, 130):
        for col in (30, 80, 130):
            reach[max(row - 20, 0) : row + 42, max(col - 20, 0) : col + 42] = True
    assert (~reach).sum() > 3000
    np.testing.assert_array_equal(moved[:, ~reach], image[:, ~reach])


def test_the_same_sun_again_leaves_about_the_same_picture():
    image, place = village()
    again = taken(image, under(135.0, 45.0), place)
    share = shaded(place.heights_m, OLD.shadow_row, OLD.shadow_col, 2.0)
    inside = far_from_edges(share, 1.0) & (place.heights_m == 0)
    np.testing.assert_allclose(again[:, inside].mean(axis=1), image[:, inside].mean(axis=1), rtol=0.1)


def test_roofs_stay_where_no_taller_house_shades_them():
    image, place = village()
    moved = taken(image, under(225.0, 45.0), place)
    for row in (30, 80, 130):
        roof = (slice(None), slice(row + 2, row + 18), slice(32, 48))
        np.testing.assert_array_equal(moved[roof], image[roof])


def test_no_value_goes_beyond_white():
    image, place = village()
    bright = np.minimum(image * np.float32(1.9), np.float32(1.0))
    moved = another_sun.act(bright.copy(), under(225.0, 45.0)["another_sun"], place)
    assert moved.max() <= 1.0
    assert moved.min() >= 0.0


@pytest.mark.parametrize("why", ["no sun", "another sun", "no houses", "overcast", "black", "no place"])
def test_where_old_shadows_cannot_be_told_all_stays(why):
    image, place = village()
    if why == "no sun":
        place = replace(place, sun=None)
    elif why == "another sun":
        place = replace(place, sun=replace(OLD, shadow_row=-OLD.shadow_row, shadow_col=-OLD.shadow_col))
    elif why == "no houses":
        place = replace(place, instances=np.zeros_like(place.instances), objects={})
    elif why == "overcast":
        image = village(replace(OLD, shadow_length_m=1e-6))[0]
    elif why == "black":
        place = replace(place, sun=replace(OLD, contrast=(0.02, 0.02, 0.05)))
    np.testing.assert_array_equal(
        taken(image, under(225.0, 45.0), None if why == "no place" else place), image
    )


def test_the_coarse_way_and_the_fine_way_find_the_same_shadows():
    image, place = village()
    fine = find_shadows(image, replace(place, gsd_m=1.0, sun=None), replace(OLD, shadow_length_m=10.0))
    coarse = find_shadows(image, place, OLD)
    assert fine is not None
    assert coarse is not None
    assert (fine.step, coarse.step) == (1, 2)
    assert np.abs(fine.depth - coarse.depth).mean() < 0.02


def draw(context: Context, seed: int = 0, **parameters: Any) -> dict[str, Any]:
    return another_sun.draw(
        np.random.default_rng(seed), another_sun.Parameters(**({"chance": 1.0} | parameters)), context
    )


def test_where_the_latitude_is_known_the_sun_follows_place_day_and_hour():
    drawn = draw(Context(RGB, 0.5, latitude_deg=48.0, year_share=0.5), days=(81, 271), hour=10.0)
    assert drawn["day"] == 176
    azimuth, elevation = sun_at_solar_time(48.0, 176, 10.0)
    assert drawn["azimuth_deg"] == pytest.approx(azimuth, abs=1e-3)
    assert drawn["elevation_deg"] == pytest.approx(elevation, abs=1e-3)
    # A metre's shadow in pixels of half a metre, away from the sun.
    down, right = drawn["shadow_px"]
    assert math.hypot(down, right) == pytest.approx(2.0 / math.tan(math.radians(elevation)), rel=1e-4)
    assert math.degrees(math.atan2(-right, down)) % 360 == pytest.approx(azimuth, abs=1e-2)
    assert json.loads(json.dumps(drawn)) == drawn


def test_in_the_south_the_sun_stands_in_the_north_and_half_a_year_later():
    drawn = draw(Context(RGB, 0.5, latitude_deg=-35.0, year_share=0.0), days=(172, 172), hour=12.0)
    assert drawn["day"] == 354
    assert min(drawn["azimuth_deg"], 360 - drawn["azimuth_deg"]) < 1.0
    assert drawn["elevation_deg"] == pytest.approx(90 - 35 + 23.4, abs=0.3)


def test_without_a_latitude_the_sun_turns_from_the_one_of_the_picture():
    drawn = draw(Context(RGB, 0.5, sun=OLD), turn_deg=50.0, elevation_deg=40.0)
    assert (drawn["azimuth_deg"], drawn["elevation_deg"]) == pytest.approx((185.0, 40.0))
    assert (drawn["day"], drawn["solar_hour"]) == (None, None)
    assert draw(Context(RGB, 0.5))["shadow_px"] is None


def test_a_low_sun_is_taken_at_twenty_degrees():
    drawn = draw(Context(RGB, 0.5, latitude_deg=60.0, year_share=0.0), days=(355, 355), hour=12.0)
    assert drawn["elevation_deg"] == 20.0


def test_a_chance_of_none_is_none_and_of_a_half_is_half():
    context = Context(RGB, 0.5, sun=OLD)
    assert draw(context, chance=0.0)["shadow_px"] is None
    there = sum(draw(context, seed, chance=0.5)["shadow_px"] is not None for seed in range(200))
    # Four standard deviations of a coin.
    assert abs(there - 100) < 29


def test_real_shadows_beside_real_houses_are_lifted():
    if "DIACHRON_DATA" not in os.environ:
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    folder = Path(os.environ["DIACHRON_DATA"]) / "building_cities"
    picture = np.asarray(Image.open(folder / "image" / "inria_austin1_12.jpg").convert("RGB"))
    houses = np.asarray(Image.open(folder / "label" / "inria_austin1_12.png")) > 0
    image = (np.moveaxis(picture, -1, 0) / np.float32(255)).astype(np.float32)
    sun = estimate_sun(image, houses, ~houses, 0.3)
    assert sun is not None
    one = {1: SceneObject(1, hub.BUILDING, Footprint(0, 0, houses), height_m=6.0)}
    surface = np.full(houses.shape, hub.DEVELOPED, np.uint8)
    place = Place(surface, houses.astype(np.int32), one, 0.3, sun=sun)
    old = find_shadows(image, place, sun)
    assert old is not None
    deep = (old.depth > 0.8) & ~houses
    moved = taken(
        image, under((math.degrees(math.atan2(-sun.shadow_col, sun.shadow_row)) + 90) % 360, 60.0), place
    )
    before, after = image[:, deep].mean(), moved[:, deep].mean()
    assert after > 1.5 * before


def test_values_below_black_and_beyond_white_do_no_harm():
    image, place = village()
    rough = (image * 1.3 - 0.25).astype(np.float32)
    moved = another_sun.act(rough.copy(), under(225.0, 45.0)["another_sun"], place)
    assert (moved != rough).any()
    assert np.isfinite(moved).all()
    assert moved.min() >= rough.min()
    assert moved.max() <= max(1.0, float(rough.max()))


def test_what_was_darker_stays_darker_in_a_new_shadow():
    image, place = village()
    # A ramp of dark things on lit ground, where the new shadow of the first house will fall.
    ramp = np.linspace(0.05, 1.0, 9, dtype=np.float32)
    image[:, 40, 51:60] = np.asarray([0.6, 0.5, 0.4], np.float32)[:, None] * ramp
    moved = taken(image, under(270.0, 45.0), place)
    assert (np.diff(moved[:, 40, 52:59]) > 0).all()
    assert (moved[:, 40, 52:59] <= image[:, 40, 52:59] + 1e-6).all()
