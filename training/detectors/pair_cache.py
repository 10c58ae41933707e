"""Decoded pairs, kept while there is room: reading a pair costs more than cutting crops out of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import LabelError
from diachron.core.pair import LabelledPair, PairSet
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.config import IGNORED, DetectorConfig


@dataclass(frozen=True)
class DecodedPair:
    """What training reads of a pair: chosen bands in the source's dtype, and the maps that the head needs."""

    t1: NDArray[np.generic]
    t2: NDArray[np.generic]
    full_scale: float
    gsd_m: float
    change: NDArray[np.uint8]
    labels_t1: NDArray[np.uint8] | None
    labels_t2: NDArray[np.uint8] | None
    weight: float

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        layers = (self.t1, self.t2, self.change, self.labels_t1, self.labels_t2)
        return sum(layer.nbytes for layer in layers if layer is not None)


class PairCache:
    """The pairs used last, up to a number of bytes; it changes how long reading takes and nothing else.

    Args:
        sets: of pairs.
        config: says which bands and maps are kept.
        megabytes: of arrays; the pair read last stays in any case.
    """

    def __init__(self, sets: Sequence[PairSet], config: DetectorConfig, megabytes: int) -> None:
        self.sets = sets
        self.config = config
        self.room = megabytes * 2**20
        self.schema: str | None = None
        self._used = 0
        self._kept: OrderedDict[tuple[int, int], DecodedPair] = OrderedDict()

    def get(self, number: int, position: int) -> DecodedPair:
        """Return a pair of a set.

        Raises:
            LabelError: the head reads label maps and the pair has none, or one with too high a value or of
                another scheme than the pairs before.
        """
        key = (number, position)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        pairs = self.sets[number]
        read = pairs[position]
        if self.config.needs_labels and read.schema is not None:
            self.schema = self.schema or read.schema.name
            if read.schema.name != self.schema:
                raise LabelError(
                    f"{pairs.name}/{read.name}: labels in scheme '{read.schema.name}', those of other pairs "
                    f"in '{self.schema}'; train on sets of one scheme"
                )
        pair = _decode(read, pairs.name, self.config)
        self._kept[key] = pair
        self._used += pair.nbytes
        while self._used > self.room and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._used -= dropped.nbytes
        return pair


def _decode(pair: LabelledPair, name: str, config: DetectorConfig) -> DecodedPair:
    maps: list[NDArray[np.uint8] | None] = [None, None]
    if config.needs_labels:
        maps = [
            _label_values(pair, labels, f"{name}/{pair.name}, date {date}", config.classes)
            for date, labels in ((1, pair.labels_t1), (2, pair.labels_t2))
        ]
    # Copies: a view would keep the bands that are not used in memory.
    return DecodedPair(
        np.array(choose_bands(pair.t1, pair.bands, config.bands)),
        np.array(choose_bands(pair.t2, pair.bands, config.bands)),
        pair.full_scale,
        pair.gsd_m,
        pair.change,
        maps[0],
        maps[1],
        pair.weight,
    )


def _label_values(
    pair: LabelledPair, labels: NDArray[np.uint8] | None, where: str, classes: int
) -> NDArray[np.uint8]:
    """Return a label map with 255 where the scheme says that nobody knows."""
    if labels is None:
        raise LabelError(f"{where}: no label map, which this head learns from; train with --head binary")
    values = labels
    if pair.schema is not None and pair.schema.ignore is not None:
        values = np.where(labels == pair.schema.ignore, np.uint8(IGNORED), labels)
    too_high = (values >= classes) & (values != IGNORED)
    if too_high.any():
        raise LabelError(
            f"{where}: label value {int(values[too_high].max())}, but the detector is made for values below "
            f"{classes}; give more classes"
        )
    return values
