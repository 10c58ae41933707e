"""Sensor noise: a constant part and one that grows with the root of the signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context

REGISTERED = True
STAGE = "noise"


@dataclass(frozen=True)
class Parameters:
    """How grainy a date is (Poisson-Gaussian model, Foi et al. 2008: variance = a v + b).

    Args:
        read: standard deviation of the constant part, share of full scale.
        shot: standard deviation at full scale of the part that grows with the signal.
    """

    read: Quantity = (0.002, 0.008)
    shot: Quantity = (0.0, 0.012)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.read, key="read", low=0, high=1)
        check_quantity(self.shot, key="shot", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `read`, `shot` and the `seed` of the noise field."""
    return {
        "read": round(draw_quantity(rng, parameters.read), 6),
        "shot": round(draw_quantity(rng, parameters.shot), 6),
        "seed": noise_seed(rng),
    }


def sigma(values: NDArray[np.float32], drawn: Mapping[str, object]) -> NDArray[np.float32]:
    """Return the standard deviation at each value in 0-1."""
    read, shot = float(drawn["read"]), float(drawn["shot"])  # type: ignore[arg-type]
    variance = values * np.float32(shot**2)
    # Two ends: clipping between them takes a quarter of the time of a maximum.
    np.clip(variance, 0.0, np.float32(np.inf), out=variance)
    variance += np.float32(read**2)
    return np.sqrt(variance, out=variance)
