"""Tiles in memory whose colours tell their classes, as a segmenter learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.training.segmenters.classes import CLASSES
from diachron.training.segmenters.tiles import LabelledTile, TileFacts

# Red, green, blue of each class of `CLASSES`.
COLOURS = np.array(
    [[200, 60, 50], [120, 120, 125], [30, 70, 35], [110, 180, 80], [30, 60, 140], [190, 160, 110]], np.uint8
)


@dataclass
class Mosaics:
    """Square patches of the six classes; `reads` counts how often each tile was asked for."""

    tiles: Sequence[LabelledTile]
    facts: tuple[TileFacts, ...]
    name: str = "mosaics"
    weight: float = 1.0
    reads: list[int] = field(default_factory=list)

    def read(self, position: int) -> LabelledTile:
        self.reads.append(position)
        return self.tiles[position]


def mosaic(seed: int, *, side: int = 64, patch: int = 16, gsd_m: float = 0.5) -> LabelledTile:
    """Return a noisy tile whose every pixel is known."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, len(CLASSES), (side // patch, side // patch))
    labels = np.kron(cells, np.ones((patch, patch), int))
    image = COLOURS[labels].astype(int) + rng.integers(-12, 13, (side, side, 3))
    pixels = np.clip(image, 0, 255).astype(np.uint8).transpose(2, 0, 1)
    allowed = (1 << labels).astype(np.uint8)
    return LabelledTile(np.ascontiguousarray(pixels), ("red", "green", "blue"), 255.0, gsd_m, allowed)


def mosaics(number: int, *, held_out: int = 0, name: str = "mosaics", seed: int = 0) -> Mosaics:
    """Return tiles of one place each; the last `held_out` of them only measure."""
    facts = tuple(TileFacts(f"t{i}", f"place_{i}", i >= number - held_out) for i in range(number))
    return Mosaics([mosaic(seed * 1000 + i) for i in range(number)], facts, name)
