"""What counts as change between two dates, computable from the maps alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from diachron.core.events import ChangeEvent
from diachron.core.labels import LabelSchema

# Marks, in change.tif, pixels that the labels do not know.
CHANGE_IGNORE = 255


def changed(
    schema: LabelSchema,
    labels_before: NDArray[np.uint8],
    instances_before: NDArray[np.int32],
    labels_after: NDArray[np.uint8],
    instances_after: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Return where labels differ, or the object that the scheme can show there is another one.

    A house that replaces a house is a change; a house in a scheme that knows roads only is none.

    Args:
        schema: of the label maps.
        labels_before, labels_after: (H, W) uint8 canonical ids.
        instances_before, instances_after: (H, W) int32 object ids.
    """
    shows = schema.shows_objects
    shown_before = np.where(shows[labels_before], instances_before, 0)
    shown_after = np.where(shows[labels_after], instances_after, 0)
    differs: NDArray[np.bool_] = (labels_before != labels_after) | (shown_before != shown_after)
    return differs


def owners(shape: tuple[int, int], events: Iterable[ChangeEvent]) -> NDArray[np.int32]:
    """Return the (H, W) int32 id of the last event that covers each pixel, 0 where none does.

    Args:
        shape: of the grid.
        events: between two dates, in order of time.
    """
    owner = np.zeros(shape, np.int32)
    for event in events:
        owner[event.footprint.window][event.footprint.mask] = event.id
    return owner


def visible_pixels(owner: NDArray[np.int32], change: NDArray[np.bool_]) -> dict[int, int]:
    """Return event id -> changed pixels that it owns; 0 owns what no event covers."""
    ids, counts = np.unique(owner[change], return_counts=True)
    return {int(i): int(n) for i, n in zip(ids, counts, strict=True)}
