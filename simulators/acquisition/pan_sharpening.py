"""Colour from coarser pixels than brightness: pan-sharpened satellites, chroma from a colour filter array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded
from diachron.simulators.acquisition.fields import luminance
from diachron.simulators.acquisition.kernels import filtered, gaussian, joined, shift_kernel

REGISTERED = True
STAGE = "optics"


@dataclass(frozen=True)
class Parameters:
    """How coarse colour is, and how far it lies off.

    Args:
        sigma_px: standard deviation of the blur of what each band has beyond the common brightness. Colour
            pixels four times as wide as grey ones (WorldView, GF-1) give 1.2 to 2.
        misfit_px: of colour against brightness, along rows and columns, each drawn.
    """

    sigma_px: Quantity = (0.8, 1.8)
    misfit_px: Quantity = (-0.5, 0.5)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.sigma_px, key="sigma_px", low=0, high=20)
        check_quantity(self.misfit_px, key="misfit_px", low=-8, high=8)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `sigma_px` and `misfit_px` (rows down, columns right)."""
    return {
        "sigma_px": round(draw_quantity(rng, parameters.sigma_px), 6),
        "misfit_px": rounded([draw_quantity(rng, parameters.misfit_px) for _ in range(2)]),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return brightness (mean of the first three bands) plus blurred and moved colour; one band stays."""
    sigma, misfit = number(drawn, "sigma_px"), numbers(drawn, "misfit_px")
    if len(values) == 1 or (sigma == 0.0 and not misfit.any()):
        return values
    down, right = (joined([gaussian(sigma), shift_kernel(float(part))]) for part in misfit)
    bright = luminance(values)
    for band in values:
        band -= bright
    colour = filtered(values, down, right)
    colour += bright
    return colour
