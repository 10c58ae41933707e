"""A shift by parts of a pixel that registration leaves behind. Labels stay in the reference grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context

REGISTERED = True
STAGE = "optics"


@dataclass(frozen=True)
class Parameters:
    """How far dates are apart.

    Args:
        shift_px: along rows and along columns, each drawn; the default is the half pixel that registered
            products keep (0.06 to 0.6 px measured between registered Sentinel-2 dates).
    """

    shift_px: Quantity = (-0.5, 0.5)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.shift_px, key="shift_px", low=-8, high=8)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `shift_px`: (rows down, columns right) by which the picture is moved."""
    return {"shift_px": [round(draw_quantity(rng, parameters.shift_px), 6) for _ in range(2)]}


def kernels(drawn: Mapping[str, object]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the two interpolation kernels (cubic convolution, a = -0.5; Keys 1981, equation 4)."""
    shift: Sequence[float] = drawn["shift_px"]  # type: ignore[assignment]
    return _cubic(shift[0]), _cubic(shift[1])


def _cubic(shift: float) -> NDArray[np.float32]:
    reach = int(np.ceil(abs(shift))) + 2
    # Correlation: the result at 0 reads the source at -shift.
    distance = np.abs(np.arange(-reach, reach + 1) + shift)
    inner = 1.5 * distance**3 - 2.5 * distance**2 + 1.0
    outer = -0.5 * distance**3 + 2.5 * distance**2 - 4.0 * distance + 2.0
    weights = np.where(distance < 1, inner, np.where(distance < 2, outer, 0.0))
    return (weights / weights.sum()).astype(np.float32)
