"""Windows as large as a network needs them: published ones know pictures of a few hundred pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.generators.windows import CONTEXT_PX, STEP_PX, Window, windows_of

Mask = NDArray[np.bool_]


@dataclass
class _Group:
    """Windows that one frame answers for.

    Args:
        box: rows and columns of all that is answered for, first and last plus one.
        members: the windows.
    """

    box: tuple[int, int, int, int]
    members: list[Window]


def frames_of(hole: Mask, *, multiple: int, least_px: int) -> list[Window]:
    """Return windows of at least so many pixels a side, whose answers are the pixels of a hole, each once.

    As `windows_of`, but what fits into one window with its context shares it.

    Args:
        hole: (H, W) what is to be painted.
        multiple: of which sides are multiples.
        least_px: side of a window, at least; it is rounded up to the multiple.

    Raises:
        RecipeError: as `windows_of`.
    """
    step = int(np.lcm(STEP_PX, multiple))
    side = -(-least_px // step) * step
    groups: list[_Group] = []
    for window in windows_of(hole, multiple=multiple):
        box = _answered(window)
        for group in groups:
            joined = _around(group.box, box)
            if max(joined[1] - joined[0], joined[3] - joined[2]) <= side - 2 * CONTEXT_PX:
                group.box = joined
                group.members.append(window)
                break
        else:
            groups.append(_Group(box, [window]))
    return [_frame(group, side, hole) for group in groups]


def _frame(group: _Group, side: int, hole: Mask) -> Window:
    """Return the window of a group, with what it answers for in its middle."""
    top, bottom, left, right = group.box
    size = max([side, *(window.size for window in group.members)])
    row, col = (top + bottom - size) // 2, (left + right - size) // 2
    answer = np.zeros((size, size), bool)
    for window in group.members:
        rows, cols = np.nonzero(window.answer)
        answer[rows + window.row - row, cols + window.col - col] = True
    return Window(row, col, size, answer, Window(row, col, size, answer, answer).cut(hole))


def _answered(window: Window) -> tuple[int, int, int, int]:
    """Return the box of what a window answers for, on the tile."""
    rows, cols = np.flatnonzero(window.answer.any(1)), np.flatnonzero(window.answer.any(0))
    return (
        window.row + int(rows[0]),
        window.row + int(rows[-1]) + 1,
        window.col + int(cols[0]),
        window.col + int(cols[-1]) + 1,
    )


def _around(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])
