"""Fine detail that is never twice the same: leaves, crops, gravel, and the sun on all that is rough.

On unchanged ground of NAIP and GF-1 pairs, detail of 1 to 4 pixels correlates by 0.2 to 0.6 between dates
after registration (`diachron train acquisition` prints it): most of the detail itself is new. Here a part of
it gives way to new detail of the same local strength and grain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, whole
from diachron.simulators.acquisition.fields import luminance

REGISTERED = True
STAGE = "ground"

# Grain between neighbouring pixels, and that of crowns, furrows and roof edges: ends of Gaussians in pixels.
GRAINS = ((0.0, 1.2), (1.2, 4.0))
# Strength is told from a neighbourhood of so many times the coarser end.
NEIGHBOURHOOD = 2.0


@dataclass(frozen=True)
class Parameters:
    """How much detail is new, 0 to 1, as one minus its correlation with what was there.

    Args:
        fine: of grain up to 1.2 pixels.
        coarse: of grain from 1.2 to 4 pixels.
    """

    fine: Quantity = (0.1, 0.5)
    coarse: Quantity = (0.05, 0.3)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.fine, key="fine", low=0, high=1)
        check_quantity(self.coarse, key="coarse", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `fine`, `coarse` and the `seed` of the new detail."""
    return {
        "fine": round(draw_quantity(rng, parameters.fine), 6),
        "coarse": round(draw_quantity(rng, parameters.coarse), 6),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values of which all bands gain what the luminance gains: colour stays with the ground."""
    shares = number(drawn, "fine"), number(drawn, "coarse")
    if not any(shares):
        return values
    grey = luminance(values)
    noise = np.random.default_rng(whole(drawn, "seed")).standard_normal(grey.shape, np.float32)
    gain = np.zeros_like(grey)
    for share, (low, high) in zip(shares, GRAINS, strict=True):
        if share == 0.0:
            continue
        detail, fresh = _grain(grey, low, high), _grain(noise, low, high)
        fresh /= fresh.std()
        strength = ndimage.gaussian_filter(detail * detail, NEIGHBOURHOOD * high)
        np.sqrt(np.maximum(strength, 0.0, out=strength), out=strength)
        # Two parts at right angles keep the strength: correlation 1 - share.
        kept = 1.0 - share
        gain += np.float32(kept - 1.0) * detail
        gain += np.float32(np.sqrt(1.0 - kept**2)) * strength * fresh
    values += gain
    return values


def _grain(layer: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    fine = ndimage.gaussian_filter(layer, low, truncate=3.0) if low else layer
    grain: NDArray[np.float32] = fine - ndimage.gaussian_filter(layer, high, truncate=3.0)
    return grain
