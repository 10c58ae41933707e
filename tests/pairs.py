"""Small sets of labelled pairs in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core.pair import LabelledPair


@dataclass
class Listed:
    """A set of pairs that are at hand; `reads` counts how often each was asked for."""

    pairs: Sequence[LabelledPair]
    name: str = "listed"
    reads: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> LabelledPair:
        self.reads.append(position)
        return self.pairs[position]

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(len(self)))


def bright_squares(number: int, *, side: int = 64, gsd_m: float = 1.0, seed: int = 0) -> Listed:
    """Return pairs of noisy grey ground on which one bright square appears at the second date."""
    made = []
    for index in range(number):
        rng = np.random.default_rng([seed, index])
        t1 = rng.integers(60, 100, (3, side, side)).astype(np.uint8)
        t2 = rng.integers(60, 100, (3, side, side)).astype(np.uint8)
        change = np.zeros((side, side), np.uint8)
        row, col = rng.integers(4, side - 24, 2)
        change[row : row + 16, col : col + 16] = 1
        t2[:, change == 1] = 230
        made.append(LabelledPair(f"pair_{index}", t1, t2, 255.0, gsd_m, change))
    return Listed(made, name="squares")
