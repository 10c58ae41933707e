"""Painting a whole picture over its sketch, in overlapping windows whose answers run into each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.generators.inpainting.painter import Holes, Manner
from diachron.generators.models.pixels import colour_bands, from_network, to_network
from diachron.generators.semantic.painter import SemanticPainter
from diachron.generators.semantic.sketch import regions_of, sketch_of
from diachron.generators.windows import Window

# Side of a window, and from one to the next: every pixel lies in four at most, which costs 1.8 times the
# picture. Stretches of 64 px are shared, over which one answer fades into the other.
SIZE_PX, STRIDE_PX = 256, 192


def paint_over(
    image: NDArray[np.generic],
    full_scale: float,
    bands: Sequence[str],
    labels: NDArray[np.uint8],
    instances: NDArray[np.int32],
    gsd_m: float,
    *,
    painter: SemanticPainter,
    manner: Manner,
    seed: int,
) -> NDArray[np.generic]:
    """Return the picture as a network sees its sketch, (C, H, W) in the dtype of `image`.

    Red, green and blue are painted, or the first three bands where none has that name; further bands move
    with the brightness of those, so that an index of two bands stays sensible. Cost grows with the area.

    Args:
        image: (C, H, W), of which the sketch is made.
        full_scale: brightest value of its scale.
        bands: C names.
        labels: (H, W) hub ids that are seen.
        instances: (H, W) object ids.
        gsd_m: metres a pixel.
        painter, manner: who paints, and how.
        seed: of the noise, which hangs on the place.
    """
    chosen = list(colour_bands(tuple(bands)))
    regions = regions_of(labels, instances, None)
    sketch = sketched(image, full_scale, bands, regions, painter.reading.detail_px)
    shape = (image.shape[-2], image.shape[-1])
    summed, weight = np.zeros((3, *shape)), np.zeros(shape)
    for window in windows_over(shape, painter.network.stride):
        known = window.cut(sketch)[np.newaxis]
        holes = Holes(
            picture=known,
            proposal=known,
            hole=window.hole[np.newaxis],
            labels=window.cut(labels)[np.newaxis],
            noise=painter.noise(seed, window.row, window.col, window.size)[np.newaxis],
            gsd_m=gsd_m,
        )
        box, inner = window.inside(shape)
        share = _fading(window.size)[inner]
        summed[:, box[0], box[1]] += share * painter.paint(holes, manner)[0][:, inner[0], inner[1]]
        weight[box] += share
    painted = from_network(summed / weight, full_scale)
    values = image.astype(np.float64)
    level = values[chosen].mean(axis=0)
    gain = painted.mean(axis=0) / np.maximum(level, full_scale / 255.0)
    for band in range(len(values)):
        same = [position for position, other in enumerate(chosen) if other == band]
        values[band] = painted[same].mean(axis=0) if same else values[band] * gain
    values = np.clip(values, 0.0, full_scale)
    if np.issubdtype(image.dtype, np.integer):
        values = np.rint(values)
    return values.astype(image.dtype)


def sketched(
    image: NDArray[np.generic],
    full_scale: float,
    bands: Sequence[str],
    regions: NDArray[np.int32],
    detail_px: float,
) -> NDArray[np.float32]:
    """Return the (3, H, W) sketch of a picture, as a network sees it.

    Args:
        image, full_scale, bands: as for `paint_over`.
        regions, detail_px: as for `sketch.sketch_of`.
    """
    pixels = to_network(image[list(colour_bands(tuple(bands)))], full_scale)
    return sketch_of(pixels, regions, detail_px)


def windows_over(shape: tuple[int, int], multiple: int) -> list[Window]:
    """Return windows that cover a picture, row by row; those at the far edges reach beyond it.

    Args:
        shape: of the picture.
        multiple: of which the side is a multiple.
    """
    size = -(-SIZE_PX // multiple) * multiple
    every = np.ones((size, size), bool)
    margin = (size - STRIDE_PX) // 2
    return [
        Window(row, col, size, every, every)
        for row in range(-margin, shape[0] - margin, STRIDE_PX)
        for col in range(-margin, shape[1] - margin, STRIDE_PX)
    ]


def _fading(size: int) -> NDArray[np.float64]:
    """Return (size, size) how much a window's answer counts: 1 in the middle, down to its edges."""
    shared = size - STRIDE_PX
    ramp = np.minimum(np.arange(size) + 0.5, size - np.arange(size) - 0.5) / shared
    side = np.minimum(ramp, 1.0)
    return np.outer(side, side)
