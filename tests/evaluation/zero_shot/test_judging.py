"""A test set with boxes in a trial: figures of its own, under names that no figure of masks has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.evaluation.datasets.naip import BoxedPairs, TwoYears
from diachron.evaluation.scores.boxes import ChangeBox
from diachron.evaluation.zero_shot.methods import Fitted
from diachron.evaluation.zero_shot.table import BOX_FIGURES, FIGURES, flat_runs, markdown, rows_of
from diachron.evaluation.zero_shot.trial import TrialOptions, run_trial
from tests.pairs import bright_squares

SQUARES = bright_squares(2, side=64)


class Bright:
    """Bright pixels of the second date are change."""

    name = "bright"
    seeded = False

    def fit(self, seed: int, folder: Path) -> Fitted:
        """Return the method."""
        return Fitted(lambda pair: (pair.t2[0] > 200).astype(np.float32))

    def kept(self, folder: Path) -> Fitted:
        """Return the method."""
        return self.fit(0, folder)


def boxed() -> BoxedPairs:
    """Return pairs of which a box is known around the square, and one where nothing is bright."""
    entries = []
    for pair in SQUARES:
        rows, cols = np.nonzero(pair.change)
        square = ChangeBox(int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1, "built")
        x = 0 if square.x0 > 24 else 48
        quiet = ChangeBox(x, square.y0, x + 10, square.y1, "cleared")
        entries.append(TwoYears(pair.name, Path(), Path(), 1.0, (square, quiet)))
    by_name: dict[str, LabelledPair] = {pair.name: pair for pair in SQUARES}

    def read(entry: TwoYears) -> LabelledPair:
        pair = by_name[entry.name]
        return replace(pair, change=np.full_like(pair.change, UNKNOWN))

    return BoxedPairs("boxes", entries, read)


def test_boxes_have_figures_of_their_own(tmp_path: Path) -> None:
    done = run_trial(Bright(), 0, {"squares": SQUARES, "boxes": boxed()}, TrialOptions(tmp_path))
    figures = done["tests"]["boxes"]
    assert (figures["boxes"], figures["box_recall"], figures["alarm_share_outside_boxes"]) == (4, 0.5, 0.0)
    assert figures["box_recall_at_5pct_alarms"] == 0.5
    assert [counts[:3] for counts in figures["pairs"].values()] == [[1, 2, 0], [1, 2, 0]]
    assert not set(figures) & {*FIGURES, "pixels"}
    # There is nothing to draw in three colours where no mask is known.
    assert not (tmp_path / "bright" / "seed-0" / "errors-boxes.png").exists()


def test_rows_of_boxes_and_of_masks_share_no_figure(tmp_path: Path) -> None:
    done = run_trial(Bright(), 0, {"squares": SQUARES, "boxes": boxed()}, TrialOptions(tmp_path))
    masks, boxes = rows_of([done], "small")
    assert {f"{name}_mean" for name in BOX_FIGURES} <= set(boxes)
    assert not {f"{name}_mean" for name in FIGURES} & set(boxes)
    assert not {f"{name}_mean" for name in BOX_FIGURES} & set(masks)
    assert (boxes["boxes"], boxes["box_recall_at_5pct_alarms_mean"]) == (4, 0.5)
    assert markdown([masks, boxes]).splitlines()[2] == "| bright | 1.000 | 0.500 of 4 boxes |"
    runs = {run["test"]: run for run in flat_runs([done])}
    assert runs["boxes"]["box_recall"] == 0.5
    assert "f1" not in runs["boxes"]
    assert "f1_best_threshold" in runs["squares"]
