"""Seam probe: does the outline of what was painted give it away, against untouched outlines of the same date?

Crops are small and recoloured at random, so that the network has little but the edge to look at. Outlines of
painted objects stand against outlines of untouched ones, painted ground against untouched ground. The bad
case are roofs and plots of other places, set in hard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.streams import stream
from diachron.evaluation.quality.crop_shelf import Crops, Shelf, matched
from diachron.evaluation.quality.faults import Patch, paste_hard
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.probe import judge
from diachron.evaluation.quality.spots import Spot, on_outline, painted_spots, untouched_spots
from diachron.training.probes.edited_crops import CROP_PX, cut
from diachron.training.probes.learning import ProbeOptions

KIND = "seam"
SIDE = CROP_PX[KIND]
PATCH_PX = 64
PATCHES = 64


@dataclass
class SeamProbe:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        options: of the network's training.
    """

    options: ProbeOptions = field(default_factory=lambda: ProbeOptions(recolour=True))
    made: Shelf = field(default_factory=lambda: Shelf(SIDE))
    real: Shelf = field(default_factory=lambda: Shelf(SIDE))
    bad: Shelf = field(default_factory=lambda: Shelf(SIDE))
    _patches: list[Patch] = field(default_factory=list)
    kind: str = field(default=KIND, init=False)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take outlines of one pair."""
        date = pair.painted_date
        if date is None:
            return
        image = pair.dates[date]
        painted = painted_spots(pair, date, rng)
        untouched = untouched_spots(pair, SIDE, rng)
        for spot in painted:
            self.made.add(cut(image, spot.outline, SIDE), pair.place, spot.kind)
        for spot in untouched:
            self.real.add(cut(image, spot.outline, SIDE), pair.place, spot.kind)
        self._spoil(pair, date, untouched, rng)

    def _spoil(self, pair: MadePair, date: int, untouched: list[Spot], rng: np.random.Generator) -> None:
        """Set patches of other places into this one, and keep patches of this one for others."""
        others = [patch for patch in self._patches if patch.place != pair.place]
        grounds = [spot for spot in untouched if spot.kind == "ground"]
        for number, spot in enumerate(grounds if others else ()):
            patch = others[int(rng.integers(len(others)))]
            kind = "object" if number % 2 == 0 else "ground"
            if kind == "ground":
                source = others[int(rng.integers(len(others)))]
                patch = Patch(source.place, _ground_only(source), patch.mask)
            pasted = paste_hard(pair.dates[date], patch, spot.centre)
            if pasted is not None:
                picture, where = pasted
                self.bad.add(cut(picture, on_outline(where, rng), SIDE), pair.place, kind)
        for spot in untouched:
            if spot.kind == "object":
                pixels = cut(pair.dates[1 - date], spot.centre, PATCH_PX)
                ids = cut(pair.instances[1 - date], spot.centre, PATCH_PX)
                if pixels is not None and ids is not None:
                    self._keep(Patch(pair.place, np.array(pixels, np.float32), ids == spot.object_id), rng)

    def _keep(self, patch: Patch, rng: np.random.Generator) -> None:
        if len(self._patches) < PATCHES:
            self._patches.append(patch)
        else:
            self._patches[int(rng.integers(PATCHES))] = patch

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the figures of `probe.judge`."""
        made, real, bad = self.sides()
        return judge(
            made,
            real,
            (bad, real),
            seeds,
            stage=KIND,
            bad_case="roofs and plots of other places set in hard",
            options=self.options,
        )

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side."""
        return dict(zip(("made", "real", "bad"), self.sides(), strict=True))

    def sides(self) -> tuple[Crops, Crops, Crops]:
        """Return made crops, as many real ones of each kind, and those of the bad case."""
        rng = stream(0, 0, "quality/seam/match")
        made, real = matched(self.made, self.real, rng)
        return made, real, matched(self.bad, self.real, rng)[0]


def _ground_only(patch: Patch) -> NDArray[np.float32]:
    """Return a patch with its object covered by the ground around it, mirrored at the outline."""
    nearest = ndimage.distance_transform_edt(patch.mask, return_distances=False, return_indices=True)
    beyond = np.clip(2 * nearest - np.indices(patch.mask.shape), 0, patch.mask.shape[0] - 1)
    ground: NDArray[np.float32] = patch.pixels[:, beyond[0], beyond[1]]
    return ground
