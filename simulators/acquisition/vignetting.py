"""Fall of light from the middle of the frame that a tile was cut from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded

REGISTERED = True
STAGE = "field"


@dataclass(frozen=True)
class Parameters:
    """How strong, and where the frame has its middle.

    Args:
        strength: share of the light that is lost at the corner farthest from the middle. What a lens loses
            (cos^4 of the field angle) is mostly corrected; this is what correction leaves.
        centre: of the frame, from the middle of the tile, in halves of its sides, along rows and columns.
    """

    strength: Quantity = (0.0, 0.05)
    centre: Quantity = (-3.0, 3.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.strength, key="strength", low=0, high=0.95)
        check_quantity(self.centre, key="centre", low=-100, high=100)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `strength` and `centre` (rows, columns)."""
    return {
        "strength": round(draw_quantity(rng, parameters.strength), 6),
        "centre": rounded([draw_quantity(rng, parameters.centre) for _ in range(2)]),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values times 1 - strength (r / R)^2, r from the centre and R to the farthest corner."""
    strength = number(drawn, "strength")
    if strength == 0.0:
        return values
    rows, cols = values.shape[1:]
    row, col = numbers(drawn, "centre")
    down = (np.linspace(-1, 1, rows, dtype=np.float32) - row) ** 2
    right = (np.linspace(-1, 1, cols, dtype=np.float32) - col) ** 2
    farthest = max(float(down.max() + right.max()), 1e-6)
    share = np.float32(-strength / farthest)
    values *= (np.float32(1.0) + share * down)[:, None] + share * right
    return values
