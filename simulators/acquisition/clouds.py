"""Clouds and their shadows, which lie where the sun casts them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from diachron.core import light
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.core.sun import sun_at_solar_time
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, whole
from diachron.simulators.acquisition.fields import ramp, smooth_field

REGISTERED = True
STAGE = "field"

# Size and weight of the fields that make an outline: each half as large and half as strong, about the
# fractal outlines that are measured (Lovejoy 1982).
OCTAVES = ((1.0, 1.0), (0.5, 0.5), (0.25, 0.25))
# Where no latitude is known, a sun of the middle ones.
LATITUDE_DEG = 40.0
# Sensors fly in the morning; lower than this, pictures are not sold.
HOURS, LOWEST_SUN_DEG = (9.5, 11.5), 20.0


@dataclass(frozen=True)
class Parameters:
    """How often, how many, how thick.

    Args:
        chance: that a date has clouds or their shadows, 0-1.
        cover: share of the ground under cloud.
        size_m: over which the largest parts fall to half their correlation.
        opacity: in the middle of a cloud.
        edge: half of the width over which it thins out, in standard deviations of its field.
        shadow: share of the light that a full shadow takes.
        height_m: of the clouds above ground, which says how far off their shadows lie.
    """

    chance: float = 0.0
    cover: Quantity = (0.02, 0.15)
    size_m: Quantity = (150.0, 800.0)
    opacity: Quantity = (0.3, 0.95)
    edge: Quantity = (0.15, 0.6)
    shadow: Quantity = (0.2, 0.5)
    height_m: Quantity = (600.0, 2500.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        for key in ("chance", "cover", "opacity", "shadow"):
            check_quantity(getattr(self, key), key=key, low=0, high=1)
        check_quantity(self.size_m, key="size_m", low=1, high=1e6)
        check_quantity(self.edge, key="edge", low=0.01, high=3)
        check_quantity(self.height_m, key="height_m", low=0, high=2e4)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return amounts, the day and hour of the sun, and `shadow_px`: the way from a cloud to its shadow."""
    is_there = rng.uniform() < parameters.chance
    latitude = LATITUDE_DEG if context.latitude_deg is None else context.latitude_deg
    day, hour = int(rng.integers(1, 366)), float(rng.uniform(*HOURS))
    azimuth, elevation = sun_at_solar_time(latitude, day, hour)
    down, right = context.bearing.shadow_direction(azimuth)
    length = light.shadow_length_m(draw_quantity(rng, parameters.height_m), max(elevation, LOWEST_SUN_DEG))
    return {
        "cover": round(draw_quantity(rng, parameters.cover) * is_there, 6),
        "size_px": context.pixels(draw_quantity(rng, parameters.size_m)),
        "opacity": round(draw_quantity(rng, parameters.opacity), 6),
        "edge": round(draw_quantity(rng, parameters.edge), 6),
        "shadow": round(draw_quantity(rng, parameters.shadow), 6),
        "day": day,
        "solar_hour": round(hour, 4),
        "shadow_px": [context.pixels(down * length), context.pixels(right * length)],
        "seed": noise_seed(rng),
    }


def masks(shape: tuple[int, int], drawn: Drawn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (how opaque clouds are, how much of the light their shadows take), (H, W) in 0-1.

    A shadow that falls into the picture from a cloud outside of it is there too; where clouds lie farther off
    than the picture is wide, shadows have outlines of their own.

    Args:
        shape: rows, columns.
        drawn: the record of the step.
    """
    cover = number(drawn, "cover")
    if cover == 0.0:
        return np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    rows, cols = shape
    down, right = (round(float(part)) for part in numbers(drawn, "shadow_px"))
    seed = whole(drawn, "seed")
    if max(abs(down), abs(right)) > max(shape):
        near, far = _outline(shape, drawn, seed), _outline(shape, drawn, seed + len(OCTAVES))
    else:
        wide = _outline((rows + abs(down), cols + abs(right)), drawn, seed)
        top, left = max(down, 0), max(right, 0)
        near = wide[top : top + rows, left : left + cols]
        far = wide[top - down : top - down + rows, left - right : left - right + cols]
    return near * np.float32(number(drawn, "opacity")), far * np.float32(number(drawn, "shadow"))


def _outline(shape: tuple[int, int], drawn: Drawn, seed: int) -> NDArray[np.float32]:
    total = np.zeros(shape, np.float32)
    for number_, (size, weight) in enumerate(OCTAVES):
        (field,) = smooth_field(shape, size * number(drawn, "size_px"), seed + number_)
        total += np.float32(weight) * field
    total /= np.float32(math.sqrt(sum(weight**2 for _, weight in OCTAVES)))
    level, edge = float(ndtri(1.0 - min(number(drawn, "cover"), 1.0 - 1e-6))), number(drawn, "edge")
    return ramp(total, level - edge, level + edge)


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values under shadow, then under cloud, which is white."""
    if number(drawn, "cover") == 0.0:
        return values
    opacity, shadow = masks(values.shape[1:], drawn)
    # Light that clouds let through is grey: shadows of clouds are no bluer than the ground.
    values *= np.float32(1.0) - shadow * (np.float32(1.0) - opacity)
    for band in values:
        band += opacity * (np.float32(0.95) - band)
    return values
