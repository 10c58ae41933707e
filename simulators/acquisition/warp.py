"""Moving pixels: all geometry of a date is summed into one displacement and interpolated once.

A displacement d is backward: the date's pixel p shows what stands at p - d(p) in the reference grid.
Buildings lean by whole pixels, which are copied. A constant shift is a kernel, which the optics take along; a
smooth field goes in two passes, along columns and then along rows: cubic convolution (a = -0.5; Keys 1981,
equation 4) either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

# Rows of a block, and the width from which on it is halved where whole parts of a distance are farther apart.
BLOCK = 64
MOST_APART = 2.0


@dataclass(frozen=True, eq=False)
class Displacement:
    """What moves the pixels of a date; the parts add up.

    Args:
        shift: rows down and columns right, the same everywhere.
        field: (2, H, W) float32 pixels, smooth over tens of pixels; None for none.
        relief: (2, H, W) float32 whole pixels in the reference grid, with edges at walls; None for none.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    field: Values | None = None
    relief: Values | None = None


def combined(parts: Sequence[Displacement]) -> Displacement:
    """Return the sum of displacements."""
    shift = (sum(part.shift[0] for part in parts), sum(part.shift[1] for part in parts))
    fields = [part.field for part in parts if part.field is not None]
    reliefs = [part.relief for part in parts if part.relief is not None]
    return Displacement(
        shift,
        np.sum(fields, axis=0, dtype=np.float32) if fields else None,
        np.sum(reliefs, axis=0, dtype=np.float32) if reliefs else None,
    )


def total(displacement: Displacement, shape: tuple[int, int]) -> Values:
    """Return the whole displacement as (2, H, W) float32 pixels, on the date's grid."""
    smooth = np.empty((2, *shape), np.float32)
    for axis in (0, 1):
        smooth[axis] = displacement.shift[axis]
    if displacement.field is not None:
        smooth += displacement.field
    if displacement.relief is None:
        return smooth
    # Walls lean where they stand in the reference grid, so the relief moves with the rest.
    smooth += _nearest(displacement.relief, smooth)
    return smooth


def _nearest(layers: NDArray[Any], displacement: Values) -> NDArray[Any]:
    """Return (..., H, W) layers at p - d(p), the nearest pixel, edges repeated."""
    rows, cols = displacement.shape[1:]
    down = np.rint(np.arange(rows, dtype=np.float32)[:, None] - displacement[0]).astype(np.intp)
    right = np.rint(np.arange(cols, dtype=np.float32) - displacement[1]).astype(np.intp)
    np.clip(down, 0, rows - 1, out=down)
    np.clip(right, 0, cols - 1, out=right)
    return layers[..., down, right]


def warp_labels(labels: NDArray[np.generic], displacement: Values) -> NDArray[np.generic]:
    """Return a label map as it lies in a date's picture: every pixel takes the class that it shows.

    Args:
        labels: (H, W) of any dtype, in the reference grid.
        displacement: (2, H, W) pixels of the date, as in `displacement_tK.tif`; finite.

    Returns:
        (H, W), same dtype; edges are repeated.

    Raises:
        ValueError: the shapes differ.
    """
    if displacement.shape != (2, *labels.shape):
        raise ValueError(
            f"labels are {labels.shape}, the displacement is {displacement.shape}; "
            f"expected (2, {labels.shape[0]}, {labels.shape[1]})"
        )
    return _nearest(labels, displacement)


def warp(values: Values, displacement: Displacement) -> Values:
    """Return a picture moved by shift and field, edges repeated.

    Args:
        values: (C, H, W) float32.
        displacement: with a field.
    """
    smooth = np.empty((2, *values.shape[1:]), np.float32)
    for axis in (0, 1):
        smooth[axis] = displacement.shift[axis]
    if displacement.field is not None:
        smooth += displacement.field
    # The second pass reads the first at p - d: so the first must hold what d says there, to first order.
    first = smooth[0]
    if displacement.field is not None and first.shape[1] > 1:
        first = smooth[1] * np.gradient(first, axis=1)
        first += smooth[0]
    moved = np.empty_like(values)
    rows = values.shape[1]
    for start in range(0, rows, BLOCK):
        block = slice(start, min(start + BLOCK, rows))
        between = _along_columns(values, first[block], start)
        moved[:, block] = _along_rows(between, smooth[1, block])
    return moved


def leaned(values: Values, relief: Values) -> Values:
    """Return a picture in which each pixel shows what stands by its relief away; `values` is overwritten.

    Pixels are copied: what the warp does to the picture later is the only interpolation.

    Args:
        values: (C, H, W) float32.
        relief: (2, H, W) whole pixels, down and right.
    """
    bands, rows, cols = values.shape
    down, right = relief.reshape(2, -1)
    at = np.flatnonzero((down != 0) | (right != 0))
    row, col = np.divmod(at, cols)
    row -= down[at].astype(np.intp)
    col -= right[at].astype(np.intp)
    source = np.clip(row, 0, rows - 1, out=row) * cols
    source += np.clip(col, 0, cols - 1, out=col)
    for band in values.reshape(bands, -1):
        band[at] = band[source]
    return values


def _weights(part: Values) -> tuple[Values, Values, Values, Values]:
    """Return the four taps at a fraction of a pixel."""
    square = part * part
    # The two outer taps, -0.5 t (1 - t)^2 and -0.5 t^2 (1 - t); the inner ones follow from the sums that
    # cubic convolution keeps, 1 and the place.
    last = square * part
    last -= square
    last *= np.float32(0.5)
    first = square - last
    first -= np.float32(0.5) * (part + square)
    after = part + first
    after -= np.float32(2.0) * last
    before = np.float32(1.0) - first
    before -= after
    before -= last
    return first, before, after, last


def _along_columns(values: Values, down: Values, start: int) -> Values:
    """Return (C, h, W): rows `start` and on of the picture moved down."""
    low, part = _parted(down)
    first = start + int(low.min()) - 1
    rows = np.arange(first, start + len(down) + int(low.max()) + 2)
    # The rows that are read, edges repeated; the copy stays in the cache.
    window = np.take(values, np.clip(rows, 0, values.shape[1] - 1, out=rows), axis=1)
    result = np.zeros((len(values), *down.shape), np.float32)
    for cols in _pieces(low):
        for offset, weight in _slices(part[:, cols], low[:, cols]):
            top = start + offset - first
            result[:, :, cols] += window[:, top : top + len(down), cols] * weight
    return result


def _along_rows(values: Values, right: Values) -> Values:
    """Return (C, h, W) moved right."""
    low, part = _parted(right)
    before, after = max(1 - int(low.min()), 0), max(int(low.max()) + 2, 0)
    window = np.pad(values, ((0, 0), (0, 0), (before, after)), mode="edge")
    result = np.zeros_like(values)
    for cols in _pieces(low):
        for offset, weight in _slices(part[:, cols], low[:, cols]):
            left = before + offset
            result[:, :, cols] += window[:, :, left + cols.start : left + cols.stop] * weight
    return result


def _parted(distance: Values) -> tuple[Values, Values]:
    """Return the whole and the rest of the way back."""
    backward = -distance
    low = np.floor(backward)
    backward -= low
    return low, backward


def _pieces(low: Values) -> Iterator[slice]:
    """Yield columns of a block, (h, w), in which whole parts take few values, or that are few."""
    waiting = [slice(0, low.shape[1])]
    while waiting:
        cols = waiting.pop()
        middle = (cols.start + cols.stop) // 2
        if middle - cols.start >= BLOCK and float(np.ptp(low[:, cols])) > MOST_APART:
            waiting += [slice(cols.start, middle), slice(middle, cols.stop)]
        else:
            yield cols


def _slices(part: Values, low: Values) -> Iterator[tuple[int, Values]]:
    """Yield which neighbours are read, as offsets, and how much each pixel takes of them.

    Args:
        part: (h, w) fractions of a pixel, 0-1.
        low: (h, w) whole numbers: a pixel takes the four neighbours from `low - 1` on.
    """
    taps = _weights(part)
    least, most = int(low.min()), int(low.max())
    if least == most:
        yield from ((least - 1 + tap, weight) for tap, weight in enumerate(taps))
        return
    there = [(low == level).astype(np.float32) for level in range(least, most + 1)]
    for offset in range(least - 1, most + 3):
        shares = [
            there[level - least] * taps[offset - level + 1]
            for level in range(max(least, offset - 2), min(most, offset + 1) + 1)
        ]
        yield offset, reduce(np.add, shares)
