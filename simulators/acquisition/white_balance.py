"""Colour temperature and tint: red against blue, green against both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context

REGISTERED = True
STAGE = "tone"


@dataclass(frozen=True)
class Parameters:
    """How far the colours of two dates part.

    Args:
        warmth: natural logarithm of the ratio of red to blue.
        tint: natural logarithm of the ratio of green to the others.
    """

    warmth: Quantity = (-0.08, 0.08)
    tint: Quantity = (-0.03, 0.03)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.warmth, key="warmth", low=-1, high=1)
        check_quantity(self.tint, key="tint", low=-1, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `factor` per band; bands other than red, green and blue keep 1."""
    warmth = draw_quantity(rng, parameters.warmth)
    tint = draw_quantity(rng, parameters.tint)
    logarithm = {"red": warmth / 2, "blue": -warmth / 2, "green": tint}
    return {"factor": [round(float(np.exp(logarithm.get(band, 0.0))), 6) for band in context.bands]}


def curve(values: NDArray[np.float32], drawn: Mapping[str, object]) -> NDArray[np.float32]:
    """Return values times the factor of their band."""
    return values * np.asarray(drawn["factor"], np.float32)[:, None]
