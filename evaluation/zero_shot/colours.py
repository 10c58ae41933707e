"""Pairs of any sensors as two pictures of three bands, which is what the detectors of a trial see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import LabelledPair
from diachron.training.detectors.bands import choose_bands


def as_colours(pair: LabelledPair) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Return both dates as (3, H, W), chosen as `choose_bands` does for training."""
    return choose_bands(pair.t1, pair.bands, 3), choose_bands(pair.t2, pair.bands, 3)
