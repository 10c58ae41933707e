"""Harvest: fields of crops that are cut, to stubble or to ploughed soil, each as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition import season
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, names, number, whole
from diachron.simulators.acquisition.fields import softened
from diachron.simulators.acquisition.vegetation import STRAW, greenness

REGISTERED = True
STAGE = "ground"

# Ploughed soil over stubble: logarithm of the ratio of brightness, in display values (by eye).
PLOUGHED = -0.3
# Cut fields differ among themselves by so much (logarithm, standard deviation).
AMONG = 0.08
SMALLEST_M2 = 200.0


@dataclass(frozen=True)
class Parameters:
    """How many fields are cut.

    Args:
        share: of the fields whose crop stands in the picture; where a latitude is known, more after the
            local summer than before (`season.harvested`).
        depth: how much of the green goes, 0-1.
        ploughed: share of the cut fields that show soil instead of stubble.
        days: of the year, first and last, in the northern hemisphere; half a year later in the southern.
    """

    share: Quantity = (0.0, 0.6)
    depth: Quantity = (0.8, 1.0)
    ploughed: Quantity = (0.2, 0.6)
    days: tuple[float, float] = (1.0, 365.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        for key in ("share", "depth", "ploughed"):
            check_quantity(getattr(self, key), key=key, low=0, high=1)
        check_quantity(self.days, key="days", low=1, high=366)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return the three shares, the `day` where a latitude is known, the `bands` and the `seed`."""
    day, cut = None, None
    if context.latitude_deg is not None:
        day = season.day_of_year(rng, context, parameters.days)
        cut = season.harvested(context.latitude_deg, day)
    return {
        "share": round(season.seasonal(rng, parameters.share, cut), 6),
        "depth": round(draw_quantity(rng, parameters.depth), 6),
        "ploughed": round(draw_quantity(rng, parameters.ploughed), 6),
        "day": day,
        "bands": list(context.bands),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values with whole fields cut, by the surface map; without labels of crops, as they are.

    What is green turns to straw and a ploughed field darkens as a whole; a field that shows no green in the
    picture stays but for that. Nothing else changes.
    """
    share, bands = number(drawn, "share"), names(drawn, "bands")
    if share == 0.0 or place is None or not place.labelled:
        return values
    crops = place.open_ground & (place.surface == hub.CROP)
    if not crops.any():
        return values
    green = greenness(values, bands)
    if green is None:
        return values
    fields, count = ndimage.label(crops)
    rng = np.random.default_rng(whole(drawn, "seed"))
    large = np.bincount(fields.ravel(), minlength=count + 1) >= SMALLEST_M2 / place.gsd_m**2
    is_cut = large & (rng.uniform(size=count + 1) < share)
    is_cut[0] = False
    is_ploughed = is_cut & (rng.uniform(size=count + 1) < number(drawn, "ploughed"))
    tone = rng.normal(0.0, AMONG, count + 1) * is_cut + PLOUGHED * is_ploughed
    green *= softened(is_cut.astype(np.float32)[fields]) * np.float32(number(drawn, "depth"))
    bright = softened(tone.astype(np.float32)[fields])
    for name, band in zip(bands, values, strict=True):
        band *= np.exp(green * np.float32(STRAW.get(name, 0.0)) + bright)
    return values
