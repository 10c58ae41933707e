"""Spectral response: a little of the neighbouring bands' light in each band, or taken out of it too well."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, numbers, rounded

REGISTERED = True
STAGE = "optics"

# From short to long waves; bands of other names have no neighbours.
SPECTRUM = ("coastal", "blue", "green", "yellow", "red", "rededge", "nir", "swir1", "swir2")


@dataclass(frozen=True)
class Parameters:
    """How far the bands of two dates' sensors overlap.

    Bands of one name are not one band: their responses differ in place and width from sensor to sensor (red
    and near infrared of ETM+ and OLI by slopes of 0.9 and 0.85 on each other; Roy et al. 2016, table 2), and
    colour processing takes overlap out again.

    Args:
        overlap: share of a band's signal that comes from each neighbour; below 0 colours part.
        spread: of the neighbours around it, standard deviation.
    """

    overlap: Quantity = (-0.04, 0.08)
    spread: float = 0.02

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.overlap, key="overlap", low=-0.3, high=0.3)
        check_quantity(self.spread, key="spread", low=0, high=0.2)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return the `matrix` (C, C) whose rows sum to one: what is grey stays grey, and white stays white."""
    count = len(context.bands)
    overlap = draw_quantity(rng, parameters.overlap)
    spread = rng.normal(0.0, parameters.spread, (count, count))
    matrix = np.eye(count)
    for one, other in neighbours(context.bands):
        share = overlap + spread[one, other]
        matrix[one, other] += share
        matrix[one, one] -= share
    return {"matrix": [rounded(row) for row in matrix]}


def neighbours(bands: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return pairs of places of bands that lie beside each other in the spectrum, both ways."""
    order = sorted((SPECTRUM.index(band), place) for place, band in enumerate(bands) if band in SPECTRUM)
    beside = [(one, other) for (_, one), (_, other) in pairwise(order)]
    return sorted(beside + [(other, one) for one, other in beside])


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values in the bands of that day's sensor, none below 0."""
    matrix = numbers(drawn, "matrix")
    mixed = values.copy()
    for one, row in enumerate(matrix):
        for other in np.flatnonzero(row):
            if other != one:
                mixed[one] += row[other] * (values[other] - values[one])
        if row[one] > 1.0:
            np.maximum(mixed[one], np.float32(0.0), out=mixed[one])
    return mixed
