"""Light that is not the same everywhere: a slope across the picture and slow variation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded, whole
from diachron.simulators.acquisition.fields import smooth_field

REGISTERED = True
STAGE = "field"


@dataclass(frozen=True)
class Parameters:
    """How uneven the light is. A slope stands for the part of the view-angle effect (BRDF) that falls into
    one tile, the field for thin cloud, dodging of mosaics and slopes of the ground.

    Args:
        slope: from the middle of the picture to its corner, share of the brightness.
        field: standard deviation of the slow variation, share of the brightness.
        length_m: over which it falls to half its correlation.
        colour: standard deviation between bands, share of slope and field.
    """

    slope: Quantity = (0.0, 0.05)
    field: Quantity = (0.0, 0.03)
    length_m: Quantity = (60.0, 250.0)
    colour: float = 0.2

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.slope, key="slope", low=0, high=0.9)
        check_quantity(self.field, key="field", low=0, high=0.5)
        check_quantity(self.length_m, key="length_m", low=1, high=1e6)
        check_quantity(self.colour, key="colour", low=0, high=2)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `slope` and `direction_deg` (where it rises, from columns to rows), `field` and `bands`."""
    return {
        "slope": round(draw_quantity(rng, parameters.slope), 6),
        "direction_deg": round(float(rng.uniform(0.0, 360.0)), 3),
        "field": round(draw_quantity(rng, parameters.field), 6),
        "length_px": context.pixels(draw_quantity(rng, parameters.length_m)),
        "bands": rounded(1.0 + rng.normal(0.0, parameters.colour, len(context.bands))),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values times 1 + band (slope + field)."""
    slope, amplitude = number(drawn, "slope"), number(drawn, "field")
    if slope == 0.0 and amplitude == 0.0:
        return values
    rows, cols = values.shape[1:]
    angle = math.radians(number(drawn, "direction_deg"))
    down = np.linspace(-1.0, 1.0, rows, dtype=np.float32)[:, None] * np.float32(slope * math.sin(angle))
    right = np.linspace(-1.0, 1.0, cols, dtype=np.float32) * np.float32(slope * math.cos(angle))
    uneven = down + right
    if amplitude:
        (field,) = smooth_field((rows, cols), number(drawn, "length_px"), whole(drawn, "seed"))
        field *= np.float32(amplitude)
        uneven += field
    # No light is negative, however steep the slope.
    most = np.float32(np.inf)
    np.clip(uneven, np.float32(-0.95), most, out=uneven)
    factor = np.empty_like(uneven)
    for band, weight in zip(values, numbers(drawn, "bands"), strict=True):
        np.multiply(uneven, weight, out=factor)
        factor += np.float32(1.0)
        band *= np.clip(factor, np.float32(0.05), most, out=factor)
    return values
