"""What was painted at a date, part by part: objects that were put there, and ground laid over others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SIDES = np.ones((3, 3), bool)


@dataclass(frozen=True)
class EditedPart:
    """One painted thing.

    Args:
        kind: `object` or `ground`.
        mask: (H, W) bool, its pixels.
        object_id: of an object, else 0.
    """

    kind: str
    mask: NDArray[np.bool_]
    object_id: int = 0


def edited_parts(
    here: NDArray[np.integer], there: NDArray[np.integer], edit: NDArray[np.bool_]
) -> Iterator[EditedPart]:
    """Yield the objects that stand at the painted date alone, then the ground that was laid, in fixed order.

    Args:
        here: (H, W) object ids at the date that was painted, 0 where none stands.
        there: the same at the other date, which was not.
        edit: (H, W) bool, pixels that may have been touched.
    """
    new = np.setdiff1d(here, there)
    new = new[new > 0]
    for number in new:
        yield EditedPart("object", here == number, int(number))
    pieces, count = ndimage.label(edit, SIDES)
    with_new = np.unique(pieces[np.isin(here, new)])
    for piece in range(1, count + 1):
        # A shadow that lies apart from its object is too small to be cleared ground.
        if piece not in with_new:
            yield EditedPart("ground", pieces == piece)


def middle(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return row and column of the pixel of a mask that is nearest to its centre of mass."""
    rows, cols = np.nonzero(mask)
    nearest = int(np.argmin((rows - rows.mean()) ** 2 + (cols - cols.mean()) ** 2))
    return int(rows[nearest]), int(cols[nearest])


def outline(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return (N, 2) rows and columns of the pixels on the outline of a mask, row by row."""
    # The rim of the picture is no outline: beyond it the object goes on.
    found = np.argwhere(mask & ~ndimage.binary_erosion(mask, border_value=1))
    return found if len(found) else np.argwhere(mask)
