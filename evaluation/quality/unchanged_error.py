"""Unchanged error: what differs between the dates where nothing was edited, more so beside edits?

Without an acquisition layer the dates must be equal there, byte for byte. With one they differ by light,
noise and a shift that are the same all over the picture: the rest after a straight line per band must not be
larger beside an edit than far from it, or an edit reaches beyond its mask. The bad case is a mask that is
drawn too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.evaluation.quality.crop_shelf import Crops
from diachron.evaluation.quality.made import MadePair

# Optics and misregistration carry an edit two pixels beyond its mask.
NEAREST_PX, NEAR_PX, FAR_PX = 3, 8, 24
# How far the mask of the bad case falls short.
SHORT_PX = 6
FEWEST_PX = 200
# The rest beside edits over the rest far away, above which the bad case counts as found.
FOUND = 1.25


@dataclass
class UnchangedError:
    """A measure; see `diachron.evaluation.quality`."""

    _rest: list[float] = field(default_factory=list)
    _differing: list[float] = field(default_factory=list)
    _ratios: list[float] = field(default_factory=list)
    _bad: list[float] = field(default_factory=list)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Compare the dates of one pair."""
        if not any(pair.record["acquisition"] or ()):
            same = ~pair.edit & ~pair.void
            differs = (pair.dates[0] != pair.dates[1]).any(axis=0)
            self._differing.append(float(differs[same].mean()) if same.any() else 0.0)
        outside = ~ndimage.binary_dilation(pair.edit, iterations=NEAREST_PX) & ~pair.void
        if np.count_nonzero(outside) < FEWEST_PX:
            return
        rest = _rest_of_line(*pair.dates, outside)
        self._rest.append(float(np.sqrt((rest[outside] ** 2).mean())))
        for edit, ratios in (
            (pair.edit, self._ratios),
            (ndimage.binary_erosion(pair.edit, iterations=SHORT_PX), self._bad),
        ):
            ratio = _near_over_far(rest, edit, pair.void)
            if ratio is not None:
                ratios.append(ratio)

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the figures; nothing is drawn, so the spread is over pairs.

        `differing_share` is the share of pixels outside edits that differ at all, None where every sample
        went through an acquisition layer. `rest` is the root mean square after a line per band, over full
        scale.
        """
        result: dict[str, Any] = {
            "differing_share": round(float(np.mean(self._differing)), 6) if self._differing else None,
            "rest": _mean(self._rest),
            "rest_std": _spread(self._rest),
            "beside_over_far": _mean(self._ratios),
            "beside_over_far_std": _spread(self._ratios),
            "bad_case": f"a mask that ends {SHORT_PX} pixels too early",
            "bad_beside_over_far": _mean(self._bad),
            "pairs": len(self._ratios),
        }
        found = result["bad_beside_over_far"]
        result["valid"] = found is not None and found >= FOUND
        if not result["valid"]:
            result["why"] = f"the bad case is found with a ratio of {found} only, {FOUND} is asked for"
        return result

    def crops(self) -> dict[str, Crops]:
        """Return nothing: whole pictures are compared."""
        return {}


def _rest_of_line(
    t1: NDArray[np.float32], t2: NDArray[np.float32], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (H, W) what is left of the later date after the best line per band, over all bands."""
    total = np.zeros(where.shape, np.float64)
    for one, other in zip(t1.astype(np.float64), t2.astype(np.float64), strict=True):
        x, y = one[where], other[where]
        spread = x.var()
        slope = float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread > 0 else 0.0
        total += (other - y.mean() - slope * (one - x.mean())) ** 2
    rest: NDArray[np.float64] = np.sqrt(total / len(t1))
    return rest


def _near_over_far(
    rest: NDArray[np.float64], edit: NDArray[np.bool_], void: NDArray[np.bool_]
) -> float | None:
    """Return the rest beside edits over the rest far from them; None where there is too little of either."""
    if not edit.any():
        return None
    distance = ndimage.distance_transform_edt(~edit)
    near = (distance > NEAREST_PX) & (distance <= NEAR_PX) & ~void
    far = (distance > FAR_PX) & ~void
    if min(np.count_nonzero(near), np.count_nonzero(far)) < FEWEST_PX:
        return None
    below = float(np.sqrt((rest[far] ** 2).mean()))
    return float(np.sqrt((rest[near] ** 2).mean())) / below if below > 0 else None


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _spread(values: list[float]) -> float | None:
    return round(float(np.std(values)), 4) if values else None
