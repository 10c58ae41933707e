"""Bands along outlines, straightened: the outline runs along the middle row of each band."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

Mask = NDArray[np.bool_]
Arc = tuple[NDArray[np.float64], NDArray[np.float64]]

# Pixels on each side of an outline that a probe may see, and length of one stretch of it.
SIDE_PX = 8
STRETCH_PX = 32
TRIES = 12


def crops_along(
    image: NDArray[np.float32], mask: Mask, blocked: Mask, rng: np.random.Generator, most: int
) -> list[NDArray[np.float32]]:
    """Return up to `most` (C, 32, 32) crops: two stretches of the outline of a mask, one above the other.

    Args:
        image: (C, H, W).
        mask: (H, W) of the thing whose outline is followed.
        blocked: (H, W) pixels that no band may touch: other things, ground without data.
        rng: chooses the stretches.
        most: crops.
    """
    closed = [arc for arc in outlines(mask) if len(arc[0]) >= STRETCH_PX]
    if not closed:
        return []
    lengths = np.array([len(points) for points, _ in closed], float)
    bands: list[NDArray[np.float32]] = []
    for _ in range(TRIES * most):
        points, normals = closed[int(rng.choice(len(closed), p=lengths / lengths.sum()))]
        band = _band(image, points, normals, int(rng.integers(len(points))), blocked)
        if band is not None:
            bands.append(band)
        if len(bands) == 2 * most:
            break
    return [np.concatenate(pair, axis=1) for pair in zip(bands[::2], bands[1::2], strict=False)]


def outlines(mask: Mask) -> Iterator[Arc]:
    """Yield (points, outward normals) of each closed outline of a mask, a pixel apart, corners smoothed."""
    padded = np.pad(mask, 1).astype(np.float32)
    for contour in measure.find_contours(padded, 0.5):
        ring = contour[:-1] - 1.0
        if len(ring) < STRETCH_PX:
            continue
        ring = ndimage.gaussian_filter1d(ring, 2.0, axis=0, mode="wrap")
        steps = np.hypot(*np.diff(np.vstack([ring, ring[:1]]), axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        at = np.arange(int(along[-1]))
        closed = np.vstack([ring, ring[:1]])
        points = np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], axis=1)
        if len(points) < 4:
            continue
        tangents = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
        tangents /= np.maximum(np.hypot(*tangents.T), 1e-6)[:, None]
        normals = np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)
        inner = np.rint(points - 1.5 * normals).astype(int).clip(0, np.array(mask.shape) - 1)
        # Most points a step inwards lie in the mask, or the normals point inwards.
        sign = 1.0 if mask[inner[:, 0], inner[:, 1]].mean() >= 0.5 else -1.0
        yield points, sign * normals


def _band(
    image: NDArray[np.float32],
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    start: int,
    blocked: Mask,
) -> NDArray[np.float32] | None:
    """Return a (C, 16, 32) band from the inside (row 0) outwards, None where it leaves its ground."""
    chosen = (start + np.arange(STRETCH_PX)) % len(points)
    away = np.arange(-SIDE_PX, SIDE_PX) + 0.5
    at = points[chosen].T[:, None, :] + away[None, :, None] * normals[chosen].T[:, None, :]
    nearest = np.rint(at).astype(int)
    limit = np.array(blocked.shape)[:, None, None]
    if (nearest < 0).any() or (nearest >= limit).any() or blocked[nearest[0], nearest[1]].any():
        return None
    return np.stack([ndimage.map_coordinates(layer, at, order=1, mode="nearest") for layer in image])
