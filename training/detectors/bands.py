"""Pictures of any sensor as the bands that a detector sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_COLOURS = ("red", "green", "blue")


def choose_bands(image: NDArray[np.generic], names: Sequence[str], count: int) -> NDArray[np.generic]:
    """Return (count, H, W): red, green, blue by name where three are wanted, else the first bands.

    A picture with fewer bands has its last one repeated, so that a grey date meets a colour detector. The
    dtype stays.

    Args:
        image: (C, H, W).
        names: of its bands; ignored where their number is another, as for the second of two sensors.
        count: how many to return.
    """
    if count == 3 and len(names) == image.shape[0] and set(_COLOURS) <= set(names):
        return image[[list(names).index(name) for name in _COLOURS]]
    if image.shape[0] >= count:
        return image[:count]
    return image[[min(band, image.shape[0] - 1) for band in range(count)]]
