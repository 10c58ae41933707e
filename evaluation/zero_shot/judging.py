"""A fitted method against one test set: masks of change, or boxes around known changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diachron.core.pair import PairSet
from diachron.evaluation.datasets.naip import BoxedPairs
from diachron.evaluation.scores.objects import ObjectCounts
from diachron.evaluation.zero_shot.box_tally import BoxTally
from diachron.evaluation.zero_shot.error_sheets import ErrorSheet
from diachron.evaluation.zero_shot.methods import Fitted
from diachron.evaluation.zero_shot.tally import DEFAULT_THRESHOLD, Tally

# Boxes are compared at this share of false alarms outside; `box_recall_at_5pct_alarms` says so in its name.
ALARM_SHARE = 0.05


def threshold_of(fitted: Fitted) -> float:
    """Return the best threshold on the pairs that were made and kept out of training; 0.5 without any."""
    tally = Tally()
    for pairs in fitted.validation:
        for pair in pairs:
            tally.add(fitted.score(pair), pair.change)
    return tally.best_threshold() if tally.changed.any() else DEFAULT_THRESHOLD


def judge(fitted: Fitted, test: PairSet, threshold: float, sheet: ErrorSheet | None) -> dict[str, Any]:
    """Return the figures of a fitted method on a test set: `judge_boxes` where it has boxes, else of masks.

    `f1_at_half` is F1 at a threshold of 0.5, whichever was chosen. `f1_best_threshold` tells how much
    a better threshold could give; it is chosen on the test set itself, so nobody may report it as a result.
    """
    if isinstance(test, BoxedPairs):
        return judge_boxes(fitted, test, threshold)
    tally = Tally()
    objects = ObjectCounts()
    pairs: dict[str, Sequence[int]] = {}
    for pair in test:
        probability = fitted.score(pair)
        own = Tally()
        own.add(probability, pair.change)
        tally.changed += own.changed
        tally.same += own.same
        counts = own.confusion(threshold)
        pairs[pair.name] = [counts.tp, counts.fp, counts.fn, counts.tn]
        found = probability >= threshold
        objects += ObjectCounts.of(found, pair.change, pair.gsd_m)
        if sheet is not None:
            sheet.add(pair, found)
    counts = tally.confusion(threshold)
    same = counts.fp + counts.tn
    return {
        "f1": counts.f1,
        "iou": counts.iou,
        "precision": counts.precision,
        "recall": counts.recall,
        "false_alarm_share": counts.fp / same if same else 0.0,
        "object_f1": objects.f1,
        "objects_by_size": objects.by_size(),
        "f1_at_half": tally.confusion(DEFAULT_THRESHOLD).f1,
        "f1_best_threshold": tally.confusion(tally.best_threshold()).f1,
        "pixels": [counts.tp, counts.fp, counts.fn, counts.tn],
        "pairs": pairs,
    }


def judge_boxes(fitted: Fitted, test: BoxedPairs, threshold: float) -> dict[str, Any]:
    """Return the figures of a fitted method on boxes, under names that no figure of a mask has.

    Returns:
        `boxes`: how many there are; `box_recall` and `alarm_share_outside_boxes` at the threshold, neither of
        which says anything alone; `box_recall_at_5pct_alarms`, by which methods can be compared: its
        threshold is read off the ground outside the boxes of this set, as in a curve of recall over false
        alarms. `pairs`: name -> found, boxes, alarmed and all pixels outside, at the threshold.
    """
    tally = BoxTally()
    pairs: dict[str, Sequence[int]] = {}
    for position, pair in enumerate(test):
        own = BoxTally()
        own.add(fitted.score(pair), test.boxes(position))
        tally.outside += own.outside
        tally.sure += own.sure
        counts = own.counts(threshold)
        pairs[pair.name] = [counts.found, counts.boxes, counts.alarm_px, counts.outside_px]
    counts = tally.counts(threshold)
    return {
        "boxes": counts.boxes,
        "box_recall": counts.box_recall,
        "alarm_share_outside_boxes": counts.alarm_share,
        "box_recall_at_5pct_alarms": tally.recall_at(ALARM_SHARE),
        "pairs": pairs,
    }
