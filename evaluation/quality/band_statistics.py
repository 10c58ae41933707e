"""Band statistics: mean and contrast of each band at both dates, and of the painted over the real one.

Published sets lie between 0.73 and 1.05 in contrast of date 2 over date 1, constant for a set of real dates;
sets whose second date was painted by diffusion between 0.82 and 0.93, always the painted one. So
`painted_over_real` should be 1 on average, whatever the dates do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import UNKNOWN, PairSet
from diachron.evaluation.quality.crop_shelf import Crops
from diachron.evaluation.quality.made import MadePair
from diachron.training.unit_colours import unit_dates


@dataclass
class BandStatistics:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        real_pairs: whose figures stand beside, None for none.
    """

    real_pairs: PairSet | None = None
    _dates: list[NDArray[np.float64]] = field(default_factory=list)
    _painted: list[NDArray[np.float64]] = field(default_factory=list)
    _ndvi: list[tuple[float, float]] = field(default_factory=list)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Measure one pair outside its edits, so that what was painted does not count for the whole date."""
        clean = ~(pair.edit | pair.void)
        if not clean.any():
            return
        moments = _moments(pair.dates, clean)
        self._dates.append(moments)
        if pair.near_infrared is not None:
            one, other = (
                _ndvi(image[0], near_infrared, clean)
                for image, near_infrared in zip(pair.dates, pair.near_infrared, strict=True)
            )
            self._ndvi.append((one, other))
        date = pair.painted_date
        if date is not None:
            self._painted.append(_ratios(moments[[1 - date, date]]))

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return means over pairs per band and their spread; nothing is drawn."""
        result = _summary(self._dates)
        if self._ndvi:
            result["ndvi_t1"], result["ndvi_t2"] = _rounded(np.mean(self._ndvi, axis=0))
        if self._painted:
            ratios = np.log(np.array(self._painted))
            result["painted_over_real"] = {
                "mean": _rounded(np.exp(ratios[:, 0].mean(axis=0))),
                "contrast": _rounded(np.exp(ratios[:, 1].mean(axis=0))),
                "contrast_standard_error": _rounded(ratios[:, 1].std(axis=0) / np.sqrt(len(ratios))),
            }
        if self.real_pairs is not None:
            moments = []
            for pair in self.real_pairs:
                same = pair.change == 0
                if same.any() and pair.change.size > np.count_nonzero(pair.change == UNKNOWN):
                    moments.append(_moments(unit_dates(pair), same))
            result["real"] = {"name": self.real_pairs.name, **_summary(moments)}
        return result

    def crops(self) -> dict[str, Crops]:
        """Return nothing: whole pictures are measured."""
        return {}


def _ndvi(red: NDArray[np.float32], near_infrared: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Return the mean vegetation index, (NIR - red) / (NIR + red); black counts as 0."""
    total = np.maximum(near_infrared[where] + red[where], 1.0 / 255.0)
    return float(((near_infrared[where] - red[where]) / total).mean())


def _moments(
    dates: tuple[NDArray[np.float32], NDArray[np.float32]], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (date, mean or standard deviation, band)."""
    return np.array([[d[:, where].mean(axis=1), d[:, where].std(axis=1)] for d in dates], np.float64)


def _ratios(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the later moments over the earlier; a black or even band counts as one grey level."""
    smallest = 1.0 / 255.0
    ratios: NDArray[np.float64] = np.maximum(moments[1], smallest) / np.maximum(moments[0], smallest)
    return ratios


def _summary(moments: list[NDArray[np.float64]]) -> dict[str, Any]:
    if not moments:
        return {"pairs": 0}
    all_moments = np.array(moments)
    # Ratios are averaged as logarithms: twice and half as bright is, on average, the same.
    ratios = np.log(np.array([_ratios(m) for m in moments]))
    middle, spread = np.exp(ratios.mean(axis=0)), ratios.std(axis=0)
    return {
        "pairs": len(moments),
        "mean_t1": _rounded(all_moments[:, 0, 0].mean(axis=0)),
        "mean_t2": _rounded(all_moments[:, 1, 0].mean(axis=0)),
        "contrast_t1": _rounded(all_moments[:, 0, 1].mean(axis=0)),
        "contrast_t2": _rounded(all_moments[:, 1, 1].mean(axis=0)),
        "mean_t2_over_t1": _rounded(middle[0]),
        "contrast_t2_over_t1": _rounded(middle[1]),
        "contrast_t2_over_t1_spread": _rounded(spread[1]),
    }


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [round(float(value), 4) for value in values]
