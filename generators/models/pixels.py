"""Pixels as these networks see them: any sensor's scale to numbers about zero, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Rounded mean and spread of the unit-scaled bands of aerial imagery. With a spread of about 1 a noise of
# strength 0.5 hides texture and leaves the shapes; over the range -1 to 1 it would hide them, too.
MEAN = 0.4
SPREAD = 0.2
# Values this far out are white or black in any picture.
LIMIT = 8.0


def to_network(image: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
    """Return float32 pixels with about zero mean and unit spread; NaN and infinity are clipped.

    Args:
        image: in the sensor's scale.
        full_scale: brightest value that the sensor can give.
    """
    unit = image.astype(np.float64) / full_scale
    scaled = np.nan_to_num((unit - MEAN) / SPREAD, nan=0.0, posinf=LIMIT, neginf=-LIMIT)
    return np.clip(scaled, -LIMIT, LIMIT).astype(np.float32)


def from_network(pixels: NDArray[np.floating], full_scale: float) -> NDArray[np.float64]:
    """Return pixels in the sensor's scale, from 0 to `full_scale`, not rounded."""
    unit: NDArray[np.float64] = np.clip(pixels.astype(np.float64) * SPREAD + MEAN, 0.0, 1.0) * full_scale
    return unit


def colour_bands(names: tuple[str, ...]) -> tuple[int, int, int]:
    """Return the positions of the three bands that a network sees as red, green and blue.

    Those of that name, else the first three; a picture with fewer has its last one repeated.
    """
    if {"red", "green", "blue"} <= set(names):
        return names.index("red"), names.index("green"), names.index("blue")
    last = len(names) - 1
    return 0, min(1, last), min(2, last)


def by_band(colours: NDArray[np.float64], positions: tuple[int, int, int]) -> dict[int, NDArray[np.float64]]:
    """Return the pixels of each band that a network sees; one that is seen as several colours is their mean.

    Args:
        colours: (3, H, W) red, green and blue.
        positions: as of `colour_bands`.
    """
    return {
        band: colours[[other == band for other in positions]].mean(axis=0) for band in sorted(set(positions))
    }


def put_colours(
    image: NDArray[np.generic],
    box: tuple[slice, slice],
    where: NDArray[np.bool_],
    colours: NDArray[np.float64],
    positions: tuple[int, int, int],
) -> None:
    """Write colours into some pixels of a picture; bands that no network sees keep theirs.

    Args:
        image: (C, H, W), written to.
        box: a window of it.
        where: (h, w) the pixels of the window.
        colours: (3, h, w) red, green and blue in the picture's scale; rounded where that holds integers.
        positions: as of `colour_bands`.
    """
    for band, values in by_band(colours, positions).items():
        whole = np.issubdtype(image.dtype, np.integer)
        image[band][box][where] = np.rint(values[where]) if whole else values[where]
