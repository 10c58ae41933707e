"""Painted probe: crops around what was painted, against crops around untouched things of the real date.

Whatever differs counts: outlines, light, sharpness, sizes, or a whole date that was written anew. Objects
stand against objects, ground against ground. The bad case is a painted date that was written anew as a
whole: a tenth less contrast, slightly blurred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diachron.core.streams import stream
from diachron.evaluation.quality.crop_shelf import Crops, Shelf, matched
from diachron.evaluation.quality.faults import written_anew
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.probe import judge
from diachron.evaluation.quality.spots import painted_spots, untouched_spots
from diachron.training.probes.edited_crops import CROP_PX, cut
from diachron.training.probes.learning import ProbeOptions

KIND = "painted"
SIDE = CROP_PX[KIND]


@dataclass
class PaintedProbe:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        options: of the network's training.
    """

    options: ProbeOptions = field(default_factory=ProbeOptions)
    made: Shelf = field(default_factory=lambda: Shelf(SIDE))
    real: Shelf = field(default_factory=lambda: Shelf(SIDE))
    bad: Shelf = field(default_factory=lambda: Shelf(SIDE))
    kind: str = field(default=KIND, init=False)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take crops of one pair."""
        date = pair.painted_date
        if date is None:
            return
        image = pair.dates[date]
        anew = written_anew(image)
        for spot in painted_spots(pair, date, rng):
            self.made.add(cut(image, spot.centre, SIDE), pair.place, spot.kind)
            self.bad.add(cut(anew, spot.centre, SIDE), pair.place, spot.kind)
        for spot in untouched_spots(pair, SIDE, rng):
            self.real.add(cut(pair.dates[1 - date], spot.centre, SIDE), pair.place, spot.kind)

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the figures of `probe.judge`."""
        made, real, bad = self.sides()
        return judge(
            made,
            real,
            (bad, real),
            seeds,
            stage=KIND,
            bad_case="the whole painted date written anew",
            options=self.options,
        )

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side."""
        return dict(zip(("made", "real", "bad"), self.sides(), strict=True))

    def sides(self) -> tuple[Crops, Crops, Crops]:
        """Return made crops, as many real ones of each kind, and those of the bad case."""
        rng = stream(0, 0, "quality/painted/match")
        made, real = matched(self.made, self.real, rng)
        return made, real, matched(self.bad, self.real, rng)[0]
