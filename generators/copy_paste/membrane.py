"""A smooth field through values that are known in some places: how a piece of ground takes on local light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    half_w = _quads(weight[np.newaxis])[0]
    half_v = _quads(values * weight)
    coarse = membrane(half_v / np.maximum(half_w, np.float32(1e-6)), np.minimum(half_w, np.float32(1.0)))
    upper = doubled(coarse)[:, :rows, :cols]
    return (weight * values + (1.0 - weight) * upper).astype(np.float32)


def _quads(planes: Planes) -> Planes:
    """Return (C, ceil(h / 2), ceil(w / 2)) the sums of 2 x 2 pixels; there is nothing beyond the edge."""
    bands, rows, cols = planes.shape
    if rows % 2 or cols % 2:
        even = np.zeros((bands, rows + rows % 2, cols + cols % 2), np.float32)
        even[:, :rows, :cols] = planes
        planes = even
    sums: Planes = planes[:, ::2, ::2] + planes[:, ::2, 1::2]
    sums += planes[:, 1::2, ::2]
    sums += planes[:, 1::2, 1::2]
    return sums


def doubled(planes: Planes) -> Planes:
    """Return (C, 2h, 2w) planes of twice the resolution, smoothed over three pixels, edges repeated."""
    return _doubled_rows(_doubled_rows(planes).swapaxes(1, 2)).swapaxes(1, 2)


def _doubled_rows(planes: Planes) -> Planes:
    """Return (C, 2h, w): of three fine pixels, two lie in one coarse pixel and one in the next."""
    bands, rows, cols = planes.shape
    third = planes * np.float32(1.0 / 3.0)
    own = planes - third
    fine = np.empty((bands, rows, 2, cols), np.float32)
    fine[:, :, 0] = own
    fine[:, :, 1] = own
    fine[:, 1:, 0] += third[:, :-1]
    fine[:, :-1, 1] += third[:, 1:]
    fine[:, 0, 0] += third[:, 0]
    fine[:, -1, 1] += third[:, -1]
    return fine.reshape(bands, 2 * rows, cols)
