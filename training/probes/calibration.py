"""From a probe's logit to the probability that a crop is made, as crops it has not learnt from say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit


@dataclass(frozen=True)
class Calibration:
    """A line from logit to log-odds. A network is surer of its own crops than of new ones.

    Args:
        slope: 0 or more; 0 for a probe that knows nothing on new places.
        offset: added after the slope.
    """

    slope: float
    offset: float

    def probability(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the probability that each crop is made, where as many are made as real."""
        found: NDArray[np.float64] = expit(self.slope * logits.astype(np.float64) + self.offset)
        return found


def calibrate(made: NDArray[np.floating], real: NDArray[np.floating]) -> Calibration:
    """Return the line under which held-out logits are likeliest, both sides counting the same.

    Targets stay off 0 and 1, so that sides which a probe parts without fault give a finite line. A probe that
    takes the sides for each other gets slope 0.

    Args:
        made, real: (N,) logits of crops that were not learnt from, one or more each.

    Source: J. Platt, Probabilistic outputs for support vector machines, 1999, section 2.
    """
    sides = [(made.astype(np.float64), (made.size + 1) / (made.size + 2))]
    sides.append((real.astype(np.float64), 1.0 / (real.size + 2)))

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slant = 0.0, np.zeros(2)
        for logits, target in sides:
            odds = line[0] * logits + line[1]
            total += float(np.mean(np.logaddexp(0.0, odds) - target * odds))
            error = expit(odds) - target
            slant += (float(np.mean(error * logits)), float(np.mean(error)))
        return total, slant

    found = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=((0, None), (None, None))
    )
    return Calibration(float(found.x[0]), float(found.x[1]))
