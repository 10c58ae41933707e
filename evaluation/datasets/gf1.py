"""GF-1 pairs of 2 m, buildings of a city, of villages and between fields in China.

Layout: `{t1,t2,change}/ROW_COL.*`, named by row and column of one mosaic, so that neighbours are known.
Parts: `train` (rows up to 29) and `test` (rows 30 to 38). Masks are 0 and 255.

Terms: no licence file in the source; no weights learnt from it may be passed on.
"""

from __future__ import annotations

from pathlib import Path

from diachron.core.errors import SourceError
from diachron.core.pair import PairSet
from diachron.evaluation.datasets.dates import PLAIN, list_dated, read_dated, wanted
from diachron.evaluation.datasets.files import chosen_part, set_name
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 2.0
PARTS = ("train", "test")

_LAST_TRAINING_ROW = 29


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    if not PLAIN.inside(folder):
        raise SourceError(f"{folder}: {wanted((PLAIN,))}")
    chosen_part(part, PARTS, folder)
    files = list_dated(folder, PLAIN, GSD_M if gsd_m is None else gsd_m)
    return LazyPairs(
        set_name(folder, part),
        [entry for entry in files if part is None or (part == "train") == _trains(entry.name, folder)],
        read_dated,
    )


def _trains(name: str, folder: Path) -> bool:
    row = name.split("_")[0]
    if not row.isdecimal():
        raise SourceError(f"{folder}: '{name}' is not called ROW_COL, so its part is not known")
    return int(row) <= _LAST_TRAINING_ROW
