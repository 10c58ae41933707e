"""Pairs of any sensors as two pictures of three bands, which is what the detectors of a trial see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import LabelledPair

_RED_GREEN_BLUE = ("red", "green", "blue")


def as_colours(pair: LabelledPair) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Return both dates as (3, H, W): red, green, blue by name, else the first three; grey is repeated."""
    return _three(pair.t1, pair.bands), _three(pair.t2, pair.bands)


def _three(image: NDArray[np.generic], bands: tuple[str, ...]) -> NDArray[np.generic]:
    if len(bands) == image.shape[0] and set(_RED_GREEN_BLUE) <= set(bands):
        return image[[bands.index(name) for name in _RED_GREEN_BLUE]]
    return image[:3] if image.shape[0] >= 3 else np.repeat(image[:1], 3, axis=0)
