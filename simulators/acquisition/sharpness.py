"""Sharpening by the provider: an unsharp mask, with the bright and dark rims that it leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.drawn import Drawn, number
from diachron.simulators.acquisition.kernels import gaussian

REGISTERED = True
STAGE = "optics"


@dataclass(frozen=True)
class Parameters:
    """How much, and how wide the rims are.

    Args:
        amount: share of the detail that is added once more; 0 for none.
        sigma_px: of the Gaussian that detail is told by.
    """

    amount: Quantity = (0.0, 0.4)
    sigma_px: Quantity = (0.7, 1.5)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.amount, key="amount", low=0, high=4)
        check_quantity(self.sigma_px, key="sigma_px", low=0.1, high=20)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `amount` and `sigma_px`."""
    return {
        "amount": round(draw_quantity(rng, parameters.amount), 6),
        "sigma_px": round(draw_quantity(rng, parameters.sigma_px), 6),
    }


def kernels(drawn: Drawn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return identity + amount (identity - Gaussian), applied along rows and then along columns."""
    kernel = -np.float32(number(drawn, "amount")) * gaussian(number(drawn, "sigma_px"))
    kernel[kernel.size // 2] += np.float32(1.0 + number(drawn, "amount"))
    return kernel, kernel
