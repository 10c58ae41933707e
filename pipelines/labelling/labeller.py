"""What can label a picture: anything that says a class of each pixel, and where it is not sure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from diachron.training.segmenters.segmenter import Segmenter


class ClassMap(Protocol):
    """The answer of a labeller."""

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(H, W) ids of the scheme `segmenter`; its ignore, 255, where the labeller is not sure."""
        ...


class Labeller(Protocol):
    """A judge of single pictures; `training.segmenters.segmenter.Segmenter` is the one that works offline."""

    def classify(
        self,
        image: NDArray[np.generic],
        full_scale: float,
        *,
        bands: Sequence[str] = (),
        unsure_below: float = 0.6,
    ) -> ClassMap:
        """Return the class of every pixel.

        Args:
            image: (C, H, W) in the sensor's scale.
            full_scale: brightest value that the sensor can give.
            bands: names of the bands.
            unsure_below: pixels whose likeliest class has less probability are not sure.
        """
        ...


def load_labeller(folder: str | Path) -> tuple[Segmenter, str]:
    """Return a trained segmenter and the SHA-256 of its weights.

    Args:
        folder: that `diachron train segmenter` has written, or one of its files.

    Raises:
        PackageError: no segmenter can be read there.
        RecipeError: it is a scorer.
    """
    from diachron.training.segmenters.segmenter import WEIGHTS, Segmenter

    segmenter = Segmenter.load(folder, role="labeller")
    home = Path(folder).parent if Path(folder).is_file() else Path(folder)
    return segmenter, hashlib.sha256((home / WEIGHTS).read_bytes()).hexdigest()
