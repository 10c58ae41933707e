"""SZTAKI AirChange, aerial photographs of Szada (Hungary) 5 to 23 years apart, 1.5 m.

Layout: `{t1,t2,change}/{szada_1 ... szada_7,archive}.*`. Parts: `train` (2 to 5, which overlap on the ground)
and `test` (1, 6, 7 and archive). Masks are 0 and 255, drawn freehand, of any relevant change: new buildings,
building work, planted trees, fresh ploughland. `archive` is about 1.17 times coarser than the others
(measured).

Terms: free for scientific use with citation (Benedek and Sziranyi); no weights learnt from it may be passed
on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.core.pair import PairSet
from diachron.evaluation.datasets.dates import PLAIN, list_dated, read_dated, wanted
from diachron.evaluation.datasets.files import chosen_part, set_name
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 1.5
ARCHIVE_GSD_M = 1.75
TEST = frozenset({"szada_1", "szada_6", "szada_7", "archive"})


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    if not PLAIN.inside(folder):
        raise SourceError(f"{folder}: {wanted((PLAIN,))}")
    chosen_part(part, ("train", "test"), folder)
    files = [
        replace(entry, gsd_m=ARCHIVE_GSD_M) if gsd_m is None and entry.name == "archive" else entry
        for entry in list_dated(folder, PLAIN, GSD_M if gsd_m is None else gsd_m)
    ]
    kept = [entry for entry in files if part is None or (part == "test") == (entry.name in TEST)]
    return LazyPairs(set_name(folder, part), kept, read_dated)
