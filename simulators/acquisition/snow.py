"""Snow on the ground and on roofs, in patches where there is little of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition import season
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded, whole
from diachron.simulators.acquisition.fields import luminance, middle, ramp, smooth_field

REGISTERED = True
STAGE = "ground"

# Reflectance of settled snow over white: high in the visible, less in the near infrared (Warren 1982,
# figure 1, grain radius 0.2-1 mm).
WHITE = {"blue": 0.95, "green": 0.94, "red": 0.92, "rededge": 0.90, "nir": 0.80}
# Edges of patches, in standard deviations of their field.
SOFT = 0.35


@dataclass(frozen=True)
class Parameters:
    """How often and how much.

    Args:
        chance: that there is any, 0-1, where no latitude is known.
        chance_when_cold: the same where one is known, if the day is as cold as when snow always lies; on
            milder days less, down to none (`season.snow_share`). Providers leave most snowy pictures out.
        cover: share of the ground.
        depth: how much of what lies below it hides, 0-1.
        size_m: of the patches.
        days: of the year, first and last, in the northern hemisphere; half a year later in the southern.
    """

    chance: float = 0.0
    chance_when_cold: float = 0.0
    cover: Quantity = (0.2, 1.0)
    depth: Quantity = (0.5, 0.95)
    size_m: Quantity = (5.0, 60.0)
    days: tuple[float, float] = (1.0, 365.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.chance, key="chance", low=0, high=1)
        check_quantity(self.chance_when_cold, key="chance_when_cold", low=0, high=1)
        check_quantity(self.days, key="days", low=1, high=366)
        check_quantity(self.cover, key="cover", low=0, high=1)
        check_quantity(self.depth, key="depth", low=0, high=1)
        check_quantity(self.size_m, key="size_m", low=1, high=1e5)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `cover` (0 where there is no snow), `depth`, `size_px`, its `colour` per band and the `seed`.

    Also the `day` where a latitude is known, else None.
    """
    day, chance = None, parameters.chance
    if context.latitude_deg is not None:
        day = season.day_of_year(rng, context, parameters.days)
        chance = parameters.chance_when_cold * season.snow_share(context.latitude_deg, day)
    is_there = rng.uniform() < chance
    return {
        "cover": round(draw_quantity(rng, parameters.cover) * is_there, 6),
        "depth": round(draw_quantity(rng, parameters.depth), 6),
        "size_px": context.pixels(draw_quantity(rng, parameters.size_m)),
        "day": day,
        "colour": rounded([WHITE.get(band, 0.92) for band in context.bands]),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values drawn towards white; shadows stay dark, water and roads stay bare."""
    cover, depth = number(drawn, "cover"), number(drawn, "depth")
    if cover == 0.0 or depth == 0.0:
        return values
    (field,) = smooth_field(values.shape[1:], 0.5 * number(drawn, "size_px"), whole(drawn, "seed"))
    level = float(ndtri(min(max(1.0 - cover, 1e-6), 1.0 - 1e-6)))
    share = ramp(field, level - SOFT, level + SOFT)
    share *= np.float32(depth)
    if place is not None:
        share *= (place.surface != hub.WATER) & (place.classes != hub.ROAD)
    bright = luminance(values)
    # What lay in shadow is snow in shadow: white times the light that falls there.
    lit = np.minimum(bright / np.float32(max(middle(bright), 1e-3)), np.float32(1.0))
    for band, white in zip(values, numbers(drawn, "colour"), strict=True):
        band += share * (white * lit - band)
    return values
