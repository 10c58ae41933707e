"""Fine detail that is never twice the same: leaves, crops, gravel, and the sun on all that is rough.

On unchanged ground of NAIP and GF-1 pairs, detail of 1 to 4 pixels correlates by 0.2 to 0.6 between dates
after registration (`diachron train acquisition` prints it): most of the detail itself is new. Here a part of
it gives way to new detail of the same local strength and grain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, whole
from diachron.simulators.acquisition.fields import luminance, normal_numbers
from diachron.simulators.acquisition.kernels import smoothed

REGISTERED = True
STAGE = "ground"

# Grain between neighbouring pixels, and that of crowns, furrows and roof edges: what a Gaussian of so many
# pixels takes out, and what the next one takes out of the rest.
ENDS = (1.2, 4.0)
# Strength is told from a neighbourhood of so many times the end.
NEIGHBOURHOOD = 2.0


# The pairs that coherence was measured on have pixels of 0.6 m and more. Finer ones show the same leaves and
# stones larger, and roofs and roads between them that are the same next year.
COARSE_ENOUGH_M = 0.6


@dataclass(frozen=True)
class Parameters:
    """How much detail is new, 0 to 1, as one minus its correlation with what was there.

    Both are amounts at pixels of 0.6 m and more, and fall with the gsd below.

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
    part = min(1.0, context.gsd_m / COARSE_ENOUGH_M)
    return {
        "fine": round(part * draw_quantity(rng, parameters.fine), 6),
        "coarse": round(part * draw_quantity(rng, parameters.coarse), 6),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values of which all bands gain what the luminance gains: colour stays with the ground."""
    shares = number(drawn, "fine"), number(drawn, "coarse")
    if not any(shares):
        return values
    grey = luminance(values)
    noise = normal_numbers(whole(drawn, "seed"), grey.shape)
    gain = np.zeros_like(grey)
    grains = zip(shares, ENDS, _grains(grey, shares), _grains(noise, shares), strict=True)
    for share, end, detail, fresh in grains:
        if share == 0.0:
            continue
        # No weight is negative, so no strength is.
        strength = smoothed(detail * detail, NEIGHBOURHOOD * end)
        np.sqrt(strength, out=strength)
        # Two parts at right angles keep the strength: correlation 1 - share.
        kept = 1.0 - share
        strength *= np.float32(np.sqrt(1.0 - kept**2) / fresh.std())
        fresh *= strength
        detail *= np.float32(kept - 1.0)
        gain += detail
        gain += fresh
    values += gain
    return values


def _grains(layer: NDArray[np.float32], shares: tuple[float, ...]) -> list[NDArray[np.float32]]:
    """Return what each end takes out of what the one before has left; as far as shares ask for it."""
    grains: list[NDArray[np.float32]] = []
    left = layer
    for number_, end in enumerate(ENDS):
        if not any(shares[number_:]):
            return [*grains, *[layer] * (len(ENDS) - number_)]
        rest = smoothed(layer, end)
        grains.append(left - rest)
        left = rest
    return grains
