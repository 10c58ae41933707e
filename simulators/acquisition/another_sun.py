"""Another sun: shadows are lifted and cast anew, by place, day and hour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core import light
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.sun import sun_at_solar_time
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers
from diachron.simulators.acquisition.fields import luminance, softened
from diachron.simulators.acquisition.old_shadows import find_shadows, lifted
from diachron.simulators.acquisition.season import day_of_year
from diachron.simulators.acquisition.shadows import shaded

REGISTERED = True
STAGE = "ground"

# Lower than this, pictures are neither taken nor sold.
LOWEST_SUN_DEG = 20.0
# What is darker than lit ground loses less: a part of it lies in some shadow already. Brightness in a new
# shadow goes with this power of what it was, so that darker things stay the darker ones.
POWER = 0.6


@dataclass(frozen=True)
class Parameters:
    """When the picture was taken.

    Args:
        chance: that the date has a sun of its own, 0-1; otherwise shadows stay as they are.
        hour: by the sun's own clock: at 12 it stands highest.
        days: of the year, first and last, in the northern hemisphere; half a year later in the southern.
        turn_deg: where no latitude is known: from the picture's own sun, clockwise.
        elevation_deg: where no latitude is known.
    """

    chance: float = 0.5
    hour: Quantity = (9.5, 14.5)
    days: tuple[float, float] = (1.0, 365.0)
    turn_deg: Quantity = (-60.0, 60.0)
    elevation_deg: Quantity = (25.0, 65.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.chance, key="chance", low=0, high=1)
        check_quantity(self.hour, key="hour", low=0, high=24)
        check_quantity(self.days, key="days", low=1, high=366)
        check_quantity(self.turn_deg, key="turn_deg", low=-180, high=180)
        check_quantity(self.elevation_deg, key="elevation_deg", low=10, high=90)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `shadow_px`: the way from the top of a metre to its shadow, down and right; None for no new sun.

    Also the sun that it follows from: `azimuth_deg` clockwise from north and `elevation_deg`, and the `day`
    and `solar_hour` where a latitude is known. Without one and without the picture's own sun there is none.
    """
    is_there = rng.uniform() < parameters.chance
    day, hour = None, None
    if context.latitude_deg is not None:
        day = day_of_year(rng, context, parameters.days)
        hour = round(draw_quantity(rng, parameters.hour), 4)
        azimuth, elevation = sun_at_solar_time(context.latitude_deg, day, hour)
        elevation = max(elevation, LOWEST_SUN_DEG)
    else:
        turn = draw_quantity(rng, parameters.turn_deg)
        elevation = draw_quantity(rng, parameters.elevation_deg)
        is_there = is_there and context.sun is not None
        azimuth = (_own_azimuth_deg(context) + turn) % 360.0
    down, right = context.bearing.shadow_direction(azimuth)
    length = light.shadow_length_m(1.0, elevation)
    return {
        "shadow_px": [context.pixels(down * length), context.pixels(right * length)] if is_there else None,
        "azimuth_deg": round(azimuth, 3),
        "elevation_deg": round(elevation, 3),
        "day": day,
        "solar_hour": hour,
    }


def _own_azimuth_deg(context: Context) -> float:
    """Return where the picture's own sun stands, clockwise from north; 0 where it is not known."""
    sun = context.sun
    return 0.0 if sun is None else context.bearing.sun_azimuth_deg(sun.shadow_row, sun.shadow_col)


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values with the old shadows lifted and new ones cast, as deep as the old ones.

    A made-up place is shown as it is under the new sun, with the other side of its roofs and crowns lit. On
    real pictures only shadows move.
    Those of buildings, and those of trees and free-standing walls where they too lie as the sun says. All of
    a kind or none: where the picture's shadows do not lie so, some would stay beside the new ones, and two
    suns are worse than the old one. A new shadow is height x cotangent of the elevation long, softened over a
    pixel; it falls on ground, on lower roofs and on lower crowns.
    """
    if drawn["shadow_px"] is None or place is None:
        return values
    if place.relit is not None:
        return place.relit(number(drawn, "azimuth_deg"), number(drawn, "elevation_deg"))
    if place.sun is None:
        return values
    old = find_shadows(values, place, place.sun)
    if old is None:
        return values
    down, right = (float(part) for part in numbers(drawn, "shadow_px"))
    length = math.hypot(down, right)
    lit = lifted(values, old)
    if length == 0.0:
        return lit
    share = shaded(place.heights_m, down / length, right / length, length)
    if old.heights_m is not place.heights_m:
        thin = shaded(old.heights_m, down / length, right / length, length)
        np.maximum(share, np.float32(old.of_thin) * thin, out=share)
    share = softened(share).ravel()
    at = np.flatnonzero(share)
    share = share[at]
    dark = np.clip(luminance(lit).ravel()[at] / old.lit.ravel()[at], np.float32(0.05), np.float32(1.0))
    spared = dark ** np.float32(POWER - 1.0)
    for band, own in zip(lit.reshape(len(lit), -1), place.sun.contrast, strict=True):
        light = np.minimum(np.float32(own) * spared, np.float32(1.0))
        band[at] *= np.float32(1.0) - share * (np.float32(1.0) - light)
    return lit
