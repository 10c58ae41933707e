"""Crops of one size with the place of each, kept by what they show so that two sides can be matched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Crops:
    """Crops and where they come from.

    Args:
        pixels: (N, C, S, S) float32.
        places: (N,) names.
    """

    pixels: NDArray[np.float32]
    places: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.pixels)

    def within(self, places: Iterable[str]) -> Crops:
        """Return the crops of some places."""
        kept = np.isin(self.places, sorted(places))
        return Crops(self.pixels[kept], self.places[kept])

    def some(self, number: int, rng: np.random.Generator) -> Crops:
        """Return at most `number` crops, drawn without return, in their old order."""
        if len(self) <= number:
            return self
        kept = np.sort(rng.choice(len(self), number, replace=False))
        return Crops(self.pixels[kept], self.places[kept])


@dataclass
class Shelf:
    """Collects crops.

    Args:
        side: of a crop in pixels.
        bands: of a crop.
    """

    side: int
    bands: int = 3
    _kept: dict[str, list[tuple[NDArray[np.float32], str]]] = field(default_factory=dict)

    def add(self, crop: NDArray[np.generic] | None, place: str, kind: str = "") -> None:
        """Take a crop; None is passed over."""
        if crop is not None:
            # A view would keep the whole picture in memory.
            self._kept.setdefault(kind, []).append((np.array(crop, np.float32), place))

    def count(self, kind: str = "") -> int:
        """Return how many crops of a kind there are."""
        return len(self._kept.get(kind, ()))

    @property
    def kinds(self) -> list[str]:
        """The kinds that hold a crop, in order of name."""
        return sorted(self._kept)

    def crops(self, kinds: Sequence[str] | None = None) -> Crops:
        """Return the crops of some kinds, all by default."""
        chosen = [
            entry for kind in (self.kinds if kinds is None else kinds) for entry in self._kept.get(kind, ())
        ]
        if not chosen:
            return Crops(np.empty((0, self.bands, self.side, self.side), np.float32), np.empty(0, np.str_))
        return Crops(np.stack([crop for crop, _ in chosen]), np.array([place for _, place in chosen]))


def matched(one: Shelf, other: Shelf, rng: np.random.Generator) -> tuple[Crops, Crops]:
    """Return equally many crops of each kind from two shelves: what they show must not tell them apart."""
    sides: tuple[list[Crops], list[Crops]] = ([], [])
    for kind in sorted(set(one.kinds) & set(other.kinds)):
        number = min(one.count(kind), other.count(kind))
        for side, shelf in zip(sides, (one, other), strict=True):
            side.append(shelf.crops([kind]).some(number, rng))
    return joined(sides[0], one), joined(sides[1], other)


def joined(parts: Sequence[Crops], like: Shelf) -> Crops:
    """Return several lots of crops as one."""
    if not parts:
        return like.crops([])
    return Crops(
        np.concatenate([part.pixels for part in parts]), np.concatenate([part.places for part in parts])
    )
