"""The tone curve of a provider: a monotone curve through a few drawn points, common and per band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.drawn import Drawn, numbers, rounded

REGISTERED = True
STAGE = "tone"

# Where the curve is bent: denser in the dark half, where pictures of the ground have most of their pixels.
KNOTS = (0.0, 0.12, 0.25, 0.4, 0.6, 0.8, 1.0)
# A curve that rises less anywhere would wipe out what is there.
LEAST_RISE = 0.25


@dataclass(frozen=True)
class Parameters:
    """How far the curve strays from the straight line.

    Args:
        bend: standard deviation of the drawn points, share of full scale, common to all bands.
        band_bend: the same for each band by itself: the change of colour with brightness.
    """

    bend: Quantity = (0.0, 0.04)
    band_bend: Quantity = (0.0, 0.012)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.bend, key="bend", low=0, high=0.5)
        check_quantity(self.band_bend, key="band_bend", low=0, high=0.5)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `knots`: per band the value that each of `KNOTS` is moved to, rising from knot to knot."""
    bend, own = draw_quantity(rng, parameters.bend), draw_quantity(rng, parameters.band_bend)
    common = bend * rng.standard_normal(len(KNOTS))
    apart = own * rng.standard_normal((len(context.bands), len(KNOTS)))
    gaps = np.diff(KNOTS)
    rises = np.diff(np.asarray(KNOTS) + common + apart, axis=1)
    # Black moves by a third of what the middle does: providers stretch, they seldom lift black far.
    first = (common[0] + apart[:, :1]) / 3.0
    curve = np.concatenate([first, first + np.cumsum(np.maximum(rises, LEAST_RISE * gaps), axis=1)], axis=1)
    return {"knots": [rounded(line) for line in curve]}


def curve(values: NDArray[np.float32], drawn: Drawn) -> NDArray[np.float32]:
    """Return the curve at each value, piecewise cubic and monotone (PCHIP; Fritsch and Carlson 1980).

    Beyond 0 and 1 it goes on straight, with its slope there.
    """
    bent = np.empty_like(values)
    # (4, pieces, bands) coefficients, the cubic one first.
    pieces = PchipInterpolator(KNOTS, numbers(drawn, "knots").T.astype(np.float64)).c
    last = KNOTS[-1] - KNOTS[-2]
    for number_, (band, result) in enumerate(zip(values, bent, strict=True)):
        cubic, square, slope, start = pieces[..., number_]
        inside = np.clip(band, 0.0, 1.0)
        at = np.searchsorted(KNOTS[1:-1], inside, side="right")
        t = inside - np.take(KNOTS, at)
        result[:] = ((cubic[at] * t + square[at]) * t + slope[at]) * t + start[at]
        steepness = slope[0], (3.0 * cubic[-1] * last + 2.0 * square[-1]) * last + slope[-1]
        result += (band - inside) * np.where(band < 0.5, *steepness)
    return bent
