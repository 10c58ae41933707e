"""What registration leaves behind: a shift, and a field that varies over the place. Labels stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded, whole
from diachron.simulators.acquisition.fields import smooth_field
from diachron.simulators.acquisition.warp import Displacement

REGISTERED = True
STAGE = "geometry"


@dataclass(frozen=True)
class Parameters:
    """How far dates are apart. What is given in pixels and what is given in metres add up.

    Args:
        shift_px: along rows and along columns, each drawn; the default is the half pixel that registered
            products keep (0.06 to 0.6 px measured between registered Sentinel-2 dates).
        shift_m: the same in metres.
        field_px: standard deviation of the smooth field, each axis.
        field_m: the same in metres.
        length_m: over which the field falls to half its correlation: the spacing of tie points, or of
            ridges that the elevation model has missed.
    """

    shift_px: Quantity = (-0.5, 0.5)
    shift_m: Quantity = 0.0
    field_px: Quantity = 0.0
    field_m: Quantity = 0.0
    length_m: Quantity = (40.0, 150.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.shift_px, key="shift_px", low=-50, high=50)
        check_quantity(self.shift_m, key="shift_m", low=-500, high=500)
        check_quantity(self.field_px, key="field_px", low=0, high=10)
        check_quantity(self.field_m, key="field_m", low=0, high=100)
        check_quantity(self.length_m, key="length_m", low=1, high=1e6)


# A field that varies faster folds the picture where it is strong, and the warp takes it for smooth.
SHORTEST_PX = 16.0


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `shift_px` (rows down, columns right), and of the field `field_px`, `length_px` and `seed`."""
    shift = [
        draw_quantity(rng, parameters.shift_px) + draw_quantity(rng, parameters.shift_m) / context.gsd_m
        for _ in range(2)
    ]
    amplitude = (
        draw_quantity(rng, parameters.field_px) + draw_quantity(rng, parameters.field_m) / context.gsd_m
    )
    length = context.pixels(draw_quantity(rng, parameters.length_m))
    # Heavy tails are cut where the picture would tear.
    length = max(length, SHORTEST_PX, 8.0 * amplitude)
    return {
        "shift_px": rounded(shift),
        "field_px": round(max(amplitude, 0.0), 6),
        "length_px": round(length, 6),
        "seed": noise_seed(rng),
    }


def displacement(shape: tuple[int, int], drawn: Drawn, place: Place | None) -> Displacement:
    """Return the shift, and the field where it is not 0."""
    down, right = (float(part) for part in numbers(drawn, "shift_px"))
    amplitude = number(drawn, "field_px")
    if amplitude == 0.0:
        return Displacement((down, right))
    field = smooth_field(shape, number(drawn, "length_px"), whole(drawn, "seed"), 2)
    field *= np.float32(amplitude)
    return Displacement((down, right), field)
