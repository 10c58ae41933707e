"""How much a place has really changed between two pictures, whatever their light, season and sensor.

The idea: edges stay where they are when light, haze, season and sensor change, and go when a house comes or
goes. Each picture becomes a field of edge directions, which no rising tone curve turns; the two fields are
compared block by block, and a block disagrees where its edges have no partner nearby.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Field = NDArray[np.complex64]

# Width of the derivative: outlines and cars. At 2 or 3 pixels strong change is told less well.
WIDTH_PX = 1.2
# 32 pixels hold a house or two at 0.3-1 m; a block begins every 16.
BLOCK_PX = 32
# Shifts of the whole picture, and of a block beside it, that are forgiven: NAIP's dates fit to 0.5-5 pixels,
# and roofs lean.
WHOLE_SHIFT_PX = 8
BLOCK_SHIFT_PX = 2
# Gradients at this quantile of the picture weigh half of the strongest: gain and haze drop out.
HALF_WEIGHT_QUANTILE = 0.7
# Two blocks without edges agree: so much a pixel is added to what two blocks share, and to what they have.
FLAT = 0.04
# Disagreement from which a block counts.
DISAGREES = 0.8
# Blocks that know less of their pixels say nothing.
LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class RealChange:
    """What two pictures of a place say about its change.

    Args:
        share: of the blocks that disagree, 0-1.
        disagreement: (rows, columns) float32 of the blocks, 0 where all edges have a partner, up to 2; NaN
            where too little is known.
        shift_px: (down, right) by which the later picture is to be moved onto the earlier one.
    """

    share: float
    disagreement: NDArray[np.float32]
    shift_px: tuple[int, int]


def real_change(t1: NDArray[np.generic], t2: NDArray[np.generic], known: Mask) -> RealChange:
    """Return how much differs between two real pictures beyond their acquisition.

    With g the gradient of the mean of the first three bands (Gaussian derivative, 1.2 pixels wide) and k the
    70 % quantile of |g|, an edge is z = (g / |g|)^2 |g| / (|g| + k), where g is a complex number; squaring
    makes opposite directions one, so that a roof lighter or darker than its ground is the same roof. For a
    block, disagreement = 1 - max_d (2 Re sum z1 conj(z2_d) + n f) / (sum |z1|^2 + sum |z2_d|^2 + n f)
    with z2_d moved by d, n its pixels and f = 0.04; it is 0 for equal blocks, near 1 for unrelated ones, and
    small where neither has edges.

    It is a screen and no detector: leaves, harvest, long shadows and leaning towers disagree too, and a house
    on a plot with many other edges may pass.

    Args:
        t1, t2: (C, H, W), the earlier picture first; any dtype and scale.
        known: (H, W) pixels that have data at both dates.

    Source: double-angle gradient orientation, Granlund 1978; orientation correlation for registration,
    Fitch et al. 2002. Constants: naip_ca_60cm, 426 pairs (benchmarks/real_dates.py).
    """
    first, second = (_edges(_grey(image, known), known) for image in (t1, t2))
    shift = _whole_shift(first, second)
    cell = max(1, min(BLOCK_PX, *known.shape) // 2)
    disagreement = _disagreement(first, _moved(second, *shift), cell)
    known_px = _sums(known.astype(np.float32), cell)
    disagreement[known_px < LEAST_KNOWN * (2 * cell) ** 2] = np.nan
    told = disagreement[np.isfinite(disagreement)]
    share = float(np.count_nonzero(told > DISAGREES)) / max(1, told.size)
    return RealChange(share, disagreement, shift)


def _grey(image: NDArray[np.generic], known: Mask) -> NDArray[np.float32]:
    """Return the mean of the first three bands; what is not known takes the mean of what is."""
    grey = image[:3].mean(axis=0, dtype=np.float32)
    return np.where(known, grey, grey[known].mean() if known.any() else 0.0).astype(np.float32)


def _edges(grey: NDArray[np.float32], known: Mask) -> Field:
    """Return edges as complex numbers of double angle, 0-1 long; nothing where pixels are not known."""
    down = ndimage.gaussian_filter(grey, WIDTH_PX, order=(1, 0))
    right = ndimage.gaussian_filter(grey, WIDTH_PX, order=(0, 1))
    length = np.hypot(right, down)
    half = float(np.quantile(length, HALF_WEIGHT_QUANTILE))
    # A picture of one value has no edges; the smallest number keeps it from being divided by 0.
    tiny = np.finfo(np.float32).tiny
    turned = (right + 1j * down) ** 2 / np.maximum(length * (length + half), tiny)
    return np.where(known, turned, 0).astype(np.complex64)


def _whole_shift(first: Field, second: Field) -> tuple[int, int]:
    """Return the shift of the second field, up to 8 pixels, at which most edges meet."""
    met = np.fft.ifft2(np.fft.fft2(first) * np.conj(np.fft.fft2(second))).real
    down, right = (min(WHOLE_SHIFT_PX, length - 1) for length in met.shape)
    # The smallest of equal shifts: two empty pictures are not moved.
    return max(
        product(range(-down, down + 1), range(-right, right + 1)),
        key=lambda shift: (met[shift], -abs(shift[0]) - abs(shift[1])),
    )


def _disagreement(first: Field, second: Field, cell: int) -> NDArray[np.float32]:
    reach = range(-BLOCK_SHIFT_PX, BLOCK_SHIFT_PX + 1)
    flat = FLAT * (2 * cell) ** 2
    own = _sums(np.abs(first) ** 2, cell) + flat
    agreements = []
    for down, right in product(reach, reach):
        moved = _moved(second, down, right)
        shared = _sums((first * np.conj(moved)).real, cell)
        agreements.append((2.0 * shared + flat) / (own + _sums(np.abs(moved) ** 2, cell)))
    agreement: NDArray[np.float32] = np.maximum.reduce(agreements)
    return 1.0 - agreement


def _moved(field: Field, down: int, right: int) -> Field:
    """Return a field moved by whole pixels, nothing coming in at the border."""
    rows, cols = field.shape
    moved = np.zeros_like(field)
    moved[max(down, 0) : rows + min(down, 0), max(right, 0) : cols + min(right, 0)] = field[
        max(-down, 0) : rows + min(-down, 0), max(-right, 0) : cols + min(-right, 0)
    ]
    return moved


def _sums(values: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """Return the sums of blocks of 2 x 2 cells, one a cell further than the one before.

    What is left over at the lower and right edge is not counted.
    """
    rows, cols = (length // cell for length in values.shape)
    cells = values[: rows * cell, : cols * cell].reshape(rows, cell, cols, cell).sum(axis=(1, 3))
    rowwise = cells[:-1] + cells[1:]
    summed: NDArray[np.float32] = rowwise[:, :-1] + rowwise[:, 1:]
    return summed
