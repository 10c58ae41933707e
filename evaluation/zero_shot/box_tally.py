"""Probabilities against boxes, summed over a test set, so that any threshold can be read off afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diachron.evaluation.scores.boxes import SHARE_TO_FIND, BoxCounts, ChangeBox, outside_of
from diachron.evaluation.zero_shot.tally import STEPS, no_pixels, steps_of


@dataclass
class BoxTally:
    """How often each probability was given outside all boxes, and how sure each box is.

    Args:
        outside: (256,) counts of the pixels outside all boxes and their margins, by step of probability.
        sure: of each box the highest step at which enough of its pixels are called change; -1 where none is,
            for a box that lies beyond its picture.
    """

    outside: NDArray[np.int64] = field(default_factory=no_pixels)
    sure: list[int] = field(default_factory=list)

    def add(self, probability: NDArray[np.floating], boxes: Sequence[ChangeBox]) -> None:
        """Count a pair.

        Args:
            probability: (H, W) from 0 to 1.
            boxes: of the pair.
        """
        steps = steps_of(probability)
        rows, cols = steps.shape
        self.outside += np.bincount(steps[outside_of((rows, cols), boxes)], minlength=STEPS)
        for box in boxes:
            values = np.sort(box.inside(steps), axis=None)
            # So many pixels at or above a threshold find the box, by the rule of `BoxCounts.of`.
            # 0.1 * 30 is a little more than 3.
            enough = max(1, int(np.ceil(SHARE_TO_FIND * values.size - 1e-9)))
            self.sure.append(int(values[-enough]) if values.size else -1)

    def counts(self, threshold: float) -> BoxCounts:
        """Return the counts where a probability of `threshold` (in steps of 1/256) or more means change."""
        return self._counts(round(threshold * STEPS))

    def recall_at(self, alarm_share: float) -> float:
        """Return the largest share of boxes found while no more than a share of the outside is alarmed.

        The threshold is the lowest that is quiet enough, so detectors that are sure of different things stand
        at the same number of false alarms. 0.0 where none is quiet enough: a detector that answers only yes
        or no, and says yes too often, has no other threshold.
        """
        alarms = np.cumsum(self.outside[::-1])[::-1]
        quiet = np.flatnonzero(alarms <= alarm_share * self.outside.sum())
        return self._counts(int(quiet[0])).box_recall if quiet.size else 0.0

    def _counts(self, first: int) -> BoxCounts:
        found = sum(step >= max(first, 0) for step in self.sure)
        return BoxCounts(len(self.sure), found, int(self.outside.sum()), int(self.outside[first:].sum()))
