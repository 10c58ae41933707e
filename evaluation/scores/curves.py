"""Figures at every threshold, from counts of changed and unchanged pixels by probability.

Probabilities are counted in N equal steps from 0 to 1 (`zero_shot.tally.Tally` keeps 256); a threshold is the
lower end of a step, and a pixel of that step or a higher one is called changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import GridError

# Where two thresholds are as good, the one nearer to here.
_MIDDLE = 0.5


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision, recall and F1 at each threshold.

    Args:
        thresholds: (N,) 0, 1/N ... (N - 1)/N.
        precision, recall, f1: (N,); 0.0 where the denominator is 0, as in `binary.Confusion`.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]


def curve_of(changed: NDArray[np.integer], same: NDArray[np.integer]) -> Curve:
    """Return the curve of a set.

    Args:
        changed, same: (N,) counts of changed and unchanged pixels, by rising probability.

    Raises:
        GridError: the counts differ in length.
    """
    if changed.shape != same.shape or changed.ndim != 1:
        raise GridError(f"counts of {changed.shape} and {same.shape} steps; expected two equal rows")
    tp = np.cumsum(changed[::-1], dtype=np.int64)[::-1]
    fp = np.cumsum(same[::-1], dtype=np.int64)[::-1]
    total = int(changed.sum())
    return Curve(
        np.arange(changed.size) / changed.size,
        _shares(tp, tp + fp),
        _shares(tp, np.full_like(tp, total)),
        _shares(2 * tp, tp + fp + total),
    )


def best_threshold(changed: NDArray[np.integer], same: NDArray[np.integer]) -> float:
    """Return the threshold of the highest F1, the one nearest to 0.5 among equals.

    For validation data, never for a test set: the best threshold of a test set is knowledge of its labels.
    """
    curve = curve_of(changed, same)
    best = np.flatnonzero(curve.f1 == curve.f1.max())
    return float(curve.thresholds[best[np.argmin(np.abs(curve.thresholds[best] - _MIDDLE))]])


def average_precision(changed: NDArray[np.integer], same: NDArray[np.integer]) -> float:
    """Return the area below the steps of precision over recall, 0.0 where nothing changed.

    AP = sum over thresholds, from high to low, of (R_k - R_(k-1)) P_k, without interpolation, as torchmetrics
    and scikit-learn define it; probabilities of one step count as equal.
    """
    curve = curve_of(changed, same)
    recall = np.concatenate([curve.recall, [0.0]])
    return float(np.sum((recall[:-1] - recall[1:]) * curve.precision))


def _shares(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
