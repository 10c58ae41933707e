"""Panels: layers as coloured pixels, side by side with a line of words above each, written as PNG."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Rgb = tuple[int, int, int]

GAP_PX = 4
TITLE_PX = 14
# Values of a map that its legend does not know.
UNKNOWN: Rgb = (128, 128, 128)


@dataclass(frozen=True)
class Panel:
    """One picture and the words above it; (H, W, 3) uint8."""

    title: str
    pixels: Pixels


def map_pixels(values: NDArray[np.integer], colours: Mapping[int, Rgb]) -> Pixels:
    """Return a map in the colours of its legend, (H, W, 3); values without a colour are grey.

    Args:
        values: (H, W) in 0-255.
        colours: value -> red, green, blue.
    """
    table = np.full((256, 3), UNKNOWN, np.uint8)
    for value, colour in colours.items():
        table[value] = colour
    return table[values]


def object_pixels(ground: Pixels, instances: NDArray[np.int32]) -> Pixels:
    """Return a dimmed picture with each object in a colour of its own, which goes with its id.

    Args:
        ground: (H, W, 3) uint8.
        instances: (H, W) object ids, 0 where none stands.
    """
    # Multiples of the golden ratio fall far apart on the circle of hues (Knuth, TAOCP 3, 6.4).
    hue = np.mod(instances * 0.618033988749895, 1.0)[..., np.newaxis]
    wheel = np.clip(np.abs(np.mod(hue * 6.0 + (0.0, 4.0, 2.0), 6.0) - 3.0) - 1.0, 0.0, 1.0)
    coloured = np.rint(255.0 * (0.25 + 0.75 * wheel)).astype(np.uint8)
    return np.where((instances > 0)[..., np.newaxis], coloured, ground // 2)


def tinted(pixels: Pixels, mask: Mask, colour: Rgb, strength: float = 0.4) -> Pixels:
    """Return a copy with a transparent colour over the masked pixels."""
    copy = pixels.copy()
    mixed = (1.0 - strength) * copy[mask] + strength * np.array(colour)
    copy[mask] = np.rint(mixed).astype(np.uint8)
    return copy


def outlined(pixels: Pixels, mask: Mask, colour: Rgb) -> Pixels:
    """Return a copy with the masked pixels that border on others in a colour."""
    copy = pixels.copy()
    copy[mask & ~ndimage.binary_erosion(mask)] = colour
    return copy


def sheet(rows: Sequence[Sequence[Panel]]) -> Pixels:
    """Return rows of panels on white, titles above them, (H, W, 3); panels may differ in size."""
    strips = [_strip(row) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    filled = [
        np.pad(strip, ((0, GAP_PX), (0, width - strip.shape[1]), (0, 0)), constant_values=255)
        for strip in strips
    ]
    return np.concatenate(filled)


def _strip(panels: Sequence[Panel]) -> Pixels:
    height = TITLE_PX + max(panel.pixels.shape[0] for panel in panels)
    strip = Image.new("RGB", (sum(panel.pixels.shape[1] + GAP_PX for panel in panels), height), "white")
    left = 0
    for panel in panels:
        ImageDraw.Draw(strip).text((left, 1), panel.title, fill="black")
        strip.paste(Image.fromarray(panel.pixels), (left, TITLE_PX))
        left += panel.pixels.shape[1] + GAP_PX
    return np.asarray(strip)


def write_png(pixels: Pixels, path: Path) -> None:
    """Write a picture by rename, so that a file that stands there is whole; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        Image.fromarray(pixels).save(half, "PNG", optimize=True)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
