"""Known faults of made pictures, put in on purpose: what a probe must be able to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# Diffusion sets that write a whole date anew lose 7 to 18 % of its contrast (FSC-180k and Changen2, standard
# deviations of date B over date A), and the finest detail with it.
CONTRAST_LOST = 0.10
DETAIL_LOST_PX = 0.8
# What is left between two dates without an acquisition layer: the rounding and noise of one file format.
NOISE = 0.01


def written_anew(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the picture as an image model gives it back: a tenth less contrast, slightly blurred, (C, H, W).

    Contrast alone is no fair test of a probe: the acquisition layer varies it far more, and what it hides
    from a probe it hides from a detector.
    """
    mean = image.mean(axis=(1, 2), keepdims=True)
    flat = mean + (image - mean) * np.float32(1.0 - CONTRAST_LOST)
    soft: NDArray[np.float32] = ndimage.gaussian_filter(flat, (0, DETAIL_LOST_PX, DETAIL_LOST_PX))
    return soft


def noisy_copy(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the picture with noise of 1 % of full scale and nothing else, (C, H, W) from 0 to 1."""
    noise = NOISE * rng.standard_normal(image.shape, np.float32)
    return np.clip(image + noise, 0.0, 1.0)


@dataclass(frozen=True)
class Patch:
    """Pixels that were cut out of a picture.

    Args:
        place: they come from.
        pixels: (3, S, S) from 0 to 1.
        mask: (S, S) bool, what is cut out.
    """

    place: str
    pixels: NDArray[np.float32]
    mask: NDArray[np.bool_]


def paste_hard(
    image: NDArray[np.float32], patch: Patch, centre: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
    """Return the picture with a patch set in as it is, and where: no feather, no shadow, no matching.

    Args:
        image: (3, H, W) from 0 to 1; is not changed.
        patch: to set in.
        centre: row and column of its middle.

    Returns:
        None where the patch would reach beyond the picture.
    """
    side = patch.mask.shape[0]
    row, col = centre[0] - side // 2, centre[1] - side // 2
    if row < 0 or col < 0 or row + side > image.shape[1] or col + side > image.shape[2]:
        return None
    pasted, where = image.copy(), np.zeros(image.shape[1:], bool)
    where[row : row + side, col : col + side] = patch.mask
    pasted[:, where] = patch.pixels[:, patch.mask]
    return pasted, where
