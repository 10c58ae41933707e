"""Painting over the sketch of a picture, all of it or parts, in windows that are painted as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.generators.inpainting.painter import Holes, Manner
from diachron.generators.models.pixels import (
    by_band,
    colour_bands,
    from_network,
    put_colours,
    to_network,
)
from diachron.generators.semantic.painter import SemanticPainter
from diachron.generators.semantic.sketch import regions_of, sketch_of
from diachron.generators.windows import Window, windows_of

# Longest side of a window of whole pictures: 512 px are one, and 1024² in several cost 1.3 times the picture.
LONGEST_WHOLE_PX = 512
# What neighbours share, over which one answer fades into the other.
SHARED_PX = 64


@dataclass(frozen=True)
class Content:
    """What a picture shows, and in which terms.

    Args:
        labels: (H, W) hub ids that are seen.
        instances: (H, W) object ids.
        bands: names.
        full_scale: brightest value of the picture's scale.
        gsd_m: metres a pixel.
    """

    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]
    bands: tuple[str, ...]
    full_scale: float
    gsd_m: float


@dataclass(frozen=True)
class Brush:
    """Who paints, and how.

    Args:
        painter: with what it has learned to read.
        manner: of painting.
        seed: of the noise, which hangs on the place.
    """

    painter: SemanticPainter
    manner: Manner
    seed: int

    def sketch(self, image: NDArray[np.generic], content: Content) -> NDArray[np.float32]:
        """Return the (3, H, W) sketch of a (C, H, W) picture that the painter reads."""
        regions = regions_of(content.labels, content.instances, None)
        detail_px = self.painter.reading.detail_px
        return sketched(image, content.full_scale, content.bands, regions, detail_px)

    def paint(self, window: Window, sketch: NDArray[np.float32], content: Content) -> NDArray[np.float32]:
        """Return (3, S, S) what the painter makes of a window of a sketch, all of it."""
        known = window.cut(sketch)[np.newaxis]
        holes = Holes(
            picture=known,
            proposal=known,
            hole=np.ones((1, window.size, window.size), bool),
            labels=window.cut(content.labels)[np.newaxis],
            noise=self.painter.noise(self.seed, window.row, window.col, window.size)[np.newaxis],
            gsd_m=content.gsd_m,
        )
        return self.painter.paint(holes, self.manner)[0]


def paint_over(image: NDArray[np.generic], content: Content, brush: Brush) -> NDArray[np.generic]:
    """Return the picture as a network sees its sketch, (C, H, W) in the dtype of `image`.

    Red, green and blue are painted, or the first three bands where none has that name; further bands move
    with the brightness of those, so that an index of two bands stays sensible. Cost grows with the area.

    Args:
        image: (C, H, W), of which the sketch is made.
        content: what it shows.
        brush: who paints.
    """
    chosen, full_scale = colour_bands(content.bands), content.full_scale
    sketch, shape = brush.sketch(image, content), (image.shape[-2], image.shape[-1])
    summed, weight = np.zeros((3, *shape)), np.zeros(shape)
    for window in windows_over(shape, brush.painter.network.stride):
        answer = brush.paint(window, sketch, content)
        box, inner = window.inside(shape)
        share = _fading(window.size)[inner]
        summed[:, box[0], box[1]] += share * answer[:, inner[0], inner[1]]
        weight[box] += share
    painted = from_network(summed / weight, full_scale)
    values = image.astype(np.float64)
    level = values[list(chosen)].mean(axis=0)
    gain = painted.mean(axis=0) / np.maximum(level, full_scale / 255.0)
    seen = by_band(painted, chosen)
    for band in range(len(values)):
        values[band] = seen[band] if band in seen else values[band] * gain
    values = np.clip(values, 0.0, full_scale)
    if np.issubdtype(image.dtype, np.integer):
        values = np.rint(values)
    return values.astype(image.dtype)


def paint_parts(
    image: NDArray[np.generic], parts: NDArray[np.bool_], content: Content, brush: Brush
) -> NDArray[np.generic]:
    """Return a picture with some parts painted like the others by `paint_over`, (C, H, W).

    Each window is painted as a whole, over the sketch of all that it shows. Told that only the parts are to
    be painted, and shown painted ground around them, the network gives new roofs darker, dotted rims than
    older ones have. Bands that are not seen as colours keep their bytes.

    Only windows around the parts are painted; they meet without fading where a part is longer than one. The
    sketch is that of the whole picture: at 512 px it takes as long as the smallest window, 0.04 s.

    Args:
        image: (C, H, W) what was painted before, with a procedural picture in the parts.
        parts: (H, W).
        content: what the picture shows, parts and all.
        brush: who paints.
    """
    sketch, shape, result = brush.sketch(image, content), (image.shape[-2], image.shape[-1]), image.copy()
    for window in windows_of(parts, multiple=brush.painter.network.stride):
        answer = brush.paint(window, sketch, content)
        box, inner = window.inside(shape)
        colours = from_network(answer, content.full_scale)[:, inner[0], inner[1]]
        put_colours(result, box, window.answer[inner], colours, colour_bands(content.bands))
    return result


def sketched(
    image: NDArray[np.generic],
    full_scale: float,
    bands: Sequence[str],
    regions: NDArray[np.int32],
    detail_px: float,
) -> NDArray[np.float32]:
    """Return the (3, H, W) sketch of a picture, as a network sees it.

    Args:
        image: (C, H, W).
        full_scale: brightest value of its scale.
        bands: C names.
        regions, detail_px: as for `sketch.sketch_of`.
    """
    pixels = to_network(image[list(colour_bands(tuple(bands)))], full_scale)
    return sketch_of(pixels, regions, detail_px)


def windows_over(shape: tuple[int, int], multiple: int) -> list[Window]:
    """Return windows of one size that cover a picture, row by row, each pixel in one to four of them.

    Each side is parted evenly, and the size is that of the parts of one of them, whichever costs less.
    Windows at the far edges may reach beyond the picture.

    Args:
        shape: of the picture.
        multiple: of which the side of a window is a multiple.
    """
    # With less than that beside each other a pixel would lie in three of a row.
    least = min(2 * SHARED_PX, max(shape))
    candidates = [_covering(shape, _even_part(side, least, multiple)) for side in shape]
    return min(candidates, key=lambda windows: len(windows) * windows[0].size ** 2)


def _even_part(side: int, least: int, multiple: int) -> int:
    """Return how long windows are that share a side among as few as may be."""
    count = max(1, -(-(side - SHARED_PX) // (LONGEST_WHOLE_PX - SHARED_PX)))
    length = -(-(side + (count - 1) * SHARED_PX) // count)
    return -(-max(length, least) // multiple) * multiple


def _covering(shape: tuple[int, int], size: int) -> list[Window]:
    every = np.ones((size, size), bool)
    rows, cols = (range(0, max(side - SHARED_PX, 1), max(size - SHARED_PX, 1)) for side in shape)
    return [Window(row, col, size, every, every) for row in rows for col in cols]


def _fading(size: int) -> NDArray[np.float64]:
    """Return (size, size) how much a window's answer counts: 1 in the middle, down to its edges."""
    ramp = np.minimum(np.arange(size) + 0.5, size - np.arange(size) - 0.5) / SHARED_PX
    side = np.minimum(ramp, 1.0)
    return np.outer(side, side)
