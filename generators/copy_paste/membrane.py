"""A smooth field through values that are known in some places: how a piece of ground takes on local light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Planes = NDArray[np.float32]


def membrane(values: Planes, weight: NDArray[np.float32]) -> Planes:
    """Return (C, h, w) float32: a smooth field through the weighted values.

    Near to the harmonic field of gradient-domain blending, at the cost of one passage through a pyramid.
    Source: Gortler et al. 1996, pull and push.

    Args:
        values: (C, h, w), read where the weight is above 0.
        weight: (h, w) from 0 to 1; 0 where nothing is known.
    """
    if min(weight.shape) <= 2 or weight.min() > 0.5:
        total = max(float(weight.sum()), 1e-6)
        mean = (values * weight).sum(axis=(1, 2), keepdims=True) / total
        return np.where(weight > 1e-3, values, mean).astype(np.float32)
    rows, cols = weight.shape
    padded_rows, padded_cols = rows + rows % 2, cols + cols % 2
    edge = ((0, padded_rows - rows), (0, padded_cols - cols))
    w = np.pad(weight, edge)
    v = np.pad(values * weight, ((0, 0), *edge))
    half_w = w.reshape(padded_rows // 2, 2, padded_cols // 2, 2).sum(axis=(1, 3))
    half_v = v.reshape(-1, padded_rows // 2, 2, padded_cols // 2, 2).sum(axis=(2, 4))
    coarse = membrane(
        (half_v / np.maximum(half_w, 1e-6)).astype(np.float32), np.minimum(half_w, 1.0).astype(np.float32)
    )
    upper = doubled(coarse)[:, :rows, :cols]
    return (weight * values + (1.0 - weight) * upper).astype(np.float32)


def doubled(planes: Planes) -> Planes:
    """Return (C, 2h, 2w) planes of twice the resolution, smoothed over three pixels."""
    upper = planes.repeat(2, axis=1).repeat(2, axis=2)
    return ndimage.uniform_filter(upper, (0, 3, 3), mode="nearest")
