"""Square windows around what is to be painted, so that cost follows the change and not the tile.

Renderers that look through a network share this. It stands beside them and not in the pipelines: a renderer
paints a whole date when it is asked to, and may know nothing of who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import RecipeError

Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

# Pixels of the real picture that a network sees on each side of a hole: it takes light and colour from them.
CONTEXT_PX = 16
# A longer hole is painted in several windows, which see each other's part of it as still to be painted.
LONGEST_PX = 256
# Edits this near each other share a window: two would mostly hold the same pixels.
TOGETHER_PX = 12
# Sides come in steps: a network meets few sizes.
STEP_PX = 16


@dataclass(frozen=True)
class Window:
    """A square of the tile, which may reach beyond its edges.

    Args:
        row, col: upper left pixel; negative above or left of the tile.
        size: side in pixels.
        answer: (size, size) the pixels that the window answers for.
        hole: (size, size) all pixels in it that are painted; some of them may be another window's to answer.
    """

    row: int
    col: int
    size: int
    answer: Mask
    hole: Mask

    def cut(self, layer: NDArray[T]) -> NDArray[T]:
        """Return (..., size, size) of a (..., H, W) layer, which goes on as its mirror image."""
        return _cut(layer, self.row, self.col, self.size)

    def inside(self, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Return the part that lies in a tile, as an index into the tile and one into the window."""
        rows = max(self.row, 0), min(self.row + self.size, shape[0])
        cols = max(self.col, 0), min(self.col + self.size, shape[1])
        return (
            (slice(*rows), slice(*cols)),
            (slice(rows[0] - self.row, rows[1] - self.row), slice(cols[0] - self.col, cols[1] - self.col)),
        )


def windows_of(hole: Mask, *, multiple: int = 1) -> list[Window]:
    """Return windows whose answers are the pixels of a hole, each once; none where there is no hole.

    Pixels near each other come into one window. The order is that of their first pixels, so it depends on the
    hole alone.

    Args:
        hole: (H, W) what is to be painted.
        multiple: of which sides are multiples besides `STEP_PX`, at most `LONGEST_PX` less the context.

    Raises:
        RecipeError: the multiple leaves no room in a window.
    """
    step = int(np.lcm(STEP_PX, multiple))
    core = LONGEST_PX // step * step - 2 * CONTEXT_PX
    if core < 1:
        raise RecipeError(f"windows of a multiple of {step} px do not fit into {LONGEST_PX} px")
    found: list[Window] = []
    rows, cols = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    if not rows.size:
        return found
    # Only the box of the hole is searched.
    top, left = int(rows[0]), int(cols[0])
    box = hole[top : rows[-1] + 1, left : cols[-1] + 1]
    grown = np.pad(box, TOGETHER_PX // 2)
    grown = ndimage.maximum_filter(grown, size=TOGETHER_PX // 2 * 2 + 1)
    groups, _ = ndimage.label(grown, structure=np.ones((3, 3), bool))
    groups = groups[TOGETHER_PX // 2 : -(TOGETHER_PX // 2), TOGETHER_PX // 2 : -(TOGETHER_PX // 2)] * box
    for number, slices in enumerate(ndimage.find_objects(groups), start=1):
        if slices is None:
            continue
        for cell in _cells(slices, core):
            own = groups[cell] == number
            if own.any():
                found.append(_around(own, top + cell[0].start, left + cell[1].start, step, hole))
    return found


def _cells(box: tuple[slice, slice], core: int) -> Iterator[tuple[slice, slice]]:
    """Yield parts of a box, of about the same size and no longer than `core`, row by row."""
    spans = []
    for side in box:
        length = side.stop - side.start
        count = -(-length // core)
        bounds = [side.start + length * k // count for k in range(count + 1)]
        spans.append([slice(a, b) for a, b in pairwise(bounds)])
    for rows in spans[0]:
        for cols in spans[1]:
            yield rows, cols


def _around(own: Mask, row: int, col: int, step: int, hole: Mask) -> Window:
    """Return the window around pixels whose box begins at a row and a column; they lie in its middle."""
    size = -(-(max(own.shape) + 2 * CONTEXT_PX) // step) * step
    answer = np.zeros((size, size), bool)
    down, right = (size - own.shape[0]) // 2, (size - own.shape[1]) // 2
    answer[down : down + own.shape[0], right : right + own.shape[1]] = own
    row, col = row - down, col - right
    return Window(row, col, size, answer, _cut(hole, row, col, size))


def _cut(layer: NDArray[T], row: int, col: int, size: int) -> NDArray[T]:
    rows = _folded(row + np.arange(size), layer.shape[-2])
    cols = _folded(col + np.arange(size), layer.shape[-1])
    return layer[..., rows[:, None], cols]


def _folded(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    turned = index % (2 * length)
    return np.minimum(turned, 2 * length - 1 - turned)
