"""Fewer grey levels than the file could hold: 8-bit products, 11-bit sensors in 16-bit files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.drawn import Drawn, number

REGISTERED = True
STAGE = "coding"


@dataclass(frozen=True)
class Parameters:
    """How many levels.

    Args:
        bits: between black and white there are 2^bits - 1 steps; 0 leaves values as they are.
    """

    bits: Quantity = 0.0

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.bits, key="bits", low=0, high=16)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `bits`, a whole number."""
    return {"bits": round(draw_quantity(rng, parameters.bits))}


def code(image: NDArray[Any], drawn: Drawn, full_scale: float) -> NDArray[Any]:
    """Return the image on the nearest of 2^bits levels between 0 and full scale; beyond, steps go on."""
    bits = int(number(drawn, "bits"))
    step = full_scale / (2**bits - 1) if bits else 0.0
    is_whole = np.issubdtype(image.dtype, np.integer)
    if step == 0.0 or (is_whole and step <= 1.0):
        return image
    levels = np.rint(image.astype(np.float64) / step) * step
    return (np.rint(levels) if is_whole else levels).astype(image.dtype)
