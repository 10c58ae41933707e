"""What season, weather, shadows and traffic do to the ground, and what they leave alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.registry import load
from diachron.core.scene import Footprint, SceneObject, Sun
from diachron.core.streams import stream
from diachron.simulators.acquisition.apply import apply_date
from diachron.simulators.acquisition.context import Context, Place, standing_room

RGB = ("red", "green", "blue")
NAMES = ("vegetation", "shadow_density", "snow", "moving_things", "patches")
MODULES = {name: load("acquisition", name) for name in NAMES}
# Colours of grass, crowns, soil, asphalt, water and roof in 0-1, red, green and blue.
COLOURS = {
    hub.GRASS: (0.30, 0.45, 0.22),
    hub.TREE: (0.16, 0.27, 0.13),
    hub.BARE: (0.58, 0.48, 0.38),
    hub.DEVELOPED: (0.45, 0.45, 0.46),
    hub.WATER: (0.10, 0.18, 0.25),
}
ROOF = (0.75, 0.74, 0.72)
SIDE = 40


def town() -> tuple[NDArray[np.float32], Place]:
    """Return a picture of stripes of ground, each 40 pixels wide, with a roof on the soil."""
    surface = np.repeat(np.fromiter(COLOURS, np.uint8), SIDE)[None].repeat(60, axis=0)
    image = np.empty((3, *surface.shape), np.float32)
    for kind, colour in COLOURS.items():
        image[:, surface == kind] = np.asarray(colour, np.float32)[:, None]
    instances = np.zeros(surface.shape, np.int32)
    instances[20:35, 90:110] = 1
    image[:, instances == 1] = np.asarray(ROOF, np.float32)[:, None]
    house = SceneObject(1, hub.BUILDING, Footprint(20, 90, np.ones((15, 20), bool)))
    return image, Place(surface, instances, {1: house}, 0.5)


def stripe(image: NDArray[Any], kind: int) -> NDArray[Any]:
    """Return (C,) mean of the middle of a ground's stripe, off its neighbours and the roof."""
    start = SIDE * list(COLOURS).index(kind)
    return image[:, 5:15, start + 8 : start + SIDE - 8].mean(axis=(1, 2))


def season(**amounts: float) -> dict[str, Any]:
    parameters = {"grass_dryness": 0.0, "crown_bareness": 0.0, "brightness": 0.0, "soil_moisture": 0.0}
    step = MODULES["vegetation"].Parameters(**(parameters | {"unevenness": 0.0} | amounts))
    return {"vegetation": MODULES["vegetation"].draw(np.random.default_rng(0), step, Context(RGB, 0.5))}


def taken(image: NDArray[Any], record: dict[str, Any], place: Place | None) -> NDArray[Any]:
    return apply_date(image, record, MODULES, full_scale=1.0, place=place)


def test_grass_turns_to_straw_and_crowns_stay():
    image, place = town()
    dry = taken(image, season(grass_dryness=1.0), place)
    # exp(0.50), exp(0.20), exp(0.24).
    np.testing.assert_allclose(
        stripe(dry, hub.GRASS) / COLOURS[hub.GRASS], [1.6487, 1.2214, 1.2712], rtol=0.02
    )
    for kind in (hub.TREE, hub.BARE, hub.DEVELOPED, hub.WATER):
        np.testing.assert_allclose(stripe(dry, kind), COLOURS[kind], rtol=0.005)


def test_crowns_lose_their_leaves_and_grass_stays():
    image, place = town()
    bare = taken(image, season(crown_bareness=1.0), place)
    np.testing.assert_allclose(
        stripe(bare, hub.TREE) / COLOURS[hub.TREE], np.exp([0.16, -0.10, 0.14]), rtol=0.02
    )
    np.testing.assert_allclose(stripe(bare, hub.GRASS), COLOURS[hub.GRASS], rtol=0.005)


def test_rain_darkens_soil_and_neither_roofs_nor_roads():
    image, place = town()
    wet = taken(image, season(soil_moisture=1.0), place)
    np.testing.assert_allclose(stripe(wet, hub.BARE) / COLOURS[hub.BARE], math.exp(-0.32), rtol=0.01)
    np.testing.assert_allclose(wet[:, 22:33, 93:107], image[:, 22:33, 93:107], rtol=1e-5)
    np.testing.assert_allclose(stripe(wet, hub.DEVELOPED), COLOURS[hub.DEVELOPED], rtol=1e-5)


def test_near_infrared_falls_with_the_leaves():
    rng = np.random.default_rng(0)
    image = np.empty((2, 40, 40), np.float32)
    image[0], image[1] = 0.1, 0.5
    step = MODULES["vegetation"].Parameters(
        grass_dryness=0.0, crown_bareness=1.0, brightness=0.0, soil_moisture=0.0, unevenness=0.0
    )
    record = {"vegetation": MODULES["vegetation"].draw(rng, step, Context(("red", "nir"), 10.0))}
    forest = Place(np.full((40, 40), hub.TREE, np.uint8), np.zeros((40, 40), np.int32), {}, 10.0)
    bare = taken(image, record, forest)
    np.testing.assert_allclose(bare[1] / image[1], math.exp(-0.5), rtol=1e-3)


def test_deep_shadow_is_lifted_and_lit_ground_stays():
    image = np.full((3, 40, 60), 0.5, np.float32)
    image[:, :, :15] = 0.1
    record = {"shadow_density": {"gain": [0.1, 0.2, 0.3]}}
    lifted = taken(image, record, None)
    np.testing.assert_allclose(lifted[:, 5, 5], 0.1 * np.exp([0.1, 0.2, 0.3]), rtol=1e-4)
    np.testing.assert_array_equal(lifted[:, :, 20:], image[:, :, 20:])


def test_sky_light_is_blue():
    step = MODULES["shadow_density"].Parameters(lift=0.1, blue=0.2)
    red, green, blue, nir = MODULES["shadow_density"].draw(
        np.random.default_rng(0), step, Context((*RGB, "nir"), 1.0)
    )["gain"]
    assert (red, green, blue) == pytest.approx((0.0, 0.1, 0.2))
    assert nir < red


def test_snow_covers_what_it_says_and_spares_water():
    image, place = town()
    record = {"snow": {"cover": 1.0, "depth": 1.0, "size_px": 20.0, "colour": [0.9, 0.9, 0.9], "seed": 3}}
    white = taken(image, record, place)
    assert stripe(white, hub.BARE).min() > 0.85
    np.testing.assert_array_equal(white[:, :, 4 * SIDE :], image[:, :, 4 * SIDE :])


@pytest.mark.parametrize("cover", [0.2, 0.6])
def test_snow_lies_on_its_share_of_the_ground(cover):
    image = np.full((1, 400, 400), 0.3, np.float32)
    record = {"snow": {"cover": cover, "depth": 1.0, "size_px": 12.0, "colour": [0.9], "seed": 5}}
    white = taken(image, record, None)[0] > 0.6
    # About 2500 patches of one field: a share has a standard error of less than 0.01.
    assert white.mean() == pytest.approx(cover, abs=0.05)


def test_patches_keep_off_roofs_and_water():
    image, place = town()
    step = MODULES["patches"].Parameters(cover=0.9, contrast=0.5, fields_per_km2=5000.0, parcel_share=1.0)
    for seed in range(3):
        record = {"patches": MODULES["patches"].draw(stream(seed, 0, "a"), step, Context(RGB, 0.5))}
        other = taken(image, record, place)
        assert (other != image).any()
        np.testing.assert_array_equal(other[:, 20:35, 90:110], image[:, 20:35, 90:110])
        np.testing.assert_array_equal(other[:, :, 4 * SIDE :], image[:, :, 4 * SIDE :])


def test_blobs_cover_their_share():
    image = np.full((1, 300, 300), 0.3, np.float32)
    record = {
        "patches": {
            "cover": 0.3, "size_px": 12.0, "contrast": 0.0, "colour": 0.0, "blobs": [[1.0], [0.0], [0.0]],
            "fields_per_px": 0.0, "field_sides_px": [10.0] * 8, "furrow_px": [3.0, 5.0], "parcel_share": 0.0,
            "seed": 1,
        }
    }  # fmt: skip
    patched = taken(image, record, None)[0]
    # Three sizes share the cover, and this one has a third of it; full blobs are e times as bright.
    assert (patched > 0.3 * math.exp(0.5)).mean() == pytest.approx(0.1, abs=0.03)
    assert patched.max() == pytest.approx(0.3 * math.e, rel=1e-3)


def cars(place: Place, seed: int = 0, rate: float = 20_000.0) -> dict[str, Any]:
    module = MODULES["moving_things"]
    step = module.Parameters(cars_per_km2=rate, lorries_per_km2=0, machines_per_km2=0, boats_per_km2=0)
    sun = Sun(1.0, 0.0, 5.0, (0.4, 0.4, 0.4))
    context = Context(RGB, 0.5, sun=sun, standing_room=standing_room(place))
    drawn: dict[str, Any] = module.draw(np.random.default_rng(seed), step, context)
    return drawn


def test_cars_stand_on_asphalt_inside_their_boxes():
    image, place = town()
    drawn = cars(place)
    assert len(drawn["things"]) > 5
    without_shadow = drawn | {"shadow": None}
    busy = taken(image, {"moving_things": without_shadow}, place)
    boxed = np.zeros(image.shape[1:], bool)
    for thing in drawn["things"]:
        top, left, bottom, right = thing["box"]
        assert thing["kind"] == "car"
        assert 3.8 <= thing["size_px"][0] * 0.5 <= 5.2
        assert (place.surface[top + 2 : bottom - 2, left + 2 : right - 2] == hub.DEVELOPED).all()
        boxed[max(top, 0) : bottom, max(left, 0) : right] = True
    assert (busy != image).any(axis=0)[boxed].any()
    np.testing.assert_array_equal(busy[:, ~boxed], image[:, ~boxed])


def test_shadows_of_cars_fall_where_the_sun_sends_them():
    image, place = town()
    drawn = cars(place)
    # Shadows of 5 m for a house of 5 m: one metre, two pixels, for each metre of height, down.
    assert drawn["shadow"] == [2.0, 0.0]
    with_shadow = taken(image, {"moving_things": drawn}, place)
    without = taken(image, {"moving_things": drawn | {"shadow": None}}, place)
    assert ((with_shadow < without - 0.05).any(axis=0)).sum() > 20


def test_cars_follow_the_road():
    surface = np.full((80, 200), hub.BARE, np.uint8)
    instances = np.zeros((80, 200), np.int32)
    instances[35:45] = 1
    road = SceneObject(1, hub.ROAD, Footprint(35, 0, np.ones((10, 200), bool)))
    place = Place(surface, instances, {1: road}, 0.5)
    angles = [thing["angle_deg"] % 180 for seed in range(6) for thing in cars(place, seed, 1e5)["things"]]
    assert len(angles) > 20
    assert all(min(angle, 180 - angle) < 20 for angle in angles)


def test_counts_of_cars_are_the_rate_times_the_ground():
    surface = np.full((200, 200), hub.DEVELOPED, np.uint8)
    place = Place(surface, np.zeros((200, 200), np.int32), {}, 0.5)
    # 200 x 200 pixels of 0.25 m² are 0.01 km²: 50 cars a date at 5000, some of which do not fit at the edge.
    total = sum(len(cars(place, seed, 5000.0)["things"]) for seed in range(40))
    assert 0.85 * 2000 < total < 2000 + 4.9 * math.sqrt(2000)


def test_a_car_makes_way_for_a_house_that_stands_there_now():
    image, place = town()
    drawn = cars(place)
    built = place.instances.copy()
    built[place.surface == hub.DEVELOPED] = 2
    block = SceneObject(2, hub.BUILDING, Footprint(0, 120, np.ones((60, 40), bool)))
    now = Place(place.surface, built, {**place.objects, 2: block}, 0.5)
    np.testing.assert_array_equal(taken(image, {"moving_things": drawn}, now), image)


def test_without_known_ground_nothing_moves():
    step = MODULES["moving_things"].Parameters()
    drawn = MODULES["moving_things"].draw(np.random.default_rng(0), step, Context(RGB, 0.5))
    assert drawn == {"things": [], "shadow": None}
