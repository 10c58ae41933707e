"""A share of a set of pairs, drawn by a seed: smaller shares lie within larger ones."""

from __future__ import annotations

from collections.abc import Iterator

from diachron.core.errors import RecipeError
from diachron.core.pair import LabelledPair, PairSet
from diachron.core.streams import stream


class Share:
    """Part of a set.

    The pairs are put in random order once and the first of them are taken, so that 1 % is part of 5 %. Taking
    the first files by name instead would take neighbours of one place.

    Args:
        pairs: the whole set.
        percent: above 0, up to 100; at least one pair is taken.
        seed: of the order.

    Raises:
        RecipeError: `percent` is out of range, or the set is empty.
    """

    def __init__(self, pairs: PairSet, percent: float, seed: int) -> None:
        if not 0 < percent <= 100:
            raise RecipeError(f"a share of {percent} %: expected more than 0 and at most 100")
        if len(pairs) == 0:
            raise RecipeError(f"{pairs.name}: no pair to take a share of")
        self.pairs = pairs
        self.name = f"{pairs.name}-{percent:g}pct"
        order = stream(seed, 0, "evaluation/share").permutation(len(pairs))
        self.positions = sorted(int(i) for i in order[: max(1, round(len(pairs) * percent / 100))])

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, position: int) -> LabelledPair:
        return self.pairs[self.positions[position]]

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(len(self)))
