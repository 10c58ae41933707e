"""Made-up pairs on which a detector learns in seconds, and one that has learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from diachron.core.pair import LabelledPair
from diachron.core.streams import stream


@dataclass(frozen=True)
class Blocks:
    """Noisy grey ground of another brightness at each date; red blocks come or go.

    Args:
        count: number of pairs.
        side: of a pair, in pixels.
        gsd_m: of every pair.
        classes: with label maps, 0 ground and 1 block, where it is 2.
        dtype: of the pictures; the scale is that of the dtype.
        name: of the set.
    """

    count: int = 6
    side: int = 64
    gsd_m: float = 1.0
    classes: int = 0
    dtype: type = np.uint8
    name: str = "blocks"

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(self.count))

    def __getitem__(self, position: int) -> LabelledPair:
        rng = stream(7, position, "blocks")
        full = float(np.iinfo(self.dtype).max)
        blocks = np.zeros((2, self.side, self.side), np.uint8)
        for _ in range(3):
            row, col = rng.integers(0, self.side - 20, 2)
            blocks[:, row : row + 20, col : col + 16] = rng.permutation([0, 1])[:, None, None]
        dates: list[NDArray[np.generic]] = []
        for block in blocks:
            picture = rng.uniform(0.3, 0.5) + rng.normal(0, 0.03, (3, self.side, self.side))
            picture = np.where(block, np.array([0.9, 0.3, 0.2])[:, None, None], picture)
            dates.append(np.round(picture.clip(0, 1) * full).astype(self.dtype))
        labels = (blocks[0], blocks[1]) if self.classes else (None, None)
        change = (blocks[0] != blocks[1]).astype(np.uint8)
        return LabelledPair(str(position), dates[0], dates[1], full, self.gsd_m, change, *labels)


@pytest.fixture(scope="session")
def blocks() -> Callable[..., Blocks]:
    """Return the class of the made-up set."""
    return Blocks


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute with one thread: on pictures this small two of them wait for each other most of the time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
