"""The point spread of optics, motion and resampling, as a Gaussian."""

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
    """How soft a date is.

    Args:
        sigma_px: standard deviation of the point spread in pixels.
    """

    sigma_px: Quantity = (0.25, 0.75)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.sigma_px, key="sigma_px", low=0, high=20)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `sigma_px`."""
    return {"sigma_px": round(draw_quantity(rng, parameters.sigma_px), 6)}


def kernels(drawn: Drawn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the sampled Gaussian for both axes."""
    kernel = gaussian(number(drawn, "sigma_px"))
    return kernel, kernel
