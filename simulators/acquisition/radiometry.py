"""Gain and offset per band and a common gamma: exposure, processing level, tone curve."""

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
    """How far exposures differ.

    Real sets differ between dates by a factor of 0.73 to 1.05 in spread and up to a tenth of the range in
    level (LEVIR-CD, S2Looking, Hi-UCD, SECOND).

    Args:
        gain: contrast around the middle grey of 0.4, common to all bands.
        gain_spread: of the bands around the common gain, standard deviation.
        offset: share of full scale, common to all bands.
        offset_spread: of the bands, standard deviation.
        gamma: exponent of the tone curve.
    """

    gain: Quantity = (0.8, 1.15)
    gain_spread: float = 0.03
    offset: Quantity = (-0.06, 0.06)
    offset_spread: float = 0.01
    gamma: Quantity = (0.85, 1.2)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.gain, key="gain", low=0.05, high=10)
        check_quantity(self.gain_spread, key="gain_spread", low=0, high=1)
        check_quantity(self.offset, key="offset", low=-1, high=1)
        check_quantity(self.offset_spread, key="offset_spread", low=0, high=1)
        check_quantity(self.gamma, key="gamma", low=0.1, high=10)


PIVOT = 0.4


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `gain` and `offset` per band, and `gamma`."""
    count = len(context.bands)
    gain = draw_quantity(rng, parameters.gain) * np.exp(rng.normal(0.0, parameters.gain_spread, count))
    offset = draw_quantity(rng, parameters.offset) + rng.normal(0.0, parameters.offset_spread, count)
    return {
        "gain": [round(float(g), 6) for g in gain],
        "offset": [round(float(o), 6) for o in offset],
        "gamma": round(draw_quantity(rng, parameters.gamma), 6),
    }


def curve(values: NDArray[np.float32], drawn: Mapping[str, object]) -> NDArray[np.float32]:
    """Return (pivot + gain (v^gamma - pivot) + offset), unclipped."""
    gain = np.asarray(drawn["gain"], np.float32)[:, None]
    offset = np.asarray(drawn["offset"], np.float32)[:, None]
    bent = np.power(np.maximum(values, 0.0), np.float32(drawn["gamma"]))  # type: ignore[arg-type]
    pivot = np.float32(PIVOT)
    return pivot + gain * (bent - pivot) + offset
