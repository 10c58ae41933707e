"""Haze that is thicker in some places than in others: mist, smoke, thin cirrus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.air import opacity_by_band
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, whole
from diachron.simulators.acquisition.fields import ramp, smooth_field

REGISTERED = True
STAGE = "field"

# The veil is complete so many standard deviations above the mean of its field and gone so many below.
RANGE = 1.5


@dataclass(frozen=True)
class Parameters:
    """How much, how large, what colour.

    Args:
        opacity: where it is thickest, at 560 nm, 0-1.
        exponent: of the wavelength; 1 is haze, 0 is cirrus (see `air.opacity_by_band`).
        brightness: of the veil itself, share of full scale.
        size_m: over which it falls to half its correlation.
    """

    opacity: Quantity = (0.0, 0.1)
    exponent: Quantity = (0.0, 1.5)
    brightness: Quantity = (0.6, 0.85)
    size_m: Quantity = (100.0, 500.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.opacity, key="opacity", low=0, high=1)
        check_quantity(self.exponent, key="exponent", low=0, high=4)
        check_quantity(self.brightness, key="brightness", low=0, high=1)
        check_quantity(self.size_m, key="size_m", low=1, high=1e6)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `opacity` per band, `brightness`, `size_px` and the field's `seed`."""
    opacity, exponent = draw_quantity(rng, parameters.opacity), draw_quantity(rng, parameters.exponent)
    return {
        "opacity": opacity_by_band(context.bands, opacity, exponent),
        "brightness": round(draw_quantity(rng, parameters.brightness), 6),
        "size_px": context.pixels(draw_quantity(rng, parameters.size_m)),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values drawn towards the veil: v + opacity (brightness - v), opacity after the field."""
    opacity = numbers(drawn, "opacity")
    if not opacity.any():
        return values
    (field,) = smooth_field(values.shape[1:], number(drawn, "size_px"), whole(drawn, "seed"))
    thickness = ramp(field, -RANGE, RANGE)
    white = np.float32(number(drawn, "brightness"))
    for band, share in zip(values, opacity, strict=True):
        band += (white - band) * (thickness * share)
    return values
