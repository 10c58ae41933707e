"""Dates on one scale: bands of mean zero and deviation one, which takes out a change of gain and offset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import GridError

# A band whose deviation is a smaller share of white is flat: rounding alone makes more.
FLAT = 1e-6


def standardised(
    t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both dates as (C, H, W) float32, each band of each date with mean 0 and deviation 1.

    A flat band is 0 everywhere.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape, or are no (C, H, W).
    """
    if t1.shape != t2.shape or t1.ndim != 3:
        raise GridError(f"dates of one shape (C, H, W) are compared, got {t1.shape} and {t2.shape}")
    return _standardised(t1, full_scale), _standardised(t2, full_scale)


def _standardised(image: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
    values = image.astype(np.float64) / full_scale
    mean = values.mean(axis=(1, 2), keepdims=True)
    deviation = values.std(axis=(1, 2), keepdims=True)
    scaled = np.where(deviation > FLAT, (values - mean) / np.maximum(deviation, FLAT), 0.0)
    return scaled.astype(np.float32)
