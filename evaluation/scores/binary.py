"""Changed or not, pixel by pixel: one confusion over a set, and the figures of the change class.

Source: the definitions of LEVIR-CD, WHU-CD and S2Looking as torchange evaluates them (metrics/bcd.py). Tools
that average the change class with the background (open-cd's mFscore, BIT_CD) print higher figures: they are
other quantities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import GridError
from diachron.core.pair import UNKNOWN


@dataclass(frozen=True)
class Confusion:
    """Pixels by truth and prediction; `a + b` are the pixels of both.

    A figure whose denominator is 0 is 0.0, as in torchmetrics: precision where nothing is predicted, recall
    where nothing changed, F1 and IoU where neither is. A set without any change is therefore judged by
    `share_predicted`, not by F1.

    Args:
        tp, fp, fn, tn: changed and found, same but predicted, changed but missed, same and quiet.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @classmethod
    def of(cls, predicted: NDArray[np.bool_], change: NDArray[np.uint8]) -> Confusion:
        """Return the counts of a pair.

        Args:
            predicted: (H, W) bool, or numbers of which all but 0 mean change.
            change: (H, W) 0 same, 1 changed, 255 unknown; unknown pixels do not count.

        Raises:
            GridError: the shapes differ.
        """
        if predicted.shape != change.shape:
            raise GridError(f"prediction of {predicted.shape}, truth of {change.shape} pixels")
        said = predicted.astype(bool)
        known = change != UNKNOWN
        changed = (change != 0) & known
        tp = int(np.count_nonzero(said & changed))
        positive = int(np.count_nonzero(said & known))
        actual = int(np.count_nonzero(changed))
        pixels = int(np.count_nonzero(known))
        return cls(tp, positive - tp, actual - tp, pixels - positive - actual + tp)

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def pixels(self) -> int:
        """Known pixels."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> float:
        """Share of the predicted change that is change."""
        return share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of the change that is predicted."""
        return share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall."""
        return share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def iou(self) -> float:
        """tp / (tp + fp + fn), which is f1 / (2 - f1)."""
        return share(self.tp, self.tp + self.fp + self.fn)

    @property
    def share_predicted(self) -> float:
        """Share of the known pixels that are predicted as change: false alarms where nothing changed."""
        return share(self.tp + self.fp, self.pixels)

    @property
    def share_changed(self) -> float:
        """Share of the known pixels that are change."""
        return share(self.tp + self.fn, self.pixels)


def share(part: float, whole: float) -> float:
    """Return part / whole, 0.0 where the whole is 0."""
    return part / whole if whole else 0.0
