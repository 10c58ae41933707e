"""What a latitude and a day say of leaves, grass, soil, crops and snow, and how steps follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.registry import load
from diachron.simulators.acquisition import season
from diachron.simulators.acquisition.apply import apply_date
from diachron.simulators.acquisition.context import Context, Place

RGB = ("red", "green", "blue")
MODULES = {name: load("acquisition", name) for name in ("vegetation", "snow", "harvest", "another_sun")}
JANUARY, APRIL, JULY, OCTOBER = 15, 105, 196, 288
SHARES = (season.leaflessness, season.dryness, season.wetness, season.harvested, season.snow_share)


@given(st.floats(-90, 90), st.integers(1, 366))
def test_all_shares_are_shares(latitude, day):
    assert all(0.0 <= share(latitude, day) <= 1.0 for share in SHARES)


def test_the_temperature_is_that_of_the_published_fit():
    # P2 of sin 30 degrees is -1/8: 14.9 + 3.5 = 18.4, less 15.5 / 2 on the coldest day.
    assert season.temperature_c(30.0, 21) == pytest.approx(18.4 - 7.75)
    assert season.temperature_c(0.0, JULY) == pytest.approx(14.9 + 14.0)


def test_winter_is_in_january_in_the_north_and_in_july_in_the_south():
    assert season.leaflessness(50.0, JANUARY) == 1.0
    assert season.leaflessness(50.0, JULY) == 0.0
    assert season.snow_share(60.0, JANUARY) == 1.0
    assert season.snow_share(60.0, JULY) == 0.0
    assert season.leaflessness(-50.0, JULY) > season.leaflessness(-50.0, JANUARY)


@given(st.integers(1, 366), st.floats(-27, 27))
def test_in_warm_lands_leaves_stay_and_no_snow_falls(day, latitude):
    assert season.leaflessness(latitude, day) == 0.0
    assert season.snow_share(latitude, day) == 0.0


def test_in_the_tropics_grass_is_dry_under_the_low_sun():
    assert season.dryness(15.0, JANUARY) > 0.9 > 0.1 > season.dryness(15.0, JULY)
    assert season.dryness(-15.0, JULY) > 0.9 > 0.1 > season.dryness(-15.0, JANUARY)
    assert season.wetness(15.0, JULY) > 0.9 > 0.1 > season.wetness(15.0, JANUARY)


def test_northern_grain_stands_in_june_and_is_cut_by_september():
    assert season.harvested(48.0, 170) == 0.0
    assert season.harvested(48.0, 250) == 1.0
    assert season.harvested(-35.0, 170 - 182 + 365) == 0.0


def test_half_a_year_lies_between_the_hemispheres():
    rng = np.random.default_rng(0)
    for latitude, day in ((40.0, 100), (-40.0, 282)):
        context = Context(RGB, 1.0, latitude_deg=latitude, year_share=0.0)
        assert season.day_of_year(rng, context, (100, 200)) == day


def test_steps_of_one_date_agree_on_its_day():
    context = Context(RGB, 1.0, latitude_deg=45.0, year_share=0.7)
    days = {
        name: module.draw(np.random.default_rng(1), module.Parameters(), context)["day"]
        for name, module in MODULES.items()
    }
    assert set(days.values()) == {round(1 + 0.7 * 364)}


def test_a_quantity_lies_high_where_the_share_is_large_and_never_leaves_its_range():
    means = []
    for share in (0.0, 0.5, 1.0):
        rng = np.random.default_rng(2)
        drawn = [season.seasonal(rng, (-1.0, 3.0), share) for _ in range(2000)]
        assert -1.0 <= min(drawn) <= max(drawn) <= 3.0
        means.append(float(np.mean(drawn)))
    # A quarter, half and three quarters of the range; standard errors are about 0.02.
    assert means == pytest.approx([0.0, 1.0, 2.0], abs=0.1)
    assert season.seasonal(np.random.default_rng(0), 0.4, 1.0) == pytest.approx(0.4)


def mean_of(name: str, key: str, latitude: float | None, day: int, count: int = 300, **more: Any) -> float:
    """Return the mean of a drawn number over many dates of a day."""
    module = MODULES[name]
    parameters = module.Parameters(days=(float(day), float(day)), **more)
    rng = np.random.default_rng(3)
    context = Context(RGB, 1.0, latitude_deg=latitude)
    return float(np.mean([module.draw(rng, parameters, context)[key] for _ in range(count)]))


def test_leaves_fall_in_winter_where_there_is_one():
    bare = {"crown_bareness": (0.0, 1.0)}
    assert mean_of("vegetation", "crown_bareness", 50.0, JANUARY, **bare) > 0.7
    assert mean_of("vegetation", "crown_bareness", 50.0, JULY, **bare) < 0.3
    assert mean_of("vegetation", "crown_bareness", 5.0, JANUARY, **bare) < 0.3


def test_without_a_latitude_draws_are_what_they_were():
    step = MODULES["vegetation"]
    drawn = step.draw(np.random.default_rng(5), step.Parameters(), Context(RGB, 0.5))
    rng = np.random.default_rng(5)
    assert drawn["grass_dryness"] == pytest.approx(rng.uniform(-0.4, 0.6), abs=1e-6)
    assert drawn["crown_bareness"] == pytest.approx(rng.uniform(-0.3, 0.4), abs=1e-6)
    assert drawn["day"] is None


def test_snow_lies_in_northern_winters_only():
    cold = {"chance_when_cold": 1.0, "cover": 0.5}
    assert mean_of("snow", "cover", 62.0, JANUARY, **cold) == pytest.approx(0.5)
    assert mean_of("snow", "cover", 62.0, JULY, **cold) == 0.0
    assert mean_of("snow", "cover", 20.0, JANUARY, **cold) == 0.0
    # Where no latitude is known, `chance` alone counts.
    assert mean_of("snow", "cover", None, JANUARY, **cold) == 0.0
    assert mean_of("snow", "cover", None, JULY, chance=1.0, cover=0.5) == pytest.approx(0.5)


def fields() -> tuple[NDArray[np.float32], Place]:
    """Return green fields apart from each other, a meadow as green, and the place."""
    surface = np.full((90, 90), hub.GRASS, np.uint8)
    for row in range(5, 80, 20):
        for col in range(5, 80, 20):
            surface[row : row + 15, col : col + 15] = hub.CROP
    image = np.broadcast_to(np.asarray([0.3, 0.45, 0.22], np.float32)[:, None, None], (3, 90, 90)).copy()
    return image, Place(surface, np.zeros((90, 90), np.int32), {}, 1.0)


def cut(image: NDArray[np.float32], place: Place, **parameters: Any) -> NDArray[Any]:
    module = MODULES["harvest"]
    drawn = module.draw(np.random.default_rng(4), module.Parameters(**parameters), Context(RGB, 1.0))
    return apply_date(image, {"harvest": drawn}, MODULES, full_scale=1.0, place=place)


def test_whole_fields_are_cut_and_meadows_stay():
    image, place = fields()
    mown = cut(image, place, share=0.5, depth=1.0, ploughed=0.0)
    changed = [
        bool((mown[0, row : row + 15, col : col + 15] > 0.35).all())
        for row in range(5, 80, 20)
        for col in range(5, 80, 20)
    ]
    same = [
        bool(
            (
                mown[:, row + 1 : row + 14, col + 1 : col + 14]
                == image[:, row + 1 : row + 14, col + 1 : col + 14]
            ).all()
        )
        for row in range(5, 80, 20)
        for col in range(5, 80, 20)
    ]
    # Sixteen fields, each all or nothing; both are there with a probability of 1 - 2^-15.
    assert 0 < sum(changed) < 16
    assert sum(same) == 16 - sum(changed)
    np.testing.assert_array_equal(mown[:, :3], image[:, :3])


def test_stubble_is_bright_in_the_red_and_ploughed_soil_is_dark():
    image, place = fields()
    inside = (slice(8, 17), slice(8, 17))
    stubble, soil = (
        cut(image, place, share=1.0, depth=1.0, ploughed=part)[(slice(None), *inside)].mean(axis=(1, 2))
        for part in (0.0, 1.0)
    )
    # exp(0.5), give or take four times the spread among fields.
    assert stubble[0] / image[0, 0, 0] == pytest.approx(np.exp(0.5), rel=0.4)
    np.testing.assert_allclose(soil / stubble, np.exp(-0.3), rtol=1e-3)


def test_fields_that_are_only_guessed_stay():
    image, place = fields()
    guessed = Place(place.surface, place.instances, {}, 1.0, labelled=False)
    np.testing.assert_array_equal(cut(image, guessed, share=1.0), image)
