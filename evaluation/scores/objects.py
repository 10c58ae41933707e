"""Changed objects, found or missed: connected pieces of truth and prediction, by size in square metres.

A piece is a set of pixels that touch at a side or a corner. Two rules say when a true piece is found and when
a predicted one is right:

- `iou`: one piece of the other map has an IoU of at least 0.5 with it;
- `overlap`: at least half of its own pixels are covered by the other map, by however many pieces. Blocks that
  are found as one, or a row of houses that is found in parts, count as found; borders count for less.

Recall is the share of true pieces found, precision the share of predicted pieces that are right, F1 their
harmonic mean. By size, a true piece counts under its own size and so does a predicted piece. Unknown pixels
belong to no piece: those of a prediction are cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import GridError, RecipeError, UnknownNameError, nearest_names
from diachron.core.pair import UNKNOWN
from diachron.evaluation.scores.binary import share

RULES = ("iou", "overlap")
# At least this much has to fit, by either rule.
FIT = 0.5
# Sheds, houses, rows and halls; the last class is open.
SIZES_M2 = (0.0, 50.0, 200.0, 1000.0)

Mask = NDArray[np.bool_]

_TOUCHING = np.ones((3, 3), bool)
_NONE = (0,) * len(SIZES_M2)


@dataclass(frozen=True)
class ObjectCounts:
    """Pieces by class of size; `a + b` are those of both.

    Args:
        truth, found: true pieces, and those found.
        predicted, right: predicted pieces, and those that are right.
        sizes_m2: lower bounds of the classes, in square metres.
    """

    truth: tuple[int, ...] = _NONE
    found: tuple[int, ...] = _NONE
    predicted: tuple[int, ...] = _NONE
    right: tuple[int, ...] = _NONE
    sizes_m2: tuple[float, ...] = SIZES_M2

    @classmethod
    def of(
        cls,
        predicted: NDArray[np.bool_],
        change: NDArray[np.uint8],
        gsd_m: float,
        *,
        rule: str = "iou",
        sizes_m2: Sequence[float] = SIZES_M2,
        least_m2: float = 0.0,
    ) -> ObjectCounts:
        """Return the counts of a pair.

        Args:
            predicted: (H, W) bool.
            change: (H, W) 0 same, 1 changed, 255 unknown.
            gsd_m: metres a pixel.
            rule: `iou` or `overlap`.
            sizes_m2: lower bounds of the classes, rising from 0.
            least_m2: smaller pieces, true and predicted, do not count; they still match.

        Raises:
            GridError: the shapes differ.
            UnknownNameError: there is no such rule.
            RecipeError: the bounds do not rise from 0.
        """
        if predicted.shape != change.shape:
            raise GridError(f"prediction of {predicted.shape}, truth of {change.shape} pixels")
        if rule not in RULES:
            raise UnknownNameError(f"no rule is called '{rule}'; {nearest_names(rule, RULES)}")
        bounds = np.asarray(sizes_m2, np.float64)
        if bounds[0] != 0.0 or np.any(np.diff(bounds) <= 0.0):
            raise RecipeError(f"classes of size {tuple(sizes_m2)}: expected bounds that rise from 0")
        true_pieces, _ = ndimage.label(change == 1, _TOUCHING)
        said_pieces, _ = ndimage.label(predicted.astype(bool) & (change != UNKNOWN), _TOUCHING)
        true_px, said_px = _sizes(true_pieces), _sizes(said_pieces)
        found, right = _iou(true_pieces, said_pieces) if rule == "iou" else _overlap(true_pieces, said_pieces)
        area = gsd_m * gsd_m

        def by_size(pixels: NDArray[np.int64], chosen: Mask | None = None) -> tuple[int, ...]:
            kept = pixels * area >= least_m2
            if chosen is not None:
                kept = kept & chosen
            kept[0] = False
            classes = np.searchsorted(bounds, pixels[kept] * area, side="right") - 1
            return tuple(int(n) for n in np.bincount(classes, minlength=bounds.size))

        return cls(
            by_size(true_px),
            by_size(true_px, found),
            by_size(said_px),
            by_size(said_px, right),
            tuple(float(bound) for bound in bounds),
        )

    def __add__(self, other: ObjectCounts) -> ObjectCounts:
        if self.sizes_m2 != other.sizes_m2:
            raise RecipeError(f"classes of size differ: {self.sizes_m2} and {other.sizes_m2}")

        def both(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(x + y for x, y in zip(a, b, strict=True))

        return ObjectCounts(
            both(self.truth, other.truth),
            both(self.found, other.found),
            both(self.predicted, other.predicted),
            both(self.right, other.right),
            self.sizes_m2,
        )

    @property
    def precision(self) -> float:
        """Share of the predicted pieces that are right; 0.0 without any."""
        return share(sum(self.right), sum(self.predicted))

    @property
    def recall(self) -> float:
        """Share of the true pieces that are found; 0.0 without any."""
        return share(sum(self.found), sum(self.truth))

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0.0 where both are."""
        return share(2.0 * self.precision * self.recall, self.precision + self.recall)

    def by_size(self) -> list[dict[str, float]]:
        """Return a row a class of size: `from_m2`, `truth`, `recall`, `predicted`, `precision`."""
        return [
            {
                "from_m2": bound,
                "truth": truth,
                "recall": share(found, truth),
                "predicted": predicted,
                "precision": share(right, predicted),
            }
            for bound, truth, found, predicted, right in zip(
                self.sizes_m2, self.truth, self.found, self.predicted, self.right, strict=True
            )
        ]


def _sizes(pieces: NDArray[np.int32]) -> NDArray[np.int64]:
    # Element i: pixels of piece i; 0 is the ground between all pieces.
    return np.bincount(pieces.ravel()).astype(np.int64)


def _iou(true_pieces: NDArray[np.int32], said_pieces: NDArray[np.int32]) -> tuple[Mask, Mask]:
    true_px, said_px = _sizes(true_pieces), _sizes(said_pieces)
    both = (true_pieces > 0) & (said_pieces > 0)
    codes = true_pieces[both].astype(np.int64) * said_px.size + said_pieces[both]
    # Of each two pieces that meet; a table of all by all would not fit for a noisy prediction.
    meeting, common = np.unique(codes, return_counts=True)
    true_index, said_index = meeting // said_px.size, meeting % said_px.size
    fits = common >= FIT * (true_px[true_index] + said_px[said_index] - common)
    found, right = np.zeros(true_px.size, bool), np.zeros(said_px.size, bool)
    found[true_index[fits]] = True
    right[said_index[fits]] = True
    return found, right


def _overlap(true_pieces: NDArray[np.int32], said_pieces: NDArray[np.int32]) -> tuple[Mask, Mask]:
    true_px, said_px = _sizes(true_pieces), _sizes(said_pieces)
    both = (true_pieces > 0) & (said_pieces > 0)
    found: Mask = np.bincount(true_pieces[both], minlength=true_px.size) >= FIT * true_px
    right: Mask = np.bincount(said_pieces[both], minlength=said_px.size) >= FIT * said_px
    return found, right
