"""Date probe: shown both dates of a window in any order, can a network tell which one was painted?

Asked twice: around edits, and in windows without an edit, where only a whole date that was written anew can
tell. The bad case is a painted date that was written anew as a whole: a tenth less contrast, slightly
blurred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diachron.evaluation.quality.crop_shelf import Crops, Shelf
from diachron.evaluation.quality.faults import written_anew
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.probe import judge
from diachron.evaluation.quality.spots import painted_spots, untouched_spots
from diachron.training.probes.edited_crops import cut
from diachron.training.probes.learning import ProbeOptions

SIDE = 64


@dataclass
class DateProbe:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        where: `edits` or `elsewhere`.
        options: of the network's training.
    """

    where: str
    options: ProbeOptions = field(default_factory=ProbeOptions)
    windows: Shelf = field(default_factory=lambda: Shelf(SIDE, bands=6))
    bad: Shelf = field(default_factory=lambda: Shelf(SIDE, bands=6))

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take windows of one pair, each in one order."""
        date = pair.painted_date
        if date is None:
            return
        made, real = pair.dates[date], pair.dates[1 - date]
        anew = written_anew(made)
        if self.where == "edits":
            spots = painted_spots(pair, date, rng)
        else:
            spots = untouched_spots(pair, SIDE, rng, number=3)
        for spot in spots:
            for image, shelf in ((made, self.windows), (anew, self.bad)):
                shelf.add(cut(np.concatenate([image, real]), spot.centre, SIDE), pair.place)

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the figures of `probe.judge`; `made_crops` have the painted date first, the others last."""
        return judge(
            *in_two_orders(self.windows.crops()),
            in_two_orders(self.bad.crops()),
            seeds,
            stage=f"date/{self.where}",
            bad_case="the whole painted date written anew",
            options=self.options,
        )

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side, the date that stands first in colours."""
        first, last = in_two_orders(self.windows.crops())
        bad, _ = in_two_orders(self.bad.crops())
        return {"painted first": first, "painted last": last, "bad first": bad}


def in_two_orders(windows: Crops) -> tuple[Crops, Crops]:
    """Return all windows with the painted date first, and all with it last.

    Each window stands on both sides, so that neither its ground nor the recipe's choice of a date can tell.

    Args:
        windows: (N, 6, S, S), the painted date first.
    """
    swapped = np.concatenate([windows.pixels[:, 3:], windows.pixels[:, :3]], axis=1)
    return windows, Crops(swapped, windows.places)
