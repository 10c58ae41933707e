"""Positions of the sun against published ones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.sun import sun_at_solar_time, sun_position


def test_the_worked_example_of_the_solar_position_algorithm():
    # Reda and Andreas 2004 (NREL/TP-560-34302), table A5.1: azimuth 194.34024, zenith 50.11162 degrees, seen
    # from the ground with 0.0196 of refraction.
    when = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    azimuth, elevation = sun_position(39.742476, -105.1786, when)
    assert azimuth == pytest.approx(194.34024, abs=0.01)
    assert elevation == pytest.approx(90 - 50.11162 - 0.0196, abs=0.01)


@pytest.mark.parametrize(
    ("latitude", "day", "expected"),
    # At noon the elevation is 90 - |latitude - declination|: 23.44 at the solstice of June, 0 at an equinox.
    [(51.5, 172, (180.0, 61.94)), (-33.0, 172, (0.0, 33.56)), (10.0, 355, (180.0, 56.56))],
)
def test_noon_at_the_solstices(latitude, day, expected):
    azimuth, elevation = sun_at_solar_time(latitude, day, 12.0)
    assert azimuth == pytest.approx(expected[0], abs=0.01) or azimuth == pytest.approx(360.0, abs=0.01)
    assert elevation == pytest.approx(expected[1], abs=0.02)


def test_on_the_equator_at_an_equinox_it_rises_in_the_east_at_six():
    azimuth, elevation = sun_at_solar_time(0.0, 80, 6.0)
    assert azimuth == pytest.approx(90.0, abs=0.5)
    assert elevation == pytest.approx(0.0, abs=0.01)


@given(st.floats(-65, 65), st.integers(1, 366), st.floats(0, 12))
def test_afternoon_mirrors_morning(latitude, day, hours):
    before, after = (sun_at_solar_time(latitude, day, 12 + sign * hours) for sign in (-1, 1))
    assert before[1] == pytest.approx(after[1], abs=1e-6)
    assert (before[0] + after[0]) % 360.0 == pytest.approx(0.0, abs=1e-6) or (
        before[0] + after[0]
    ) % 360.0 == pytest.approx(360.0, abs=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="has no time zone; give UTC"):
        sun_position(0.0, 0.0, datetime(2020, 1, 1))
    with pytest.raises(ValueError, match=r"latitude must be in \[-90, 90\] degrees, got 91"):
        sun_at_solar_time(91.0, 1, 12.0)
    with pytest.raises(ValueError, match="day of year must be 1-366, got 0"):
        sun_at_solar_time(0.0, 0, 12.0)
