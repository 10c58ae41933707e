"""Moving pixels: all geometry of a date is summed into one displacement and interpolated once.

A displacement d is backward: the date's pixel p shows what stands at p - d(p) in the reference grid.
Buildings lean by whole pixels, which are copied. A constant shift is a kernel, which the optics take along; a
smooth field goes in two passes, along columns and then along rows: cubic convolution (a = -0.5; Keys 1981,
equation 4) either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

# Rows of a block: its weights and indices stay in the cache.
BLOCK = 64


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
    rows, cols = values.shape[1:]
    moved = np.empty_like(values)
    smooth = np.empty((2, rows, cols), np.float32)
    for axis in (0, 1):
        smooth[axis] = displacement.shift[axis]
    if displacement.field is not None:
        smooth += displacement.field
    # The second pass reads the first at p - d: so the first must hold what d says there, to first order.
    first = (
        smooth[0] + smooth[1] * np.gradient(smooth[0], axis=1)
        if displacement.field is not None
        else smooth[0]
    )
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
    at_row, at_col = np.nonzero((relief[0] != 0) | (relief[1] != 0))
    down = np.clip(at_row - relief[0, at_row, at_col].astype(np.intp), 0, rows - 1)
    right = np.clip(at_col - relief[1, at_row, at_col].astype(np.intp), 0, cols - 1)
    for band in values.reshape(bands, -1):
        band[at_row * cols + at_col] = band[down * cols + right]
    return values


def _weights(part: Values) -> tuple[Values, Values, Values, Values]:
    """Return the four taps at a fraction of a pixel."""
    square = part * part
    cube = square * part
    return (
        np.float32(-0.5) * (cube + part) + square,
        np.float32(1.5) * cube - np.float32(2.5) * square + np.float32(1.0),
        np.float32(-1.5) * cube + np.float32(2.0) * square + np.float32(0.5) * part,
        np.float32(0.5) * (cube - square),
    )


def _along_columns(values: Values, down: Values, start: int) -> Values:
    """Return (C, h, W): rows `start` and on of the picture moved down."""
    bands, rows, cols = values.shape
    place = np.arange(start, start + down.shape[0], dtype=np.float32)[:, None] - down
    low = np.floor(place)
    weights = _weights(place - low)
    result = np.empty((bands, *down.shape), np.float32)
    term = np.empty(down.shape, np.float32)
    across = np.arange(cols)
    flat = values.reshape(bands, -1)
    for tap, weight in enumerate(weights):
        at = low.astype(np.intp) + (tap - 1)
        np.clip(at, 0, rows - 1, out=at)
        at *= cols
        at += across
        _add(flat, at, weight, term, result, first=tap == 0)
    return result


def _along_rows(values: Values, right: Values) -> Values:
    """Return (C, h, W) moved right."""
    bands, rows, cols = values.shape
    place = np.arange(cols, dtype=np.float32) - right
    low = np.floor(place)
    weights = _weights(place - low)
    result = np.empty_like(values)
    term = np.empty(right.shape, np.float32)
    starts = np.arange(rows)[:, None] * cols
    flat = values.reshape(bands, -1)
    for tap, weight in enumerate(weights):
        at = low.astype(np.intp) + (tap - 1)
        np.clip(at, 0, cols - 1, out=at)
        at += starts
        _add(flat, at, weight, term, result, first=tap == 0)
    return result


def _add(
    flat: Values, at: NDArray[np.intp], weight: Values, term: Values, result: Values, *, first: bool
) -> None:
    for band, total_ in zip(flat, result, strict=True):
        if first:
            np.take(band, at, out=total_, mode="clip")
            total_ *= weight
        else:
            np.take(band, at, out=term, mode="clip")
            np.multiply(term, weight, out=term)
            total_ += term
