"""Probabilities against truth, summed over a test set, so that any threshold can be read off afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import UNKNOWN
from diachron.evaluation.scores.binary import Confusion
from diachron.evaluation.scores.curves import best_threshold

# Probabilities are kept in steps of 1/256: finer than any figure that is reported.
STEPS = 256
DEFAULT_THRESHOLD = 0.5


def no_pixels() -> NDArray[np.int64]:
    """Return (256,) counts of nothing."""
    return np.zeros(STEPS, np.int64)


def steps_of(probability: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the step of each probability, same shape."""
    return np.clip(probability * STEPS, 0, STEPS - 1).astype(np.uint8)


@dataclass
class Tally:
    """How often each probability was given to changed and to unchanged pixels.

    Args:
        changed, same: (256,) counts by step of probability.
    """

    changed: NDArray[np.int64] = field(default_factory=no_pixels)
    same: NDArray[np.int64] = field(default_factory=no_pixels)

    def add(self, probability: NDArray[np.floating], change: NDArray[np.uint8]) -> None:
        """Count the pixels of one pair.

        Args:
            probability: (H, W) from 0 to 1.
            change: (H, W) 0 same, 1 changed, 255 unknown; unknown pixels do not count.
        """
        steps = steps_of(probability)
        self.changed += np.bincount(steps[change == 1], minlength=STEPS)
        self.same += np.bincount(steps[(change != 1) & (change != UNKNOWN)], minlength=STEPS)

    def confusion(self, threshold: float = DEFAULT_THRESHOLD) -> Confusion:
        """Return the counts where a probability of `threshold` (in steps of 1/256) or more means change."""
        first = round(threshold * STEPS)
        return Confusion(
            tp=int(self.changed[first:].sum()),
            fp=int(self.same[first:].sum()),
            fn=int(self.changed[:first].sum()),
            tn=int(self.same[:first].sum()),
        )

    def best_threshold(self) -> float:
        """Return the threshold of the highest F1: for made validation data, never for a test set."""
        return best_threshold(self.changed, self.same)
