"""The seam of a mosaic: on one side of a line the picture comes from another strip."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded
from diachron.simulators.acquisition.fields import ramp

REGISTERED = True
STAGE = "field"


@dataclass(frozen=True)
class Parameters:
    """How often, and how large the step is.

    Args:
        chance: that a seam runs through the tile, 0-1.
        step: natural logarithm of the brightness of one side over the other.
        colour: the same for each band by itself, standard deviation.
        bend_m: how far the seam swings to its sides; mosaic programs lead it along roads and hedges.
        feather_m: half of the width over which the sides are blended.
    """

    chance: float = 0.08
    step: Quantity = (-0.12, 0.12)
    colour: Quantity = (0.0, 0.03)
    bend_m: Quantity = (0.0, 15.0)
    feather_m: Quantity = (0.3, 4.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.chance, key="chance", low=0, high=1)
        check_quantity(self.step, key="step", low=-1, high=1)
        check_quantity(self.colour, key="colour", low=0, high=1)
        check_quantity(self.bend_m, key="bend_m", low=0, high=1e5)
        check_quantity(self.feather_m, key="feather_m", low=0, high=1e5)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `gain`, the logarithms by band (0 where there is no seam), and where the seam runs.

    `direction_deg` is its own, from the columns to the rows; `offset` is its distance from the middle in
    halves of the diagonal, `waves` the length of its bends in the same measure.
    """
    is_there = rng.uniform() < parameters.chance
    colour = draw_quantity(rng, parameters.colour)
    gain = draw_quantity(rng, parameters.step) + colour * rng.standard_normal(len(context.bands))
    return {
        "gain": rounded(gain * is_there),
        "direction_deg": round(float(rng.uniform(0.0, 360.0)), 3),
        "offset": round(float(rng.uniform(-0.6, 0.6)), 6),
        "bend_px": context.pixels(draw_quantity(rng, parameters.bend_m)),
        "waves": round(float(rng.uniform(0.3, 1.5)), 6),
        "phase_deg": round(float(rng.uniform(0.0, 360.0)), 3),
        "feather_px": context.pixels(draw_quantity(rng, parameters.feather_m)),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values with one side times its bands' factors."""
    gain = numbers(drawn, "gain")
    if not gain.any():
        return values
    rows, cols = values.shape[1:]
    half = 0.5 * math.hypot(rows, cols)
    angle = math.radians(number(drawn, "direction_deg"))
    down = (np.arange(rows, dtype=np.float32) - np.float32(rows / 2))[:, None]
    right = np.arange(cols, dtype=np.float32) - np.float32(cols / 2)
    across = np.float32(math.cos(angle)) * down + np.float32(math.sin(angle)) * right
    along = np.float32(math.cos(angle)) * right - np.float32(math.sin(angle)) * down
    wave = 2 * math.pi / (number(drawn, "waves") * half)
    bend = np.sin(np.float32(wave) * along + np.float32(math.radians(number(drawn, "phase_deg"))))
    across -= np.float32(number(drawn, "offset") * half) + np.float32(number(drawn, "bend_px")) * bend
    feather = max(number(drawn, "feather_px"), 0.5)
    side = ramp(across, -feather, feather)
    for band, power in zip(values, gain, strict=True):
        band *= np.float32(1.0) + side * np.float32(np.expm1(power))
    return values
