"""Pixels as the networks see them, by constants: a window is scaled exactly like the picture around it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Rounded mean and spread of the unit-scaled bands of 8-bit aerial imagery. Statistics of the window itself
# would make a window's answer differ from the whole picture's, and would remove what differs between the
# dates.
MEAN = 0.4
STD = 0.2


def scale_to_unit(image: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
    """Return pixels over the brightest value that the sensor can give: 0 to 1 as float32; NaN becomes 0."""
    unit: NDArray[np.float32] = image.astype(np.float32)
    unit *= np.float32(1.0 / full_scale)
    if np.issubdtype(image.dtype, np.floating):
        np.nan_to_num(unit, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
    return unit


def normalise(unit: Tensor) -> Tensor:
    """Return unit-scaled pixels with about zero mean and unit spread."""
    return torch.sub(unit, MEAN).mul_(1.0 / STD)
