"""What a segmenter learns from: tiles with the set of classes that each pixel may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TileFacts:
    """What is known of a tile before it is read.

    Args:
        name: unique in its set.
        place: what is trained on or held out as one.
        held_out: whether it only measures accuracy.
    """

    name: str
    place: str
    held_out: bool


@dataclass(frozen=True)
class LabelledTile:
    """A picture with what is known of its pixels.

    Args:
        image: (C, H, W) in the sensor's dtype and scale.
        bands: names of its bands.
        full_scale: brightest value that the sensor can give.
        gsd_m: side of a pixel in metres.
        allowed: (H, W) uint8 set of classes (`classes.class_set`) that each pixel may be, never empty.
    """

    image: NDArray[np.generic]
    bands: tuple[str, ...]
    full_scale: float
    gsd_m: float
    allowed: NDArray[np.uint8]


class TileSet(Protocol):
    """Tiles of one source, read one at a time."""

    @property
    def name(self) -> str:
        """What the set is called in reports."""
        ...

    @property
    def weight(self) -> float:
        """How often one of its tiles is drawn, against a tile of a set with weight 1."""
        ...

    @property
    def facts(self) -> tuple[TileFacts, ...]:
        """What is known of every tile, by position."""
        ...

    def read(self, position: int) -> LabelledTile:
        """Return a tile.

        Raises:
            SourceError: it cannot be decoded.
            LabelError: its label map holds a value outside its scheme.
        """
        ...
