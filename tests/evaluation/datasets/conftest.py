"""Fake sets in every published layout, and the real ones behind DIACHRON_DATA."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiles import real_set


def picture(seed: int, rows: int = 16, cols: int = 24) -> np.ndarray:
    """Return (rows, cols, 3) uint8 of noise."""
    return np.random.default_rng(seed).integers(0, 256, (rows, cols, 3), np.uint8)


def mask(white: int = 255, rows: int = 16, cols: int = 24) -> np.ndarray:
    """Return a mask whose upper left 4 x 6 pixels changed: a sixteenth."""
    values = np.zeros((rows, cols), np.uint8)
    values[:4, :6] = white
    return values


def save(path: Path, values: np.ndarray) -> Path:
    """Write a picture or a mask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def dated(folder: Path, names: tuple[str, str, str], stems: list[str], white: int = 255) -> Path:
    """Write a folder for each date and one for the masks."""
    for number, stem in enumerate(stems):
        save(folder / names[0] / f"{stem}.png", picture(2 * number))
        save(folder / names[1] / f"{stem}.png", picture(2 * number + 1))
        save(folder / names[2] / f"{stem}.png", mask(white))
    return folder


@pytest.fixture
def real() -> Callable[[str], Path]:
    """Return a function that finds a real set, or skips."""

    def found(name: str) -> Path:
        folder = real_set(name)
        if folder is None:
            pytest.skip("DIACHRON_DATA does not name the folder of real sets")
        return folder

    return found
