"""Otsu's threshold on the scores of one pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu


def above_otsu(score: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the (H, W) pixels whose score is above Otsu's threshold; none where all scores are equal.

    Otsu needs two levels; one level is a pair of equal dates.
    """
    if float(score.min()) == float(score.max()):
        return np.zeros(score.shape, bool)
    above: NDArray[np.bool_] = score > threshold_otsu(score)
    return above
