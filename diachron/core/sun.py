"""Where the sun stands, by place, date and hour.

Formulas of the NOAA solar calculator, which follow Meeus, Astronomical Algorithms (2nd edition 1998),
chapters 12, 13, 22, 25 and 28, to about 0.01 degrees between 1900 and 2100. Refraction is left out: it is
0.1 degrees at an elevation of 10 and less above.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

# Noon of 1 January 2000, Julian day 2451545.
J2000 = datetime(2000, 1, 1, 12, tzinfo=timezone.utc)


def sun_position(latitude_deg: float, longitude_deg: float, when: datetime) -> tuple[float, float]:
    """Return (azimuth clockwise from north, elevation) of the sun's centre in degrees, without refraction.

    Args:
        latitude_deg: -90 to 90, north positive.
        longitude_deg: east positive.
        when: with its time zone.

    Raises:
        ValueError: no time zone, or a latitude out of range.
    """
    if when.tzinfo is None:
        raise ValueError(f"{when} has no time zone; give UTC, e.g. datetime(..., tzinfo=timezone.utc)")
    days = (when - J2000) / timedelta(days=1)
    declination, equation_min = _declination_and_equation_of_time(days / 36525.0)
    utc = when.astimezone(timezone.utc)
    minutes = utc.hour * 60 + utc.minute + utc.second / 60.0 + utc.microsecond / 6e7
    hour_angle = (minutes + equation_min + 4.0 * longitude_deg) / 4.0 - 180.0
    return _horizontal(latitude_deg, declination, hour_angle)


def sun_at_solar_time(latitude_deg: float, day_of_year: int, solar_hour: float) -> tuple[float, float]:
    """Return (azimuth, elevation) in degrees by the sun's own clock: at 12 it stands highest.

    For places whose longitude does not matter. The year is 2001, and the day is taken at its noon.

    Args:
        latitude_deg: -90 to 90, north positive.
        day_of_year: 1 is 1 January, 366 at most.
        solar_hour: 0-24.

    Raises:
        ValueError: a latitude or a day out of range.
    """
    if not 1 <= day_of_year <= 366:
        raise ValueError(f"day of year must be 1-366, got {day_of_year}")
    noon = datetime(2001, 1, 1, 12, tzinfo=timezone.utc) + timedelta(days=day_of_year - 1)
    declination, _ = _declination_and_equation_of_time((noon - J2000) / timedelta(days=36525))
    return _horizontal(latitude_deg, declination, 15.0 * (solar_hour - 12.0))


def _declination_and_equation_of_time(centuries: float) -> tuple[float, float]:
    """Return (declination in degrees, apparent minus mean solar time in minutes); `centuries` from J2000."""
    t = centuries
    mean_longitude = math.radians((280.46646 + t * (36000.76983 + t * 0.0003032)) % 360.0)
    anomaly = math.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * t)
    apparent = math.radians(math.degrees(mean_longitude) + centre - 0.00569 - 0.00478 * math.sin(node))
    tilt_arcsec = 21.448 - t * (46.8150 + t * (0.00059 - t * 0.001813))
    tilt = math.radians(23.0 + (26.0 + tilt_arcsec / 60.0) / 60.0 + 0.00256 * math.cos(node))
    declination = math.degrees(math.asin(math.sin(tilt) * math.sin(apparent)))
    y = math.tan(tilt / 2) ** 2
    equation = 4.0 * math.degrees(
        y * math.sin(2 * mean_longitude)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * y * math.sin(anomaly) * math.cos(2 * mean_longitude)
        - 0.5 * y * y * math.sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * math.sin(2 * anomaly)
    )
    return declination, equation


def _horizontal(latitude_deg: float, declination_deg: float, hour_angle_deg: float) -> tuple[float, float]:
    """Return (azimuth, elevation) in degrees (Meeus, equations 13.5 and 13.6, turned to count from north)."""
    if not -90.0 <= latitude_deg <= 90.0:
        raise ValueError(f"latitude must be in [-90, 90] degrees, got {latitude_deg}")
    latitude, declination, angle = (
        math.radians(part) for part in (latitude_deg, declination_deg, hour_angle_deg)
    )
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(angle)
    elevation = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    east = -math.cos(declination) * math.sin(angle)
    north = math.sin(declination) * math.cos(latitude)
    north -= math.cos(declination) * math.sin(latitude) * math.cos(angle)
    return math.degrees(math.atan2(east, north)) % 360.0, elevation
