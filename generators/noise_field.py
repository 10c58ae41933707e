"""Noise that hangs on the place: a pixel has the same at every date and in every window that shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# Noise is drawn in blocks of so many pixels a side, each from a stream of its own: nothing is drawn for
# ground that nobody paints.
BLOCK_PX = 64
# Keys of streams are not negative, and a window may begin left of the tile.
_OFFSET = 2**20
# Grain holds no waves much longer than this sigma, in pixels, and this share of it is brightness, the same in
# all bands. A small network leaves a part of the noise that it is given: half-trained, of white noise clouds
# of colour on all that is plain, of grain something like texture. Long waves and colours are the proposal's.
GRAIN_PX, BRIGHTNESS = 1.5, 0.85
# Where the blur that is taken away ends.
_REACH_PX = 6


def noise_at(seed: int, row: int, col: int, size: int, bands: int = 3) -> NDArray[np.float32]:
    """Return (bands, size, size) float32 standard normal noise of a window of the plane.

    Args:
        seed: of the field.
        row, col: upper left pixel, which may be negative.
        size: side in pixels.
        bands: how many.
    """
    field = np.empty((bands, size, size), np.float32)
    for down in range(row // BLOCK_PX, (row + size - 1) // BLOCK_PX + 1):
        for right in range(col // BLOCK_PX, (col + size - 1) // BLOCK_PX + 1):
            rng = np.random.default_rng([seed, down + _OFFSET, right + _OFFSET])
            block = rng.standard_normal((bands, BLOCK_PX, BLOCK_PX), np.float32)
            top, left = down * BLOCK_PX - row, right * BLOCK_PX - col
            rows = slice(max(top, 0), min(top + BLOCK_PX, size))
            cols = slice(max(left, 0), min(left + BLOCK_PX, size))
            field[:, rows, cols] = block[
                :, rows.start - top : rows.stop - top, cols.start - left : cols.stop - left
            ]
    return field


def grain_at(seed: int, row: int, col: int, size: int) -> NDArray[np.float32]:
    """Return (3, size, size) float32 grain of a window of the plane; see `grain_of`.

    Args:
        seed, row, col, size: as of `noise_at`.
    """
    return grain_of(noise_at(seed, row - _REACH_PX, col - _REACH_PX, size + 2 * _REACH_PX, bands=4))


def white_for_grain(rng: np.random.Generator, count: int, size: int) -> NDArray[np.float32]:
    """Return the (count, 4, S, S) white noise of which `grain_of` makes `count` crops of a side."""
    side = size + 2 * _REACH_PX
    return rng.standard_normal((count, 4, side, side), np.float32)


def grain_of(white: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return fine grain, mostly of brightness, with mean 0 and standard deviation 1 in each band.

    Noise of which long waves were taken out, as in Huang et al. 2024, "Blue noise for diffusion models"; here
    by a difference from its blur.

    Args:
        white: (..., 4, S, S) standard normal.

    Returns:
        (..., 3, s, s), six pixels a side less at each edge.
    """
    brightness, colours = white[..., :1, :, :], white[..., 1:, :, :]
    mixed = np.float32(np.sqrt(BRIGHTNESS)) * brightness + np.float32(np.sqrt(1.0 - BRIGHTNESS)) * colours
    blurred = mixed
    for axis in (-2, -1):
        blurred = ndimage.gaussian_filter1d(blurred, GRAIN_PX, axis=axis, radius=_REACH_PX)
    inner = slice(_REACH_PX, -_REACH_PX)
    fine: NDArray[np.float32] = (mixed - blurred)[..., inner, inner] / np.float32(_spread())
    return fine


def _spread() -> float:
    """Return the standard deviation that white noise keeps without its blur."""
    dot = np.zeros(2 * _REACH_PX + 1)
    dot[_REACH_PX] = 1.0
    blur = ndimage.gaussian_filter1d(dot, GRAIN_PX, radius=_REACH_PX, mode="constant")
    return float(np.sqrt(((np.outer(dot, dot) - np.outer(blur, blur)) ** 2).sum()))
