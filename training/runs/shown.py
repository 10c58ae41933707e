"""Pictures of a training run as PNG stores them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def as_shown(unit: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return (S, S, 3) uint8 of a (3, S, S) picture from 0 to 1; what lies outside is clipped."""
    return np.rint(unit * 255.0).clip(0.0, 255.0).astype(np.uint8).transpose(1, 2, 0)
