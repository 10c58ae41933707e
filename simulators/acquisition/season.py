"""Season by latitude and day of the year: how warm it is, and what follows for leaves, grass, soil and snow.

All from one formula of the mean temperature of a parallel, so that the steps of a date agree. Coasts, heights
and deserts are left out: what follows only shifts what is drawn (`seasonal`), within the range that is given.
"""

from __future__ import annotations

import math

import numpy as np

from diachron.core.distributions import Quantity, draw_quantity
from diachron.simulators.acquisition.context import Context

YEAR_DAYS = 365.0
HALF_YEAR_DAYS = 182
# Mean surface temperature in degrees Celsius: T0 + T2 P2(x) + T11 x cos(...), x the sine of the latitude; the
# fit of North and Coakley 1979 to the northern hemisphere. The year lags the sun by about a month.
MEAN_C, SLOPE_C, SWING_C, COLDEST_DAY = 14.9, -28.0, 15.5, 21.0
# Seas make the south's seasons about half as strong.
SOUTHERN_SWING = 0.5
# Growth begins and ends at 5 degrees (ETCCDI, growing season length); leaves come and go a little above it.
LEAFLESS_C = (10.0, 4.0)
DORMANT_C = (8.0, 2.0)
# The edge of the winter's snow lies about where the mean is freezing.
SNOW_C = (2.0, -6.0)
# Heat dries grass and soil; cold soil stays wet.
DROUGHT_C, WET_C = (18.0, 26.0), (20.0, 5.0)
# Within these latitudes rain comes with the high sun (monsoons) and goes over into the belts without a rule.
TROPICS_DEG = (18.0, 28.0)


def day_of_year(rng: np.random.Generator, context: Context, days: tuple[float, float]) -> int:
    """Return a day between the two, counted from 1 January; south of the equator half a year later.

    Args:
        rng: drawn from where the date has no part of the year of its own.
        context: with a latitude; `year_share` is what the steps of a date have in common.
        days: first and last, in the northern hemisphere.
    """
    share = float(rng.uniform()) if context.year_share is None else context.year_share
    day = round(days[0] + share * (days[1] - days[0]))
    if (context.latitude_deg or 0.0) < 0:
        day = (day - 1 + HALF_YEAR_DAYS) % 365 + 1
    return day


def seasonal(rng: np.random.Generator, quantity: Quantity, share: float | None) -> float:
    """Return a number of a quantity that lies the higher in it the larger the share is.

    Between the smallest and the largest of three draws. A fixed number stays; a pair is drawn from its lower
    quarter on average at 0, from its upper one at 1; None draws as if nothing were known.
    """
    if share is None:
        return draw_quantity(rng, quantity)
    drawn = [draw_quantity(rng, quantity) for _ in range(3)]
    return min(drawn) + share * (max(drawn) - min(drawn))


def temperature_c(latitude_deg: float, day: int) -> float:
    """Return the mean temperature of a parallel at sea level on a day, in degrees Celsius."""
    x = math.sin(math.radians(latitude_deg))
    swing = SWING_C * (SOUTHERN_SWING if latitude_deg < 0 else 1.0)
    phase = math.cos(2 * math.pi * (day - COLDEST_DAY) / YEAR_DAYS)
    return MEAN_C + SLOPE_C * (3 * x * x - 1) / 2 - swing * x * phase


def leaflessness(latitude_deg: float, day: int) -> float:
    """Return how bare deciduous crowns are, 0-1."""
    return _step(temperature_c(latitude_deg, day), *LEAFLESS_C)


def dryness(latitude_deg: float, day: int) -> float:
    """Return how dry or dormant grass is, 0-1: by frost, by summer's heat, in the tropics by the low sun."""
    warmth = temperature_c(latitude_deg, day)
    frost = _step(warmth, *DORMANT_C)
    heat = 0.3 + 0.4 * _step(warmth, *DROUGHT_C)
    rule = _tropical(latitude_deg)
    return max(frost, (1 - rule) * heat + rule * _low_sun(latitude_deg, day))


def wetness(latitude_deg: float, day: int) -> float:
    """Return how wet soil is, 0-1: in the cold, in the tropics under the high sun."""
    rule = _tropical(latitude_deg)
    cold = _step(temperature_c(latitude_deg, day), *WET_C)
    return (1 - rule) * cold + rule * (1.0 - _low_sun(latitude_deg, day))


def harvested(latitude_deg: float, day: int) -> float:
    """Return how likely it is that a crop is cut, 0-1: from late summer until it grows again.

    One half in the tropics, where two or three crops a year follow each other.
    """
    summer_day = (day + (HALF_YEAR_DAYS if latitude_deg < 0 else 0)) % YEAR_DAYS
    # Northern grain is cut in July and August (days 190-240) and stands again by the end of May (day 140).
    after = _step(summer_day, 190.0, 240.0)
    before = _step(summer_day, 140.0, 110.0)
    rule = _tropical(latitude_deg)
    return (1 - rule) * max(after, before) + rule * 0.5


def snow_share(latitude_deg: float, day: int) -> float:
    """Return the chance that snow lies, 0-1."""
    return _step(temperature_c(latitude_deg, day), *SNOW_C)


def _tropical(latitude_deg: float) -> float:
    return _step(abs(latitude_deg), TROPICS_DEG[1], TROPICS_DEG[0])


def _low_sun(latitude_deg: float, day: int) -> float:
    """Return 1 about a month after the winter's solstice of the hemisphere, 0 half a year later."""
    phase = 0.5 + 0.5 * math.cos(2 * math.pi * (day - COLDEST_DAY) / YEAR_DAYS)
    return phase if latitude_deg >= 0 else 1.0 - phase


def _step(value: float, none: float, full: float) -> float:
    """Return 0 at `none`, 1 at `full` and straight between, whichever is larger."""
    return min(max((value - none) / (full - none), 0.0), 1.0)
