"""Label fidelity: does a segmenter that never labelled anything see buildings where the labels say so?

Asked of painted buildings and cleared ground, beside untouched buildings and ground of the real date, which
say how good the segmenter itself is here. The bad case are the painted footprints at the date at which
nothing stands there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.labels import LabelSchema
from diachron.evaluation.quality.crop_shelf import Crops
from diachron.evaluation.quality.made import MadePair
from diachron.training.segmenters.classes import CLASSES, UNSURE

BUILDING = CLASSES.index("building")
# Untouched buildings must be called buildings this much more often than the bad case is.
FOUND = 0.3
QUESTIONS = ("painted_buildings", "untouched_buildings", "cleared_ground", "untouched_ground", "bad")


class Answer(Protocol):
    """What a scorer says of a picture."""

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(H, W) positions in `CLASSES`, 255 where it is not sure."""
        ...


class Scorer(Protocol):
    """A segmenter that judges; `training.segmenters.Segmenter` with the role `scorer` is one."""

    @property
    def gsd_m(self) -> tuple[float, float] | None:
        """Metres a pixel, finest and coarsest, that it knows; None where that is not known."""
        ...

    def classify(self, image: NDArray[np.generic], full_scale: float) -> Answer:
        """Return the classes of a (C, H, W) picture."""
        ...


@dataclass
class Fidelity:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        scorer: judges.
        schema: of the label maps.
    """

    scorer: Scorer
    schema: LabelSchema
    _counts: dict[str, list[tuple[int, int, int]]] = field(
        default_factory=lambda: {name: [] for name in QUESTIONS}
    )

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Ask about both dates of one pair."""
        date = pair.painted_date
        ids = [c.id for c in self.schema.classes if c.hub == hub.BUILDING]
        if date is None or not ids:
            return
        made, real = (self._classes(pair.dates[d], pair.gsd_m) for d in (date, 1 - date))
        stands, stood = (np.isin(pair.labels[d], ids) for d in (date, 1 - date))
        known = ~pair.void & (pair.labels[0] != self.schema.ignore) & (pair.labels[1] != self.schema.ignore)
        edit = ndimage.binary_dilation(pair.edit, iterations=2)
        new, gone = stands & ~stood & known, stood & ~stands & known
        for name, where, seen in (
            ("painted_buildings", new, made),
            ("untouched_buildings", stands & stood & known & ~edit, real),
            ("cleared_ground", gone, made),
            ("untouched_ground", ~stands & ~stood & known & ~edit, real),
            ("bad", new, real),
        ):
            found = seen[where]
            unsure = int(np.count_nonzero(found == UNSURE))
            self._counts[name].append((int(np.count_nonzero(found == BUILDING)), unsure, found.size))

    def _classes(self, image: NDArray[np.float32], gsd_m: float) -> NDArray[np.uint8]:
        """Return the classes of a date, seen no finer than the scorer has learnt to see."""
        finest = self.scorer.gsd_m[0] if self.scorer.gsd_m is not None else gsd_m
        factor = max(1, round(finest / gsd_m))
        rows, cols = image.shape[1:]
        rim = ((0, 0), (0, -rows % factor), (0, -cols % factor))
        padded = np.pad(image, rim, mode="symmetric")
        height, width = padded.shape[1] // factor, padded.shape[2] // factor
        coarse = padded.reshape(-1, height, factor, width, factor).mean(axis=(2, 4))
        labels = self.scorer.classify(coarse, 1.0).labels
        return labels.repeat(factor, axis=0).repeat(factor, axis=1)[:rows, :cols]

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the share of each kind of ground that is called building, with its spread over pairs.

        Pixels of which the scorer is not sure are left out and counted as `unsure`. Nothing is drawn.
        """
        result: dict[str, Any] = {name: self._share(name) for name in QUESTIONS[:-1]}
        result["bad_case"] = "the painted footprints at the date at which nothing stands there"
        bad = self._share("bad")
        result["bad_share"] = bad["called_building"]
        sees, mistakes = result["untouched_buildings"]["called_building"], bad["called_building"]
        result["valid"] = sees is not None and mistakes is not None and sees - mistakes >= FOUND
        if not result["valid"]:
            result["why"] = (
                f"the scorer calls {sees} of untouched buildings building and {mistakes} of empty ground: "
                "it does not know these places"
            )
        return result

    def _share(self, name: str) -> dict[str, Any]:
        counts = np.array(self._counts[name], np.float64).reshape(-1, 3)
        buildings, unsure, asked = counts.sum(axis=0)
        sure = asked - unsure
        each = counts[:, 2] - counts[:, 1] > 0
        shares = counts[each, 0] / (counts[each, 2] - counts[each, 1])
        return {
            "called_building": round(float(buildings / sure), 4) if sure else None,
            "spread": round(float(shares.std()), 4) if shares.size else None,
            "unsure": round(float(unsure / asked), 4) if asked else None,
            "pixels": int(asked),
        }

    def crops(self) -> dict[str, Crops]:
        """Return nothing: whole pictures are judged."""
        return {}
