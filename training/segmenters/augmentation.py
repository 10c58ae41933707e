"""Crops made more various: mirrored, turned, each with colours of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Narrower than a detector's, which compares two dates: here the colour itself tells grass from ground, and
# mixing bands by 0.06 moves it as far as the two lie apart.
BRIGHTNESS = 0.08
CONTRAST = 0.25
SATURATION = 0.30
GAMMA = 0.25
MIXING = 0.015


def augment_crop(
    unit: NDArray[np.float32], allowed: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return a square crop in one of eight positions, with changed colours; its inputs stay as they are.

    Args:
        unit: (C, S, S) unit-scaled pixels.
        allowed: (S, S) sets of classes; they turn with the picture.
        rng: everything is drawn from it.
    """
    turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
    unit, allowed = np.rot90(unit, turns, (-2, -1)), np.rot90(allowed, turns, (-2, -1))
    if mirror:
        unit, allowed = unit[..., ::-1], allowed[..., ::-1]
    return np.ascontiguousarray(_coloured(unit, rng)), np.ascontiguousarray(allowed)


def _coloured(unit: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    bands = unit.shape[0]
    brightness = rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    contrast, saturation, gamma = np.exp(rng.uniform(-1.0, 1.0, 3) * np.array([CONTRAST, SATURATION, GAMMA]))
    grey = np.full((bands, bands), 1.0 / bands)
    mixing = grey + saturation * (np.eye(bands) - grey) + rng.normal(0.0, MIXING, (bands, bands))
    # Contrast turns about the middle of the scale.
    mixed = np.einsum("ij,jhw->ihw", (contrast * mixing).astype(np.float32), unit)
    mixed += np.float32(0.5 * (1.0 - contrast) + brightness)
    coloured: NDArray[np.float32] = np.clip(mixed, 0.0, 1.0) ** np.float32(gamma)
    return coloured
