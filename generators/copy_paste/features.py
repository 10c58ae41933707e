"""What ground looks like at half the resolution: its colours, its grain and the direction that it runs in.

Two pieces of ground are compared by these planes instead of pixel by pixel: rows of a field or ruts of a
track lie at other pixels in two places and still run the same way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Planes = NDArray[np.float32]

# Beside the colours: grain and the two parts of the direction.
EXTRA_PLANES = 3
COLOUR_SIGMA = 1.0  # of the half resolution, as the next two
GRAIN_SIGMA = 2.0
# The structure tensor looks at some ten pixels: a row of crops and its neighbours.
DIRECTION_SIGMA = 3.0


def ground_features(image: NDArray[np.generic], valid: Mask) -> Planes:
    """Return (C + 3, ceil(H / 2), ceil(W / 2)) float32 planes in the picture's scale.

    C coarse colours; the deviation from pixel to pixel; and the structure tensor's double angle, as a vector
    whose length is the gradient's strength along one direction. Pixels that are not valid lend nothing to
    their neighbours.

    Source of the tensor: Bigun and Granlund 1987; double angle as in Knutsson and Granlund 1983.

    Args:
        image: (C, H, W) in the source's scale.
        valid: (H, W) ground that counts.
    """
    weight = _pooled(valid.astype(np.float32))
    sums = np.stack([_pooled(band * valid) for band in image.astype(np.float32)])
    colours = _averaged(sums, weight, COLOUR_SIGMA)
    bright = image[:3].mean(axis=0, dtype=np.float32)
    whole = (weight > 0.99).astype(np.float32)
    middle = _pooled(bright)
    variance = np.maximum(_pooled(bright * bright) - middle * middle, 0.0)
    grain = np.sqrt(_averaged(whole * variance, whole, GRAIN_SIGMA))
    down, right = np.gradient(np.where(whole > 0, middle, colours[:3].mean(axis=0)))
    squares = np.stack([right * right - down * down, 2.0 * right * down, right * right + down * down])
    one_way, other_way, strength = _averaged(squares * whole, whole, DIRECTION_SIGMA)
    direction = np.stack([one_way, other_way]) / np.sqrt(np.maximum(strength, 1e-12))
    return np.concatenate([colours, grain[np.newaxis], direction]).astype(np.float32)


def _pooled(plane: NDArray[np.floating]) -> Planes:
    """Return the means of 2 x 2 pixels; an odd edge is doubled."""
    rows, cols = plane.shape
    even = np.pad(plane, ((0, rows % 2), (0, cols % 2)), mode="edge")
    return (0.25 * (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2])).astype(np.float32)


def _averaged(sums: NDArray[np.floating], weight: NDArray[np.floating], sigma: float) -> Planes:
    """Return a Gaussian average over the weighted pixels; the last two axes are rows and columns."""
    sigmas = (0.0,) * (sums.ndim - 2) + (sigma, sigma)
    weights = ndimage.gaussian_filter(weight, sigma, truncate=3.0)
    averaged = ndimage.gaussian_filter(sums, sigmas, truncate=3.0) / np.maximum(weights, 1e-4)
    return averaged.astype(np.float32)
