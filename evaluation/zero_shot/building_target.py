"""Pairs of which only the change of buildings counts, for judges that know no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from diachron.core import hub
from diachron.core.errors import LabelError
from diachron.core.labels import LabelSchema
from diachron.core.pair import UNKNOWN, LabelledPair, PairSet


@dataclass(frozen=True)
class BuildingTarget:
    """The pairs of a set; what changes and is a building at neither date counts as unchanged.

    A building that another one replaces stays change, as test sets have it. Trees that fall, fields and car
    parks stay in the pictures: a detector learns that they are not asked for.

    Args:
        pairs: with label maps.
    """

    pairs: PairSet

    @property
    def name(self) -> str:
        """The set's own name."""
        return self.pairs.name

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair.

        Raises:
            IndexError: there is no such position.
            LabelError: it has no label maps.
        """
        pair = self.pairs[position]
        if pair.labels_t1 is None or pair.labels_t2 is None or pair.schema is None:
            raise LabelError(
                f"{self.name}, pair {pair.name}: has no label maps, so nobody knows where buildings change; "
                "use a set that has them"
            )
        built = _built(pair.labels_t1, pair.schema) | _built(pair.labels_t2, pair.schema)
        kept = built | (pair.change == UNKNOWN)
        return replace(pair, change=np.where(kept, pair.change, 0).astype(np.uint8))

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(len(self)))


def _built(labels: np.ndarray, schema: LabelSchema) -> np.ndarray:
    return schema.to_hub(labels)[1] == hub.BUILDING
