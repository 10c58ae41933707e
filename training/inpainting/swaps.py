"""Holes in real crops, filled as `copy_paste` would fill them: the faults that a painter learns to mend."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.training.inpainting.places import Ground

Mask = NDArray[np.bool_]

# Holes of a crop, and the longest side of a shape that is made up, in pixels.
MOST_HOLES = 3
SIDES_PX = (6, 48)
# Share of crops that are all hole, as windows on a cleared block are: other holes all have a rim.
WHOLE = 0.15
# Share of holes that are the outline of something that stands there, as most edits are; others lie anywhere,
# and an edge along them is always a fault.
ON_OBJECT = 0.7
# Share of holes with a strip beside them, as a shadow or a lean adds to an edit, and its longest reach.
WITH_STRIP = 0.5
STRIP_PX = 8
# Places tried for a patch; the one whose labels agree best is taken, as a donor of the same class would be.
TRIED = 16
# Share of fillings that are the real pixels, only tinted, blurred or in grain. From these a network learns to
# keep what is drawn and to mend its light; from patches of elsewhere alone it learns that nothing of a
# proposal can be believed, and paints mush. With a quarter of such patches it still drew dark roofs and cast
# shadows towards the pale ground around them.
REAL = 0.95
# Spread of the brightness of a patch, of a band, and of the mended part of what its level is off.
GAIN, BAND_GAIN = 0.12, 0.04
MATCHED = (0.5, 1.0)
BLURRED, BLUR_PX = 0.4, (0.4, 1.2)
# Share of fillings with grain of their own, and its spread; a picture has one of about 1. What is taken off
# here is taken off a rough roof, too.
GRAINY, GRAIN = 0.15, (0.02, 0.15)
FEATHER_PX = (0.0, 1.5)


@dataclass(frozen=True)
class Swapped:
    """A real crop with swapped patches.

    Args:
        hole: (S, S) what was touched; at least one pixel.
        proposal: (3, S, S) float32 with patches in the holes, equal to the crop around them.
    """

    hole: Mask
    proposal: NDArray[np.float32]


def swap_patches(rng: np.random.Generator, crop: Ground, other: Ground) -> Swapped:
    """Return a crop with holes that are filled from another, or from itself.

    Args:
        rng: everything is drawn from it.
        crop: real.
        other: of the same size, where patches come from.
    """
    hole = np.zeros(crop.labels.shape, bool)
    proposal = crop.pixels.copy()
    whole = rng.random() < WHOLE
    for _ in range(1 if whole else int(rng.integers(1, MOST_HOLES + 1))):
        shape = ~crop.void if whole else draw_hole(rng, crop) & ~crop.void & ~hole
        if shape.any():
            proposal[:, shape] = _filling(rng, crop, other, shape)[:, shape]
            hole |= shape
    if not hole.any():
        middle = len(hole) // 2
        hole[middle - 4 : middle + 4, middle - 4 : middle + 4] = True
        proposal[:, hole] = _filling(rng, crop, other, hole)[:, hole]
    return Swapped(hole, proposal)


def draw_hole(rng: np.random.Generator, crop: Ground) -> Mask:
    """Return (S, S) the pixels of a hole: outline of a thing or turned rectangle, often with a strip."""
    standing = np.unique(crop.instances[crop.instances > 0])
    if standing.size and rng.random() < ON_OBJECT:
        hole = crop.instances == standing[int(rng.integers(standing.size))]
        grown = int(rng.integers(0, 3))
        hole = ndimage.binary_dilation(hole, iterations=grown) if grown else hole
    else:
        hole = _rectangle(rng, len(crop.labels))
    if rng.random() < WITH_STRIP:
        angle, reach = rng.uniform(0.0, 2.0 * np.pi), int(rng.integers(1, STRIP_PX + 1))
        for step in range(1, reach + 1):
            hole = hole | _moved(hole, round(np.sin(angle) * step), round(np.cos(angle) * step))
    return np.asarray(hole, bool)


def _rectangle(rng: np.random.Generator, size: int) -> Mask:
    rows, cols = np.mgrid[:size, :size] - rng.uniform(0, size, 2)[:, None, None]
    angle = rng.uniform(0.0, np.pi)
    half = 0.5 * np.exp(rng.uniform(math.log(SIDES_PX[0]), math.log(SIDES_PX[1]), 2))
    along = np.abs(rows * np.cos(angle) + cols * np.sin(angle))
    across = np.abs(cols * np.cos(angle) - rows * np.sin(angle))
    inside: Mask = (along <= half[0]) & (across <= half[1])
    return inside


def _moved(mask: Mask, down: int, right: int) -> Mask:
    """Return a mask shifted by some pixels; what leaves the crop is gone."""
    moved = np.zeros_like(mask)
    rows, cols = mask.shape
    moved[max(down, 0) : rows + min(down, 0), max(right, 0) : cols + min(right, 0)] = mask[
        max(-down, 0) : rows + min(-down, 0), max(-right, 0) : cols + min(-right, 0)
    ]
    return moved


def _filling(rng: np.random.Generator, crop: Ground, other: Ground, hole: Mask) -> NDArray[np.float32]:
    """Return (3, S, S) what a hole is filled with."""
    real = rng.random() < REAL
    source = other if rng.random() < 0.5 else crop
    patch = crop.pixels if real else _patch(rng, crop, source, hole)
    gain = np.exp(rng.normal(0.0, GAIN) + rng.normal(0.0, BAND_GAIN, 3))[:, None, None]
    matched = rng.uniform(*MATCHED)
    blurred, blur_px = rng.random() < BLURRED, rng.uniform(*BLUR_PX)
    grain = rng.uniform(*GRAIN) if rng.random() < GRAINY else 0.0
    feather_px = rng.uniform(*FEATHER_PX)

    level = patch[:, hole].mean(axis=1)[:, None, None]
    wanted = crop.pixels[:, hole].mean(axis=1)[:, None, None]
    # Brightness counts from black, which is not 0 here.
    black = -2.0
    patch = (patch + matched * (wanted - level) - black) * gain + black
    if blurred:
        patch = ndimage.gaussian_filter(patch, (0, blur_px, blur_px))
    if grain > 0.0:
        patch = patch + rng.normal(0.0, grain, patch.shape)
    if feather_px > 0.3:
        share = np.clip(2.0 * ndimage.gaussian_filter(hole.astype(np.float32), feather_px) - 1.0, 0.0, 1.0)
        patch = share * patch + (1.0 - share) * crop.pixels
    filled: NDArray[np.float32] = patch.astype(np.float32)
    return filled


def _patch(rng: np.random.Generator, crop: Ground, source: Ground, hole: Mask) -> NDArray[np.float32]:
    """Return a crop's pixels shifted so that its labels agree best with those in the hole, of some tries."""
    size = len(hole)
    shifts = rng.integers(0, size, (TRIED, 2))
    wanted = crop.labels[hole]
    at = np.argwhere(hole)

    def agreeing(shift: NDArray[np.int64]) -> float:
        seen = (at + shift) % size
        return float(np.mean(source.labels[seen[:, 0], seen[:, 1]] == wanted))

    # Nothing is swapped with itself: a shift of less than a few pixels would be no fault.
    far = [
        shift
        for shift in shifts
        if source is not crop or np.abs((shift + size // 2) % size - size // 2).max() > 6
    ]
    best = max(far or [np.array([size // 2, size // 2])], key=agreeing)
    return np.roll(source.pixels, (-int(best[0]), -int(best[1])), (1, 2))
