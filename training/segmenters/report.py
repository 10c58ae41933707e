"""How well a segmenter does at places it has not seen, class by class and place by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.training.segmenters.classes import ANY, CLASSES
from diachron.training.segmenters.segmenter import UNSURE_BELOW, Segmenter
from diachron.training.segmenters.tiles import TileSet


@dataclass
class Tally:
    """Counts over tiles; the first row of each pair of counts is over all pixels, the second over sure ones.

    Args:
        hits, alarms, misses: (2, 6) pixels a class: found rightly, found wrongly, not found.
        pixels: all, and those that are sure.
        known: of both, those whose map excludes some class.
        agreeing: of those, how many are found as one of the classes that they may be.
        tiles: counted.
    """

    hits: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, len(CLASSES)), np.int64))
    alarms: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, len(CLASSES)), np.int64))
    misses: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, len(CLASSES)), np.int64))
    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    known: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    agreeing: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    tiles: int = 0

    def add(self, labels: NDArray[np.uint8], sure: NDArray[np.bool_], allowed: NDArray[np.uint8]) -> None:
        """Count a tile.

        A pixel is of a class where its map allows no other, and known not to be of it where its map excludes
        it; a pixel that may be of the class or not counts neither way.

        Args:
            labels: (H, W) likeliest classes.
            sure: (H, W) where they are to be relied on.
            allowed: (H, W) sets of classes.
        """
        self.tiles += 1
        counted = allowed != ANY
        agrees = (allowed >> labels) & 1 == 1
        for row, mask in enumerate((np.ones_like(sure), sure)):
            self.pixels[row] += np.count_nonzero(mask)
            self.known[row] += np.count_nonzero(mask & counted)
            self.agreeing[row] += np.count_nonzero(mask & counted & agrees)
            for k in range(len(CLASSES)):
                found, truth = mask & (labels == k), mask & (allowed == 1 << k)
                self.hits[row, k] += np.count_nonzero(found & truth)
                self.misses[row, k] += np.count_nonzero(truth & ~found)
                self.alarms[row, k] += np.count_nonzero(found & ((allowed >> k) & 1 == 0))

    def join(self, other: Tally) -> None:
        """Add the counts of another tally."""
        for name in ("hits", "alarms", "misses", "pixels", "known", "agreeing"):
            getattr(self, name).__iadd__(getattr(other, name))
        self.tiles += other.tiles

    def to_json(self) -> dict[str, Any]:
        """Return shares; a class that the maps never name for sure is left out."""
        classes = {}
        for k, name in enumerate(CLASSES):
            truth = self.hits[:, k] + self.misses[:, k]
            if truth[0]:
                classes[name] = {
                    "iou": _share(self.hits[0, k], truth[0] + self.alarms[0, k]),
                    "iou_sure": _share(self.hits[1, k], truth[1] + self.alarms[1, k]),
                    "precision": _share(self.hits[0, k], self.hits[0, k] + self.alarms[0, k]),
                    "recall": _share(self.hits[0, k], truth[0]),
                    "truth_share": _share(truth[0], self.pixels[0]),
                }
        return {
            "tiles": self.tiles,
            "pixels": int(self.pixels[0]),
            "unsure": _share(self.pixels[0] - self.pixels[1], self.pixels[0]),
            "agreeing": _share(self.agreeing[0], self.known[0]),
            "agreeing_sure": _share(self.agreeing[1], self.known[1]),
            "classes": classes,
        }


def score_places(
    segmenter: Segmenter,
    sets: Sequence[TileSet],
    *,
    unsure_below: float = UNSURE_BELOW,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the accuracy on every held-out tile, JSON-ready.

    Args:
        segmenter: to judge.
        sets: only their held-out tiles are read.
        unsure_below: as for `Segmenter.classify`.
        progress: called with (tiles done, all tiles).

    Returns:
        `places`, by `SET/PLACE`, and `all`, each with the number of tiles and pixels, the share of unsure
        pixels, the share of known pixels found as one of the classes they may be (`agreeing`; without the
        unsure ones `agreeing_sure`), and by class IoU over all pixels (`iou`), over the sure ones
        (`iou_sure`), precision, recall, and its share of all pixels. Classes without truth are left out.
    """
    tallies: dict[str, Tally] = {}
    listed = [
        (tiles, position, facts)
        for tiles in sets
        for position, facts in enumerate(tiles.facts)
        if facts.held_out
    ]
    for done, (tiles, position, facts) in enumerate(listed, 1):
        tile = tiles.read(position)
        found = segmenter.classify(tile.image, tile.full_scale, bands=tile.bands, unsure_below=0.0)
        tally = tallies.setdefault(f"{tiles.name}/{facts.place}", Tally())
        tally.add(found.labels, found.confidence >= unsure_below, tile.allowed)
        if progress is not None:
            progress(done, len(listed))
    total = Tally()
    for tally in tallies.values():
        total.join(tally)
    return {
        "unsure_below": unsure_below,
        "places": {key: tallies[key].to_json() for key in sorted(tallies)},
        "all": total.to_json(),
    }


def _share(part: np.int64, whole: np.int64) -> float | None:
    return round(float(part) / float(whole), 4) if whole else None
