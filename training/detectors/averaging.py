"""Crops at a coarser ground sampling distance: pictures by their mean, label maps by what fills most of a
pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import UNKNOWN


def average_down(image: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return (..., size, size) means over each pixel's area of a square (..., S, S) picture, S >= size."""
    if image.shape[-1] == size:
        return image
    rows = _means(image, size, axis=-2)
    return _means(rows, size, axis=-1).astype(np.float32)


def _means(image: NDArray[np.floating], size: int, axis: int) -> NDArray[np.float64]:
    """Return means over equal, perhaps fractional, stretches along an axis, as differences of running sums.

    A product with a matrix of shares does the same; its threads took twenty times as long on busy cores.
    """
    length = image.shape[axis]
    running = np.cumsum(image, axis=axis, dtype=np.float64)
    running = np.concatenate([np.zeros_like(running.take([0], axis)), running], axis)
    edges = np.arange(size + 1) * (length / size)
    below = np.minimum(edges.astype(np.intp), length - 1)
    shape = [1] * image.ndim
    shape[axis] = size + 1
    part = (edges - below).reshape(shape)
    upto = running.take(below, axis) * (1.0 - part) + running.take(below + 1, axis) * part
    means: NDArray[np.float64] = np.diff(upto, axis=axis) * (size / length)
    return means


def share_down(change: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return a square change map at (size, size).

    A pixel is unknown where more than half of its area is, changed where more than half of its known area is.

    Args:
        change: (S, S) uint8: 0 same, 1 changed, 255 unknown.
    """
    if change.shape[-1] == size:
        return change
    changed = average_down((change == 1).astype(np.float32), size)
    known = average_down((change != UNKNOWN).astype(np.float32), size)
    # Half a millionth: sums of shares are exact to about that in float32, and a half is no majority.
    coarse = (changed > 0.5 * known + 5e-7).astype(np.uint8)
    coarse[known < 0.5 - 5e-7] = UNKNOWN
    return coarse


def majority_down(labels: NDArray[np.uint8], size: int, classes: int) -> NDArray[np.uint8]:
    """Return a square label map at (size, size), each pixel with the value that fills most of its known area.

    Of equal shares the lower value wins; a pixel is unknown (255) where more than half of its area is.

    Args:
        labels: (S, S) uint8 values below `classes`, or 255 unknown.
        classes: number of values.
    """
    if labels.shape[-1] == size:
        return labels
    present = np.unique(labels)
    present = present[present < classes]
    shares = [average_down((labels == value).astype(np.float32), size) for value in present]
    known = average_down((labels != UNKNOWN).astype(np.float32), size)
    coarse = np.full((size, size), UNKNOWN, np.uint8)
    if shares:
        # Rounded, so that equal shares are equal whatever the order of the sum.
        coarse = present[np.argmax(np.round(np.stack(shares), 6), axis=0)].astype(np.uint8)
        coarse[known < 0.5 - 5e-7] = UNKNOWN
    return coarse
