"""Real pairs as the measures read them: unit-scaled dates, and which pairs lie close to each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.datasets import open_pairs
from diachron.outputs import layout
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.normalisation import scale_to_unit


def open_real(text: str) -> PairSet:
    """Return the real pairs of `FORMAT:DIR[@PART]`, or of a plain folder with t1, t2 and change.

    Raises:
        Those of `open_pairs`.
    """
    folder = Path(text).expanduser()
    if folder.is_dir():
        made = (folder / layout.DATASET).is_file()
        return open_pairs(f"{'diachron' if made else 'pairs'}:{folder}")
    return open_pairs(text)


def unit_dates(pair: LabelledPair) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both dates, (3, H, W) float32 from 0 to 1."""
    one, other = (
        np.clip(scale_to_unit(choose_bands(date, pair.bands, 3), pair.full_scale), 0.0, 1.0)
        for date in (pair.t1, pair.t2)
    )
    return one, other


def place_of(name: str) -> str:
    """Return the place of a real pair: the first two words of its name, or the first of a name of numbers.

    `test_102_0512_0000` belongs to `test_102`, `30_64` to row `30`: windows that lie close together stay on
    one side of a split.
    """
    words = name.replace("/", "_").split("_")
    return words[0] if all(word.isdecimal() for word in words) else "_".join(words[:2])
