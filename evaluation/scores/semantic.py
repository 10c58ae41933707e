"""From-to change: mIoU of changed and unchanged, SeK, F_scd, and SECOND's score, from one matrix of counts.

Two matrices are in use, and their figures are not comparable:

- *pairs* (SECOND's own, as torchange evaluates it): a pixel's class is 0 where unchanged, else
  1 + n (c1 - 1) + (c2 - 1) for classes c1 at t1 and c2 at t2 out of n; a from-to is right only as a whole;
- *dates* (Bi-SRNet, SCanNet): both dates' maps, 0 where unchanged, counted into one matrix of n + 1 classes;
  each date is right on its own, so the figures are higher.

On a matrix q of predicted (rows) by true (columns) classes, 0 meaning unchanged:

- IoU_n = q00 / (row 0 + column 0 - q00), IoU_c = (sum of q without row and column 0) / (sum of q - q00),
  mIoU = (IoU_n + IoU_c) / 2;
- q0 is q with q00 = 0, po and pe its observed and chance agreement, kappa = (po - pe) / (1 - pe),
  SeK = kappa exp(IoU_c - 1);
- Score = 0.3 mIoU + 0.7 SeK;
- F_scd is the harmonic mean of P = (diagonal without q00) / (pixels predicted as changed) and
  R = (diagonal without q00) / (pixels that changed).

Source: Yang et al. 2020, Asymmetric Siamese Networks; Ding et al. 2022, Bi-temporal semantic reasoning
(F_scd); torchange metrics/second.py. Open-cd's SCDMetric sums areas a date and is a third thing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import GridError, LabelError
from diachron.core.pair import UNKNOWN
from diachron.evaluation.scores.binary import share

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class FromTo:
    """Where a pair changed, and from which class to which.

    Args:
        change: (H, W) 0 same, all else changed; of the truth, 255 is unknown and does not count.
        labels_t1, labels_t2: (H, W) ids 1 to n; looked at where `change` says changed only.
    """

    change: NDArray[np.generic]
    labels_t1: Labels
    labels_t2: Labels


@dataclass(frozen=True, eq=False)
class SemanticCounts:
    """Pixels by predicted (rows) and true (columns) class, 0 being unchanged; `a + b` are those of both.

    A figure whose denominator is 0 is 0.0; kappa is 0.0 where chance alone explains everything.

    Args:
        matrix: (K, K) int64.
    """

    matrix: NDArray[np.int64]

    @classmethod
    def of_pairs(cls, predicted: FromTo, truth: FromTo, classes: int) -> SemanticCounts:
        """Return the counts of a pair, a class for each from-to: (n n + 1, n n + 1).

        Args:
            predicted, truth: of one shape.
            classes: n, the number of classes.

        Raises:
            GridError: the shapes differ.
            LabelError: a label where something changed is not 1 to n.
        """
        known = _known(predicted, truth)
        size = classes * classes + 1
        return cls(_count(_pair_class(predicted, classes, known), _pair_class(truth, classes, known), size))

    @classmethod
    def of_dates(cls, predicted: FromTo, truth: FromTo, classes: int) -> SemanticCounts:
        """Return the counts of a pair, each date apart: (n + 1, n + 1).

        Args, Raises: as `of_pairs`.
        """
        known = _known(predicted, truth)
        size = classes + 1
        matrix = np.zeros((size, size), np.int64)
        for date in ("labels_t1", "labels_t2"):
            said, true = (
                np.where(_changed(maps)[known], _checked(maps, date, classes, known), 0)
                for maps in (predicted, truth)
            )
            matrix += _count(said, true, size)
        return cls(matrix)

    def __add__(self, other: SemanticCounts) -> SemanticCounts:
        return SemanticCounts(self.matrix + other.matrix)

    @cached_property
    def _right(self) -> int:
        return int(np.trace(self.matrix)) - int(self.matrix[0, 0])

    @property
    def iou_unchanged(self) -> float:
        """Intersection over union of the unchanged pixels."""
        same = int(self.matrix[0, 0])
        return share(same, int(self.matrix[0].sum()) + int(self.matrix[:, 0].sum()) - same)

    @property
    def iou_changed(self) -> float:
        """Intersection over union of the changed pixels, whatever their classes."""
        return share(int(self.matrix[1:, 1:].sum()), int(self.matrix.sum()) - int(self.matrix[0, 0]))

    @property
    def miou(self) -> float:
        """Mean of both."""
        return (self.iou_unchanged + self.iou_changed) / 2.0

    @property
    def kappa(self) -> float:
        """Cohen's kappa, without the pixels that are unchanged in both."""
        counts = self.matrix.astype(np.float64)
        counts[0, 0] = 0.0
        total = float(counts.sum())
        if total == 0.0:
            return 0.0
        observed = float(np.trace(counts)) / total
        chance = float(counts.sum(axis=0) @ counts.sum(axis=1)) / total**2
        return share(observed - chance, 1.0 - chance)

    @property
    def sek(self) -> float:
        """Separated kappa: kappa exp(IoU_c - 1)."""
        return self.kappa * math.exp(self.iou_changed - 1.0)

    @property
    def score(self) -> float:
        """0.3 mIoU + 0.7 SeK."""
        return 0.3 * self.miou + 0.7 * self.sek

    @property
    def precision_scd(self) -> float:
        """Share of the predicted change that is change, and of the right class."""
        return share(self._right, int(self.matrix[1:].sum()))

    @property
    def recall_scd(self) -> float:
        """Share of the change that is found, with its class."""
        return share(self._right, int(self.matrix[:, 1:].sum()))

    @property
    def f_scd(self) -> float:
        """Harmonic mean of both."""
        return share(2.0 * self.precision_scd * self.recall_scd, self.precision_scd + self.recall_scd)


def _known(predicted: FromTo, truth: FromTo) -> NDArray[np.bool_]:
    shapes = {maps.shape for both in (predicted, truth) for maps in _layers(both)}
    if len(shapes) > 1:
        raise GridError(f"predicted and true maps differ in shape: {', '.join(map(str, sorted(shapes)))}")
    known: NDArray[np.bool_] = truth.change != UNKNOWN
    return known


def _layers(maps: FromTo) -> Sequence[NDArray[np.generic]]:
    return maps.change, maps.labels_t1, maps.labels_t2


def _changed(maps: FromTo) -> NDArray[np.bool_]:
    return maps.change.astype(bool)


def _checked(maps: FromTo, date: str, classes: int, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    labels: NDArray[np.int64] = getattr(maps, date)[known].astype(np.int64)
    wrong = _changed(maps)[known] & ((labels < 1) | (labels > classes))
    if wrong.any():
        raise LabelError(
            f"{date}: class {int(labels[wrong][0])} where something changed; expected 1 to {classes}"
        )
    return labels


def _pair_class(maps: FromTo, classes: int, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    before = _checked(maps, "labels_t1", classes, known)
    after = _checked(maps, "labels_t2", classes, known)
    return np.where(_changed(maps)[known], 1 + classes * (before - 1) + (after - 1), 0)


def _count(said: NDArray[np.int64], true: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.bincount(said * size + true, minlength=size * size).reshape(size, size)
