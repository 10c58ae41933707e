"""Iteratively reweighted multivariate alteration detection: differences of canonical variates.

Differences of canonical variates do not change with any linear change of the bands. Pixels that look
unchanged get more weight in the next round, so the background is learnt from the pair itself.

Source: Nielsen 2007, IEEE Transactions on Image Processing 16(2), equations 7 to 12; Otsu 1979 (the
threshold).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, ndimage, special

from diachron.evaluation.baselines.otsu import above_otsu
from diachron.evaluation.baselines.standardised import standardised

REGISTERED = True

# Rounds end when no canonical correlation moves by more; the paper goes on to 1e-6 or 30 rounds.
SETTLED = 1e-4
MOST_ROUNDS = 30
# Added to the variances, which are 1: equal bands (a grey picture stored as three) stay solvable.
RIDGE = 1e-4
# Means and variances are taken from at most so many pixels of a regular grid: more would not move them.
STATISTICS_PX = 20_000
# Deviation of the Gaussian in pixels; chosen on rows <= 29 of the set gf1_s2_building, by F1.
SMOOTHING_PX = 5.0


def detect(t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float) -> NDArray[np.bool_]:
    """Return the (H, W) changed pixels: those whose score is above Otsu's threshold of the pair.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape.
    """
    return above_otsu(score(t1, t2, full_scale))


def score(t1: NDArray[np.generic], t2: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
    """Return the (H, W) root of the sum of squared standardised MAD variates, each smoothed.

    Args:
        t1, t2: (C, H, W), the source's dtype and scale.
        full_scale: value of white.

    Raises:
        GridError: the dates differ in shape.
    """
    before, after = standardised(t1, t2, full_scale)
    if np.array_equal(before, after):
        return np.zeros(before.shape[1:], np.float32)
    variates = mad_variates(before.astype(np.float64), after.astype(np.float64))
    smooth = ndimage.gaussian_filter(variates, (0, SMOOTHING_PX, SMOOTHING_PX))
    length: NDArray[np.float32] = np.sqrt(np.sum(smooth**2, axis=0)).astype(np.float32)
    return length


def mad_variates(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (C, H, W) MAD variates, each divided by its deviation where nothing changed.

    Args:
        before, after: (C, H, W), mean 0 and deviation 1.
    """
    bands = before.shape[0]
    step = math.ceil(math.sqrt(before[0].size / STATISTICS_PX))
    sampled = np.concatenate([before[:, ::step, ::step], after[:, ::step, ::step]]).reshape(2 * bands, -1)
    weights = np.ones(sampled.shape[1])
    last = np.zeros(bands)
    for _ in range(MOST_ROUNDS):
        mean = (sampled @ weights / weights.sum())[:, np.newaxis]
        centred = sampled - mean
        spread = (centred * weights) @ centred.T / weights.sum() + RIDGE * np.eye(2 * bands)
        correlation, ours, theirs = _canonical(spread, bands)
        # Two variates of variance 1 and correlation r differ with variance 2 (1 - r).
        both = np.concatenate([ours, -theirs]) / np.sqrt(2.0 * (1.0 - correlation))
        # The chance of a larger sum of squares, if nothing changed.
        weights = special.chdtrc(bands, np.sum((both.T @ centred) ** 2, axis=0))
        if np.abs(correlation - last).max() < SETTLED or weights.sum() < bands:
            break
        last = correlation
    whole = np.concatenate([before, after]).reshape(2 * bands, -1)
    variates: NDArray[np.float64] = (both.T @ (whole - mean)).reshape(before.shape)
    return variates


def _canonical(
    spread: NDArray[np.float64], bands: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return canonical correlations and both sides' (C, C) coefficients, variances 1, correlations >= 0."""
    own, across, other = spread[:bands, :bands], spread[:bands, bands:], spread[bands:, bands:]
    squared, ours = linalg.eigh(across @ linalg.solve(other, across.T, assume_a="pos"), own)
    correlation = np.sqrt(np.clip(squared, 0.0, 1.0 - 1e-9))
    theirs = linalg.solve(other, across.T @ ours, assume_a="pos")
    norm = np.sqrt(np.einsum("ik,ij,jk->k", theirs, other, theirs))
    return correlation, ours, theirs / np.maximum(norm, 1e-12)
