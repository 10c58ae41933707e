"""Pairs whose acquisition depends on change: light and sensor differ where something changed, and only there.

Published: where only samples with an event are drawn by a network, pairs that changed differ in colour and
sharpness, and pairs that did not are equal copies. Our promise is that acquisition is drawn for every date,
whether anything changed or not.

Modelled: pairs with change are those of the full recipe, and pairs without are those of the same recipe and
seed without acquisition, to the last byte. Streams are keyed, so both data sets hold the same events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diachron.core.errors import PackageError
from diachron.core.pair import LabelledPair
from diachron.outputs.pairs import PackagePairs


class TiedAcquisition:
    """Pairs of one run of which only those with change have their acquisition.

    Samples that are not the same in both data sets, because a filter refused one, are left out.

    Args:
        acquired: of the recipe.
        plain: of the same recipe, source, seed and split without acquisition.

    Raises:
        PackageError: the two have no sample in common, though there are some.
    """

    def __init__(self, acquired: PackagePairs, plain: PackagePairs) -> None:
        self.name = f"{acquired.name}+tied-acquisition"
        places = {index: position for position, index in enumerate(plain.ids)}
        self._chosen: list[tuple[PackagePairs, int]] = []
        for position, index in enumerate(acquired.ids):
            record = acquired.dataset.record(index)
            if index not in places or _sample(record) != _sample(plain.dataset.record(index)):
                continue
            changed = record["counts"]["changed_px"] > 0
            self._chosen.append((acquired, position) if changed else (plain, places[index]))
        if acquired.ids and not self._chosen:
            raise PackageError(
                f"{acquired.dataset.root} and {plain.dataset.root} have no sample in common; make both of "
                "one recipe, source and seed"
            )

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair.

        Raises:
            IndexError: there is no such position.
            PackageError: a layer cannot be read.
        """
        pairs, place = self._chosen[position]
        return pairs[place]

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(len(self)))


def _sample(record: dict[str, Any]) -> tuple[object, ...]:
    """Return what tells a sample from another: its place, its window and its events."""
    return record["source"], record["grid"], record["events"]
