"""The crops that a probe looks at: around outlines of what was painted, or around the thing as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.training.probes.edited_parts import edited_parts, middle, outline

# Kind of probe -> side of its crops in pixels.
CROP_PX = {"painted": 64, "seam": 32}
# Points of one outline, evenly spaced: one alone may lie in a shadow.
OUTLINE_POINTS = 4


def cut(layer: NDArray[np.generic], centre: tuple[int, int], side: int) -> NDArray[np.generic] | None:
    """Return the (..., side, side) window around a pixel, moved inside; None if a picture is too small."""
    rows, cols = layer.shape[-2:]
    if rows < side or cols < side:
        return None
    row = min(max(centre[0] - side // 2, 0), rows - side)
    col = min(max(centre[1] - side // 2, 0), cols - side)
    return layer[..., row : row + side, col : col + side]


def edited_crops(
    kind: str,
    image: NDArray[np.float32],
    instances: tuple[NDArray[np.integer], NDArray[np.integer]],
    edit: NDArray[np.bool_],
) -> list[NDArray[np.float32]]:
    """Return the crops of each painted thing of a date; nothing is drawn.

    Args:
        kind: of the probe, a key of `CROP_PX`.
        image: (C, H, W) from 0 to 1, the date that was painted.
        instances: (H, W) object ids of that date and of the other, which was not painted.
        edit: (H, W) bool, pixels that may have been touched.

    Returns:
        (N, C, S, S) for each thing: up to four crops along its outline for a `seam` probe, else one around
        its middle. Empty where the picture is smaller than a crop, or nothing was painted.
    """
    side = CROP_PX[kind]
    if min(image.shape[1:]) < side:
        return []
    found = []
    for part in edited_parts(*instances, edit):
        points = _spread(outline(part.mask)) if kind == "seam" else [middle(part.mask)]
        crops = [crop for point in points if (crop := cut(image, point, side)) is not None]
        found.append(np.stack(crops).astype(np.float32))
    return found


def _spread(points: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return up to four of the points, evenly spaced in their order."""
    chosen = np.unique(np.linspace(0, len(points) - 1, min(len(points), OUTLINE_POINTS)).round().astype(int))
    return [(int(row), int(col)) for row, col in points[chosen]]
