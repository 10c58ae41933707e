"""Predicted change against boxes: extents of known changes where no mask exists.

Two figures: the share of boxes with enough predicted change inside, and the share of the ground outside all
boxes that is predicted as change. Other changes may exist outside, so the second is an upper bound of false
alarms; and a detector that calls everything change finds every box, so neither is read alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from diachron.evaluation.scores.binary import share

# Boxes were set by hand to about +-6 px; that strip belongs neither inside nor outside.
MARGIN_PX = 6
# A change fills a part of its box; a speckle does not find it.
SHARE_TO_FIND = 0.1

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class ChangeBox:
    """Extent of a change.

    Args:
        x0, y0, x1, y1: columns x0 to x1 and rows y0 to y1 of the pixels, the ends not included.
        change: what changed, in words.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    change: str = ""

    def inside(self, values: NDArray[Value]) -> NDArray[Value]:
        """Return the part of (H, W) values that lies in the box, as a view; parts beyond do not count."""
        return values[max(0, self.y0) : max(0, self.y1), max(0, self.x0) : max(0, self.x1)]


def outside_of(
    shape: tuple[int, int], boxes: Sequence[ChangeBox], margin_px: int = MARGIN_PX
) -> NDArray[np.bool_]:
    """Return (H, W) bool: pixels outside all boxes and a margin around each."""
    outside = np.ones(shape, bool)
    for box in boxes:
        wider = replace(
            box,
            x0=box.x0 - margin_px,
            y0=box.y0 - margin_px,
            x1=box.x1 + margin_px,
            y1=box.y1 + margin_px,
        )
        wider.inside(outside)[:] = False
    return outside


@dataclass(frozen=True)
class BoxCounts:
    """Boxes found, and alarms outside; `a + b` are those of both.

    Args:
        boxes, found: boxes, and those with enough predicted change inside.
        outside_px, alarm_px: pixels outside all boxes and their margins, and those predicted as change.
    """

    boxes: int = 0
    found: int = 0
    outside_px: int = 0
    alarm_px: int = 0

    @classmethod
    def of(
        cls,
        predicted: NDArray[np.bool_],
        boxes: Sequence[ChangeBox],
        *,
        share_to_find: float = SHARE_TO_FIND,
        margin_px: int = MARGIN_PX,
    ) -> BoxCounts:
        """Return the counts of a pair.

        Args:
            predicted: (H, W) bool.
            boxes: of the pair; parts beyond the picture do not count.
            share_to_find: a box is found where at least this share of its pixels is predicted as change.
            margin_px: strip around each box that does not count as outside.
        """
        rows, cols = predicted.shape
        outside = outside_of((rows, cols), boxes, margin_px)
        parts = [box.inside(predicted) for box in boxes]
        found = sum(bool(part.size) and float(part.mean()) >= share_to_find for part in parts)
        return cls(len(boxes), found, int(outside.sum()), int((predicted & outside).sum()))

    def __add__(self, other: BoxCounts) -> BoxCounts:
        return BoxCounts(
            self.boxes + other.boxes,
            self.found + other.found,
            self.outside_px + other.outside_px,
            self.alarm_px + other.alarm_px,
        )

    @property
    def box_recall(self) -> float:
        """Share of the boxes that are found; 0.0 without boxes."""
        return share(self.found, self.boxes)

    @property
    def alarm_share(self) -> float:
        """Share of the pixels outside all boxes that are predicted as change; 0.0 without such pixels."""
        return share(self.alarm_px, self.outside_px)
