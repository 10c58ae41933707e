"""A picture of any size in windows, each of which answers for its middle only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from diachron.core.errors import RecipeError


@dataclass(frozen=True)
class Window:
    """Rows and columns to read, and those that the reading answers for.

    Args:
        read: (first row, first column, end row, end column) that the network sees.
        answer: the same of its middle, in rows and columns of the whole picture.
    """

    read: tuple[int, int, int, int]
    answer: tuple[int, int, int, int]

    @property
    def rows_and_cols(self) -> tuple[slice, slice]:
        """The answer as an index into the whole picture."""
        return slice(self.answer[0], self.answer[2]), slice(self.answer[1], self.answer[3])

    @property
    def inside(self) -> tuple[slice, slice]:
        """The answer as an index into what is read."""
        rows = slice(self.answer[0] - self.read[0], self.answer[2] - self.read[0])
        return rows, slice(self.answer[1] - self.read[1], self.answer[3] - self.read[1])

    def cut(self, layer: NDArray[Any]) -> NDArray[Any]:
        """Return what is read of a (..., H, W) layer."""
        top, left, bottom, right = self.read
        return layer[..., top:bottom, left:right]


def cut_windows(shape: tuple[int, int], window_px: int, overlap_px: int, multiple: int) -> Iterator[Window]:
    """Yield windows whose answers tile the picture, row by row.

    The network's border effects reach inwards from the edge of what it reads; half the overlap on each side
    is read and thrown away. At the edge of the picture the window ends with it, as the whole picture would.

    Args:
        shape: rows and columns of the picture.
        window_px: longest side of a window.
        overlap_px: shared by neighbours.
        multiple: windows start at multiples of it, so that the network pools the same pixels together as it
        would
            in the whole picture.

    Raises:
        RecipeError: a window that is no multiple of `multiple`, or an overlap that leaves nothing of it.
    """
    margin = -(-overlap_px // (2 * multiple)) * multiple
    step = window_px - 2 * margin
    if window_px % multiple or step <= 0 or overlap_px < 0:
        raise RecipeError(
            f"windows of {window_px} px that overlap by {overlap_px} px: expected a multiple of {multiple} "
            f"px that is larger than the overlap (rounded up to {2 * margin} px)"
        )
    for rows in _spans(shape[0], window_px, step, margin):
        for cols in _spans(shape[1], window_px, step, margin):
            yield Window((rows[0], cols[0], rows[1], cols[1]), (rows[2], cols[2], rows[3], cols[3]))


def _spans(length: int, window: int, step: int, margin: int) -> list[tuple[int, int, int, int]]:
    if length <= window:
        return [(0, length, 0, length)]
    return [
        (max(start - margin, 0), min(start + step + margin, length), start, min(start + step, length))
        for start in range(0, length, step)
    ]
