"""Season: grass and crops from lush to straw, crowns from leaf to bare, soil from dry to wet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition import season
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, names, number, whole
from diachron.simulators.acquisition.fields import luminance, middle, ramp, smooth_field, softened

REGISTERED = True
STAGE = "ground"

# Logarithm of what a band is multiplied by, in display values (about the square root of reflectance).
# Straw against green grass is 2 to 4 times brighter in the red and loses a third of the near infrared,
# bare crowns lose half of it (shapes after the USGS spectral library, Kokaly et al. 2017; sizes by eye).
STRAW = {"red": 0.50, "green": 0.20, "blue": 0.24, "rededge": 0.05, "nir": -0.25}
LEAFLESS = {"red": 0.16, "green": -0.10, "blue": 0.14, "rededge": -0.20, "nir": -0.50}
# Wet soil is darker by a quarter to a half in reflectance (Lobell and Asner 2002).
WET = -0.32
# Where green begins and where it is complete, by either measure.
NDVI, EXCESS_GREEN = (0.08, 0.35), (0.02, 0.11)
# The brightest pixels lie above this quantile; a cast stronger than this is the colour of a wood or a desert.
BRIGHTEST, CAST = 0.97, (0.88, 1.14)
# Crowns are darker than lawns: below this share of the median, where no map tells.
CROWN = (0.95, 0.7)


@dataclass(frozen=True)
class Parameters:
    """What season and weather have done.

    Args:
        grass_dryness: of grass and crops: 0 as in the picture, 1 straw, below 0 greener.
        crown_bareness: of trees and shrubs: 0 as in the picture, 1 leafless, below 0 fuller.
        brightness: logarithm of the factor of everything green.
        soil_moisture: of open soil: 0 as in the picture, 1 wet, below 0 drier.
        unevenness: standard deviation of each of these over the place, share of its own size.
        length_m: over which that falls to half its correlation: a garden, a field, a hillside.
        days: of the year, first and last, in the northern hemisphere; half a year later in the southern.
            Where a latitude is known, grass, crowns and soil lie in their ranges as the day says (`season`).
    """

    grass_dryness: Quantity = (-0.4, 0.6)
    crown_bareness: Quantity = (-0.3, 0.4)
    brightness: Quantity = (-0.12, 0.12)
    soil_moisture: Quantity = (-0.3, 0.5)
    unevenness: Quantity = (0.2, 0.6)
    length_m: Quantity = (15.0, 80.0)
    days: tuple[float, float] = (1.0, 365.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        for key in ("grass_dryness", "crown_bareness", "soil_moisture"):
            check_quantity(getattr(self, key), key=key, low=-2, high=2)
        check_quantity(self.brightness, key="brightness", low=-1, high=1)
        check_quantity(self.unevenness, key="unevenness", low=0, high=2)
        check_quantity(self.length_m, key="length_m", low=1, high=1e6)
        check_quantity(self.days, key="days", low=1, high=366)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return the four amounts, their `unevenness` with `length_px` and `seed`, and the `bands`.

    Also the `day` where a latitude is known, else None: then nothing is known of the season.
    """
    day, dry, bare, wet = None, None, None, None
    if context.latitude_deg is not None:
        day = season.day_of_year(rng, context, parameters.days)
        dry, bare, wet = (
            of(context.latitude_deg, day) for of in (season.dryness, season.leaflessness, season.wetness)
        )
    return {
        "grass_dryness": round(season.seasonal(rng, parameters.grass_dryness, dry), 6),
        "crown_bareness": round(season.seasonal(rng, parameters.crown_bareness, bare), 6),
        "brightness": round(draw_quantity(rng, parameters.brightness), 6),
        "soil_moisture": round(season.seasonal(rng, parameters.soil_moisture, wet), 6),
        "unevenness": round(draw_quantity(rng, parameters.unevenness), 6),
        "length_px": context.pixels(draw_quantity(rng, parameters.length_m)),
        "day": day,
        "bands": list(context.bands),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values with green pixels and open soil changed; without bands that show green, as they are.

    Crowns are told from grass by the surface map, without one by their darkness; soil only by the map.
    """
    bands = names(drawn, "bands")
    amounts = {key: number(drawn, key) for key in ("grass_dryness", "crown_bareness", "brightness")}
    moisture = number(drawn, "soil_moisture")
    green = greenness(values, bands)
    if green is None or not any((*amounts.values(), moisture)):
        return values
    if place is not None:
        # Green roofs, cars and pools are not vegetation.
        green *= place.open_ground | (place.classes == hub.SPORTS)
    uneven = np.float32(1.0)
    if number(drawn, "unevenness"):
        (field,) = smooth_field(values.shape[1:], number(drawn, "length_px"), whole(drawn, "seed"))
        field *= np.float32(number(drawn, "unevenness"))
        uneven = np.maximum(np.float32(1.0) + field, np.float32(-0.5), out=field)
    crown = green * _crowns(values, place)
    grass = green - crown
    green *= np.float32(amounts["brightness"])
    wet = np.float32(0.0)
    if place is not None and moisture:
        soil = place.open_ground & ((place.surface == hub.BARE) | (place.surface == hub.CROP))
        wet = (np.float32(1.0) - crown - grass) * soil * np.float32(WET * moisture) * uneven
    crown *= uneven
    grass *= uneven
    for name, band in zip(bands, values, strict=True):
        power = grass * np.float32(STRAW.get(name, 0.0) * amounts["grass_dryness"])
        power += crown * np.float32(LEAFLESS.get(name, 0.0) * amounts["crown_bareness"])
        power += green
        power += wet
        band *= np.exp(power, out=power)
    return values


def greenness(values: NDArray[np.float32], bands: list[str]) -> NDArray[np.float32] | None:
    """Return how green each pixel is, (H, W) in 0-1, or None where no bands tell.

    By NDVI (Rouse et al. 1974) where there is near infrared, else by excess green over the sum of the three
    bands (Woebbecke et al. 1995), smoothed over 3 pixels. For excess green a colour cast is taken out first:
    the brightest pixels are concrete, roofs and sand, and taken for grey as far as a cast may go.
    """
    at = {name: number_ for number_, name in enumerate(bands)}
    if {"red", "nir"} <= set(at):
        red, nir = values[at["red"]], values[at["nir"]]
        measure, limits = (nir - red) / np.maximum(nir + red, np.float32(1e-4)), NDVI
    elif {"red", "green", "blue"} <= set(at):
        rgb = [values[at[name]] for name in ("red", "green", "blue")]
        red, green, blue = (band / factor for band, factor in zip(rgb, _cast(rgb), strict=True))
        others = red + blue
        measure = (np.float32(2.0) * green - others) / np.maximum(green + others, np.float32(1e-3))
        limits = EXCESS_GREEN
    else:
        return None
    return ramp(softened(measure), *limits)


def _cast(rgb: list[NDArray[np.float32]]) -> list[np.float32]:
    """Return the colour of the brightest pixels over their grey, within `CAST`."""
    sample = np.stack([band[::4, ::4].ravel() for band in rgb])
    bright = sample.sum(axis=0)
    colour = sample[:, bright >= np.quantile(bright, BRIGHTEST)].mean(axis=1)
    grey = max(float(colour.mean()), 1e-3)
    return [np.float32(np.clip(float(part) / grey, *CAST)) for part in colour]


def _crowns(values: NDArray[np.float32], place: Place | None) -> NDArray[np.float32]:
    """Return how much of a green pixel is crown, in 0-1."""
    if place is not None:
        crowns = ((place.surface == hub.TREE) | (place.surface == hub.SHRUB)).astype(np.float32)
        return softened(crowns)
    bright = luminance(values)
    level = middle(bright)
    return ramp(bright, CROWN[0] * level, CROWN[1] * level)
