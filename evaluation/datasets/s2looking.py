"""S2Looking, buildings in rural areas of the world, seen from the side, 0.5 to 0.8 m.

Layout: `{train,val,test}/{Image1,Image2,label}/`; `label1` (built) and `label2` (demolished), where present,
are not read. Parts: the splits. Masks are 0 and 255. The size of a pixel differs from picture to picture;
0.65 m is taken unless given.

Terms: academic (recalled); no weights learnt from it may be passed on.
"""

from __future__ import annotations

from pathlib import Path

from diachron.core.pair import PairSet
from diachron.evaluation.datasets.dates import DatedFolders, dated_set

GSD_M = 0.65
LAYOUT = DatedFolders("Image1", "Image2", "label")


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    return dated_set(folder, part, GSD_M if gsd_m is None else gsd_m, (LAYOUT,))
