"""Pictures of any sensor as red, green and blue from 0 to 1: what probes and measures look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import LabelledPair
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.normalisation import scale_to_unit


def unit_colours(image: NDArray[np.generic], bands: Sequence[str], full_scale: float) -> NDArray[np.float32]:
    """Return (3, H, W) float32 from 0 to 1; see `choose_bands` and `scale_to_unit`.

    Args:
        image: (C, H, W) in the sensor's scale.
        bands: names of its bands.
        full_scale: brightest value that the sensor can give.
    """
    unit: NDArray[np.float32] = np.clip(scale_to_unit(choose_bands(image, bands, 3), full_scale), 0.0, 1.0)
    return unit


def unit_dates(pair: LabelledPair) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both dates of a pair, (3, H, W) float32 from 0 to 1."""
    one, other = (unit_colours(date, pair.bands, pair.full_scale) for date in (pair.t1, pair.t2))
    return one, other
