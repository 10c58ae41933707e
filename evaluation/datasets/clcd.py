"""CLCD, changes of cropland in Guangdong, GF-2, 0.5 to 2 m (recalled).

Layout: `{train,val,test}/{time1,time2,label}/`. Parts: the splits. Masks are 0 and 255, in some copies 0 and
1. The size of a pixel differs from picture to picture and is stated nowhere; 1 m is taken unless given.

Terms: academic (recalled); no weights learnt from it may be passed on.
"""

from __future__ import annotations

from pathlib import Path

from diachron.core.pair import PairSet
from diachron.evaluation.datasets.dates import DatedFolders, dated_set

GSD_M = 1.0
LAYOUT = DatedFolders("time1", "time2", "label")


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    return dated_set(folder, part, GSD_M if gsd_m is None else gsd_m, (LAYOUT,))
