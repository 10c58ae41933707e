"""A picture that was stored at a coarser sampling distance and brought back to the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number

REGISTERED = True
STAGE = "optics"


@dataclass(frozen=True)
class Parameters:
    """How much coarser.

    Args:
        factor: sampling distance in between over that of the grid; 1 for none.
        chance: that a date went that way, 0-1.
    """

    factor: Quantity = (1.0, 1.6)
    chance: float = 0.3

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.factor, key="factor", low=1, high=8)
        check_quantity(self.chance, key="chance", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `factor`, 1 where the date stayed on its grid."""
    is_coarser = rng.uniform() < parameters.chance
    factor = draw_quantity(rng, parameters.factor)
    return {"factor": round(factor if is_coarser else 1.0, 6)}


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values averaged over coarser pixels and interpolated back by cubic convolution."""
    factor = number(drawn, "factor")
    if factor == 1.0:
        return values
    rows, cols = (there_and_back(size, factor) for size in values.shape[1:])
    for band in values:
        band[:] = (cols @ np.ascontiguousarray((rows @ band).T)).T
    return values


def there_and_back(size: int, factor: float) -> sparse.csr_array:
    """Return the (size, size) weights of area averaging down by a factor and cubic convolution up again.

    Cubic convolution has a = -0.5 (Keys 1981); edges are repeated. Rows sum to one.
    """
    coarse = int(np.ceil(size / factor))
    starts = np.arange(coarse)[:, None] * factor
    edges = np.arange(size)
    # Overlap of each coarse pixel with each fine one.
    covered = np.clip(np.minimum(starts + factor, edges + 1) - np.maximum(starts, edges), 0.0, 1.0)
    down = covered / covered.sum(axis=1, keepdims=True)
    place = (np.arange(size) + 0.5) / factor - 0.5
    low = np.floor(place).astype(np.int64)
    up = np.zeros((size, coarse))
    for tap in range(-1, 3):
        distance = np.abs(place - (low + tap))
        inner = 1.5 * distance**3 - 2.5 * distance**2 + 1.0
        outer = -0.5 * distance**3 + 2.5 * distance**2 - 4.0 * distance + 2.0
        weight = np.where(distance < 1, inner, np.where(distance < 2, outer, 0.0))
        np.add.at(up, (np.arange(size), np.clip(low + tap, 0, coarse - 1)), weight)
    return sparse.csr_array(up.astype(np.float32)) @ sparse.csr_array(down.astype(np.float32))
