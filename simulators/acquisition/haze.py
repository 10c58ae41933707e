"""Path radiance: a veil that lifts dark pixels, more in the blue than in the red."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.air import opacity_by_band
from diachron.simulators.acquisition.context import Context

REGISTERED = True
STAGE = "light"


@dataclass(frozen=True)
class Parameters:
    """How much veil.

    Args:
        opacity: share of the light that comes from the veil at 560 nm, 0-1.
        exponent: of the wavelength; 4 is clear air (Rayleigh), 1 is haze (Chavez 1988, 0.5 to 4).
        brightness: of the veil itself, share of full scale.
    """

    opacity: Quantity = (0.0, 0.12)
    exponent: Quantity = (0.7, 2.0)
    brightness: Quantity = (0.6, 0.8)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.opacity, key="opacity", low=0, high=1)
        check_quantity(self.exponent, key="exponent", low=0, high=4)
        check_quantity(self.brightness, key="brightness", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `opacity` per band and `brightness`."""
    opacity = draw_quantity(rng, parameters.opacity)
    exponent = draw_quantity(rng, parameters.exponent)
    by_band = opacity_by_band(context.bands, opacity, exponent)
    return {"opacity": by_band, "brightness": round(draw_quantity(rng, parameters.brightness), 6)}


def curve(values: NDArray[np.float32], drawn: Mapping[str, object]) -> NDArray[np.float32]:
    """Return values drawn towards the veil: v + opacity (brightness - v)."""
    opacity = np.asarray(drawn["opacity"], np.float32)[:, None]
    veiled = np.float32(drawn["brightness"]) - values  # type: ignore[arg-type]
    veiled *= opacity
    veiled += values
    return veiled
