"""How deep and how blue shadows are: the share of sky light in what they receive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, numbers, rounded
from diachron.simulators.acquisition.fields import luminance, middle, ramp

REGISTERED = True
STAGE = "ground"

# Fully shadow below this share of the picture's median brightness, not at all above the other.
DEEP, LIT = 0.35, 0.75


@dataclass(frozen=True)
class Parameters:
    """How shadows differ. A shadow gets sky light alone, a tenth to a fifth of the whole on a clear day and
    more under haze, and the sky is blue (Rayleigh): red is what it lacks.

    Args:
        lift: natural logarithm of the brightness of deep shadow over what it is in the picture.
        blue: natural logarithm of the ratio of blue to red in it, over what it is.
    """

    lift: Quantity = (-0.25, 0.25)
    blue: Quantity = (-0.08, 0.1)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.lift, key="lift", low=-2, high=2)
        check_quantity(self.blue, key="blue", low=-1, high=1)


# Sky light grows towards short waves; the near infrared has next to none.
TINT = {"blue": 0.5, "red": -0.5, "rededge": -0.6, "nir": -0.7}


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `gain`: the logarithm of the factor of each band in deep shadow."""
    lift, blue = draw_quantity(rng, parameters.lift), draw_quantity(rng, parameters.blue)
    return {"gain": rounded([lift + blue * TINT.get(band, 0.0) for band in context.bands])}


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values with dark pixels times their bands' factors; between dark and lit it fades out."""
    gain = numbers(drawn, "gain")
    if not gain.any():
        return values
    bright = luminance(values)
    level = middle(bright)
    dark = ramp(bright, LIT * level, DEEP * level)
    factor = np.empty_like(dark)
    for band, power in zip(values, gain, strict=True):
        np.multiply(dark, np.float32(np.expm1(power)), out=factor)
        factor += np.float32(1.0)
        band *= factor
    return values
