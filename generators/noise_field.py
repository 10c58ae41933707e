"""Noise that hangs on the place: a pixel has the same at every date and in every window that shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Noise is drawn in blocks of so many pixels a side, each from a stream of its own: nothing is drawn for
# ground that nobody paints.
BLOCK_PX = 64
# Keys of streams are not negative, and a window may begin left of the tile.
_OFFSET = 2**20


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
