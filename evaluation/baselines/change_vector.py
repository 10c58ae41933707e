"""Change vector analysis: length of the smoothed difference of standardised bands, cut by Otsu's threshold.

Source: Malila 1980 (change vectors), Bovolo and Bruzzone 2007 (their length), Otsu 1979 (the threshold).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.evaluation.baselines.otsu import above_otsu
from diachron.evaluation.baselines.standardised import standardised

REGISTERED = True

# Deviation of the Gaussian in pixels; chosen on rows <= 29 of the set gf1_s2_building, by F1.
SMOOTHING_PX = 5.0


def detect(t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float) -> NDArray[np.bool_]:
    """Return the (H, W) changed pixels: those whose score is above Otsu's threshold of the pair.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape.
    """
    return above_otsu(score(t1, t2, full_scale))


def score(t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
    """Return the (H, W) length of the smoothed change vector, in deviations of the bands.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape.
    """
    before, after = standardised(t1, t2, full_scale)
    # Smoothed before the length is taken: noise, which points anywhere, cancels out.
    vector = ndimage.gaussian_filter(after - before, (0, SMOOTHING_PX, SMOOTHING_PX))
    length: NDArray[np.float32] = np.sqrt(np.sum(vector**2, axis=0))
    return length
