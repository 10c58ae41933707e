"""Principal components of small blocks of the difference, cut in two groups by k-means.

Source: Celik 2009, IEEE Geoscience and Remote Sensing Letters 6(4): eigenvectors from blocks side by side,
features from the block around each pixel, k = 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.evaluation.baselines.standardised import standardised

REGISTERED = True

# Side of a block in pixels, odd so that it has a middle; chosen on rows <= 29 of gf1_s2_building, by F1.
BLOCK_PX = 13
# Components kept, as in the paper's experiments.
COMPONENTS = 3
MOST_ROUNDS = 100
# Where the two groups start: the means of the least and the most different pixels, in shares of all.
TAIL = 0.05


def detect(t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float) -> NDArray[np.bool_]:
    """Return the (H, W) changed pixels: those nearer to the middle of the group that differs more.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape.
    """
    changed: NDArray[np.bool_] = score(t1, t2, full_scale) > 0
    return changed


def score(t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
    """Return the (H, W) distance to the unchanged group less that to the changed one; 0 where all is equal.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape.
    """
    before, after = standardised(t1, t2, full_scale)
    difference = np.sqrt(np.sum((after - before) ** 2, axis=0))
    if float(difference.min()) == float(difference.max()):
        return np.zeros(difference.shape, np.float32)
    features, level = _features(difference)
    middles = _two_middles(features, level)
    distance = [np.linalg.norm(features - middle, axis=1) for middle in middles]
    return (distance[0] - distance[1]).reshape(difference.shape).astype(np.float32)


def _features(difference: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (H W, S) components of the block around each pixel, and the (H W,) mean of the block."""
    rows, cols = difference.shape
    reach = BLOCK_PX // 2
    framed = np.pad(difference, reach, mode="reflect" if min(rows, cols) > reach else "edge")
    blocks = np.lib.stride_tricks.sliding_window_view(framed, (BLOCK_PX, BLOCK_PX))
    apart = blocks[reach::BLOCK_PX, reach::BLOCK_PX].reshape(-1, BLOCK_PX**2)
    mean = apart.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(apart - mean, rowvar=False, bias=True))
    # Ascending order: the last ones carry most.
    kept = vectors[:, ::-1][:, :COMPONENTS].astype(np.float32)
    features = np.concatenate([(line.reshape(cols, -1) - mean) @ kept for line in blocks])
    level = np.concatenate([line.mean(axis=(1, 2)) for line in blocks])
    return features, level


def _two_middles(features: NDArray[np.float32], level: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the middles of two groups by Lloyd's rounds, the less different group first."""
    low, high = np.quantile(level, (TAIL, 1.0 - TAIL))
    middles = [features[level <= low].mean(axis=0), features[level >= high].mean(axis=0)]
    second = np.zeros(level.shape, bool)
    for _ in range(MOST_ROUNDS):
        distance = [np.sum((features - middle) ** 2, axis=1) for middle in middles]
        now = distance[1] < distance[0]
        if np.array_equal(now, second) or now.all() or not now.any():
            break
        second = now
        middles = [features[~second].mean(axis=0), features[second].mean(axis=0)]
    if second.any() and level[second].mean() < level[~second].mean():
        middles.reverse()
    return middles
