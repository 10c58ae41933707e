"""The folder that an exporter writes to, and pictures as 8-bit RGB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import PackageError, RunRefusedError


def empty_folder(to: Path) -> Path:
    """Return the folder, made if it is missing.

    Raises:
        RunRefusedError: it holds something already.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise RunRefusedError(f"{to}: is not an empty folder; choose another with --to")
    to.mkdir(parents=True, exist_ok=True)
    return to


def rgb8(image: NDArray[Any], bands: tuple[str, ...], full_scale: float) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 of a picture: red, green and blue by name, else the first band three times.

    8-bit values stay as they are; others are divided by their full scale, the same for every date.

    Raises:
        PackageError: two bands, or none of red, green and blue among several.
    """
    if {"red", "green", "blue"} <= set(bands):
        chosen = image[[bands.index(name) for name in ("red", "green", "blue")]]
    elif image.shape[0] == 1:
        chosen = image[[0, 0, 0]]
    else:
        raise PackageError(
            f"bands {', '.join(bands)}: no red, green and blue to export; name them with --bands"
        )
    if chosen.dtype != np.uint8:
        chosen = np.clip(np.rint(chosen.astype(np.float64) / full_scale * 255.0), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(chosen.transpose(1, 2, 0))
