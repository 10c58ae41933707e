"""Two dates of a place and what is known about their change: what a detector learns from and is judged on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core.labels import LabelSchema

# The value of a change map where nobody knows.
UNKNOWN = 255


@dataclass(frozen=True)
class LabelledPair:
    """Two dates of a place with their change.

    Args:
        name: of the pair in its set.
        t1, t2: (C, H, W) in the source's dtype and scale, the earlier date first. Pairs of two sensors may
            differ in C.
        full_scale: brightest value that the sensor can give, e.g. 255 for 8 bits.
        gsd_m: side of a pixel in metres.
        change: (H, W) uint8: 0 same, 1 changed, 255 unknown.
        labels_t1, labels_t2: (H, W) uint8 in the ids of `schema`; None where only change is known.
        schema: scheme of the label maps.
        bands: names of the bands of t1.
        weight: how much the pair counts in training, from 0 to 1.
    """

    name: str
    t1: NDArray[np.generic]
    t2: NDArray[np.generic]
    full_scale: float
    gsd_m: float
    change: NDArray[np.uint8]
    labels_t1: NDArray[np.uint8] | None = None
    labels_t2: NDArray[np.uint8] | None = None
    schema: LabelSchema | None = None
    bands: tuple[str, ...] = ("red", "green", "blue")
    weight: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.change.shape
        return int(rows), int(cols)


class PairSet(Protocol):
    """A set of pairs, read one at a time."""

    @property
    def name(self) -> str:
        """What the set is called in tables and file names."""
        ...

    def __len__(self) -> int:
        """Return the number of pairs."""
        ...

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair, read from its source at each call.

        Raises:
            IndexError: there is no such position.
        """
        ...

    def __iter__(self) -> Iterator[LabelledPair]:
        """Yield the pairs in order."""
        ...
