"""Any folder of pairs: `{t1,t2,change}/NAME.*`, directly or in `train/`, `val/`, `test/`.

Parts: the splits; of flat folders `list/{train,val,test}.txt`. The two dates may differ in bands.

Masks: 0 and 255, or 0 and 1, or 0, 1 and 255 where 255 is unknown; a file of 0 and 255 alone counts 255 as
change, unless it declares 255 as its nodata value. Metres a pixel come from the CRS of t1; where it has none
they must be given. White of 16-bit pictures is the smallest usual one (1023, 2047, 4095, 10000, 16383, 65535)
that holds the first, middle and last t1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.datasets.dates import PLAIN, DatedFiles, dated_set
from diachron.evaluation.datasets.files import check_dtypes, check_shapes, read_change, read_image
from diachron.evaluation.datasets.lazy import LazyPairs
from diachron.pipelines.sources.radiometry import band_names, derive_full_scale
from diachron.pipelines.sources.rasters import Header, ground_gsd, read_header

# Told apart from a real value, which is above 0.
_FROM_THE_FILE = 0.0


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; the header of the first picture is read where `gsd_m` is not given.

    Raises:
        SourceError: metres a pixel are neither given nor in the file (`no_gsd`), and as `dated_set`.
    """
    listed = dated_set(folder, part, _FROM_THE_FILE if gsd_m is None else gsd_m, (PLAIN,))
    if gsd_m is None and listed.entries:
        _gsd_of(listed.entries[0].t1)
    return LazyPairs(listed.name, listed.entries, _Reader(listed.entries).read)


class _Reader:
    def __init__(self, entries: Sequence[DatedFiles]) -> None:
        self.entries = tuple(entries)

    @cached_property
    def full_scale(self) -> float:
        return derive_full_scale([read_header(entry.t1) for entry in self._looked_at])

    @property
    def _looked_at(self) -> list[DatedFiles]:
        last = len(self.entries) - 1
        return [self.entries[i] for i in sorted({0, last // 2, last})]

    def read(self, entry: DatedFiles) -> LabelledPair:
        header = read_header(entry.t1)
        # The header knows a TIFF's alpha band, always the last, from a fourth band of data.
        t1 = read_image(entry.t1)
        if header.alpha is not None:
            t1 = t1[: header.alpha - 1]
        t2, change = read_image(entry.t2), read_change(entry.change)
        check_shapes(entry.name, t1=t1, t2=t2, change=change)
        check_dtypes(t1, t2, entry.t1)
        white = 255.0 if t1.dtype == np.uint8 else self.full_scale
        gsd_m = entry.gsd_m if entry.gsd_m != _FROM_THE_FILE else _gsd_of(entry.t1)
        return LabelledPair(entry.name, t1, t2, white, gsd_m, change, bands=_bands(header, t1.shape[0]))


def _bands(header: Header, count: int) -> tuple[str, ...]:
    # A palette is one band in the file and three colours here.
    return ("red", "green", "blue") if count == 3 and header.count == 1 else band_names(header, None)


def _gsd_of(path: Path) -> float:
    found = ground_gsd(read_header(path))
    if found is None:
        raise SourceError(f"{path}: metres a pixel are not in the file; give them (gsd_m, --gsd)", "no_gsd")
    return found
