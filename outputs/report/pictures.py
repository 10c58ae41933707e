"""Layers as images that a browser shows: band choice, one scaling for all dates, data URIs, outlines."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diachron.core.scene import Footprint

# Longest side of an embedded image; larger samples are reduced, so that a report stays a report.
MAX_SIDE = 1024
# Near the knee of size against visible loss: 512 x 512 of aerial RGB takes 50-90 kB.
WEBP_QUALITY = 82
_RGB = (("red", "r"), ("green", "g"), ("blue", "b"))

Colour = tuple[int, int, int, int]


def display_bands(names: Sequence[str], count: int) -> tuple[int, ...]:
    """Return the bands to show: red, green and blue by name, else the first three, else the first alone.

    Args:
        names: of the bands, in any case; may be shorter than `count`.
        count: bands in the picture, at least one.
    """
    lower = [name.lower() for name in names[:count]]
    found = [next((lower.index(name) for name in choice if name in lower), None) for choice in _RGB]
    chosen = tuple(index for index in found if index is not None)
    if len(chosen) == 3:
        return chosen
    return (0, 1, 2) if count >= 3 else (0,)


@dataclass(frozen=True)
class Display:
    """How the pictures of one sample are shown: the same bands and the same scaling for every date.

    Args:
        bands: indices of one or three bands.
        low, high: per shown band, the values that become black and white; None where 8 bits are shown as
            they are.
        nodata: value that is shown black; not finite values always are.
    """

    bands: tuple[int, ...]
    low: NDArray[np.float64] | None
    high: NDArray[np.float64] | None
    nodata: float | None

    @classmethod
    def of(cls, first: NDArray[np.generic], names: Sequence[str], nodata: float | None) -> Display:
        """Return the display of a sample, from the picture of its first date.

        Args:
            first: (C, H, W); uint8 is shown as it is, everything else from its 2nd to its 98th percentile.
            names: of the bands.
            nodata: value without meaning, left out of the percentiles.
        """
        bands = display_bands(names, first.shape[0])
        if first.dtype == np.uint8:
            return cls(bands, None, None, nodata)
        shown = first[list(bands)].astype(np.float64)
        valid = _valid(shown, nodata)
        ends = [
            np.percentile(band[good], (2, 98)) if good.any() else np.array([0.0, 1.0])
            for band, good in zip(shown, valid, strict=True)
        ]
        low, high = np.array(ends).T
        # A flat band has no range: it is shown mid-grey instead of being divided by zero.
        flat = high <= low
        return cls(bands, np.where(flat, low - 0.5, low), np.where(flat, low + 0.5, high), nodata)

    def pixels(self, image: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return (H, W, 3) or (H, W) uint8 of a (C, H, W) picture; the picture is not changed."""
        shown = image[list(self.bands)]
        if self.low is not None and self.high is not None:
            values = shown.astype(np.float64)
            low, high = self.low[:, None, None], self.high[:, None, None]
            scaled = np.clip((values - low) / (high - low), 0.0, 1.0) * 255.0
            shown = np.where(_valid(values, self.nodata), np.rint(scaled), 0.0)
        pixels = shown.astype(np.uint8)
        return np.ascontiguousarray(np.moveaxis(pixels, 0, -1) if len(self.bands) == 3 else pixels[0])


def picture_uri(pixels: NDArray[np.uint8]) -> str:
    """Return (H, W, 3) or (H, W) pixels as a WebP data URI."""
    image = Image.fromarray(pixels)
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    packed = io.BytesIO()
    image.convert("RGB").save(packed, "WEBP", quality=WEBP_QUALITY, method=4)
    return _uri("webp", packed)


def map_uri(values: NDArray[np.integer], colours: Mapping[int, Colour]) -> str:
    """Return a mask or label map as a palette PNG; values without a colour are transparent.

    Args:
        values: (H, W) in 0-255.
        colours: value -> red, green, blue, alpha, 0-255.
    """
    # Few colours, few bits: a mask takes one a pixel.
    entries: list[Colour] = [(0, 0, 0, 0), *colours.values()]
    table = np.zeros(256, np.uint8)
    for index, value in enumerate(colours, start=1):
        table[value] = index
    image = Image.fromarray(table[values.astype(np.uint8)])
    image.putpalette([channel for entry in entries for channel in entry[:3]])
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.NEAREST)
    bits = next(bits for bits in (1, 2, 4, 8) if len(entries) <= 2**bits)
    packed = io.BytesIO()
    image.save(packed, "PNG", bits=bits, transparency=bytes(e[3] for e in entries), optimize=True)
    return _uri("png", packed)


def outline(footprint: Footprint) -> str:
    """Return the border of a footprint along pixel edges as SVG path data, in (column, row) of the grid.

    Holes are loops of their own: fill with the even-odd rule.
    """
    padded = np.pad(footprint.mask, 1)
    inside = padded[1:-1, 1:-1]
    # Every border edge runs with the inside on its right, so each corner has as many ways in as out and
    # any walk along unused edges closes.
    ways: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for beside, start, end in (
        (padded[:-2, 1:-1], (0, 0), (0, 1)),
        (padded[1:-1, 2:], (0, 1), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (1, 0)),
        (padded[1:-1, :-2], (1, 0), (0, 0)),
    ):
        for row, col in np.argwhere(inside & ~beside).tolist():
            corner = (row + start[0], col + start[1])
            ways.setdefault(corner, []).append((row + end[0], col + end[1]))
    path: list[str] = []
    while ways:
        corner = next(iter(ways))
        loop = [corner]
        while len(loop) == 1 or corner != loop[0]:
            onward = ways[corner].pop()
            if not ways[corner]:
                del ways[corner]
            if len(loop) > 1 and _in_line(loop[-2], loop[-1], onward):
                loop[-1] = onward
            else:
                loop.append(onward)
            corner = onward
        path.append(_loop_path(loop[:-1], footprint.row, footprint.col))
    return "".join(path)


def _in_line(first: tuple[int, int], second: tuple[int, int], third: tuple[int, int]) -> bool:
    return first[0] == second[0] == third[0] or first[1] == second[1] == third[1]


def _loop_path(corners: Sequence[tuple[int, int]], row: int, col: int) -> str:
    """Return one closed loop as alternating H and V strokes."""
    at_row, at_col = corners[0]
    strokes = [f"M{at_col + col} {at_row + row}"]
    for next_row, next_col in corners[1:]:
        strokes.append(f"H{next_col + col}" if next_row == at_row else f"V{next_row + row}")
        at_row, at_col = next_row, next_col
    return "".join(strokes) + "Z"


def _valid(values: NDArray[np.float64], nodata: float | None) -> NDArray[np.bool_]:
    valid = np.isfinite(values)
    if nodata is not None and np.isfinite(nodata):
        valid &= values != nodata
    return valid


def _uri(kind: str, packed: io.BytesIO) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"
