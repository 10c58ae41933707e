"""OMBRIA, floods before and after, by Sentinel-1 (radar, grey) and Sentinel-2 (optical, false colours), 10 m.

Layout: `{s1_t1,s1_t2,s2_t1,s2_t2,flood}/NAME.*`; names are `test_NNNN` (the official test split, of unknown
events) or `EVENT_N`. Masks are 0 and 255, the flood without permanent water.

Parts say the sensor of each date: `s2` (both optical; taken when none is named), `s1` (both radar) and
`s2-s1` (optical before, radar after). Behind it, `-test` keeps `test_NNNN` and `-train` the rest. Clouds hide
the ground in the optical t2 of some pairs, of `test_0730` nearly all: no method that sees only those pictures
can be right.

Terms: Copernicus Sentinel data and EMS masks, no licence file; unclear for weights.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.core.pair import PairSet
from diachron.evaluation.datasets.dates import DatedFolders, list_dated, read_dated, wanted
from diachron.evaluation.datasets.files import chosen_part, set_name
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 10.0
SENSORS: dict[str, DatedFolders] = {
    "s2": DatedFolders("s2_t1", "s2_t2", "flood"),
    "s1": DatedFolders("s1_t1", "s1_t2", "flood"),
    "s2-s1": DatedFolders("s2_t1", "s1_t2", "flood"),
}
PARTS = (*SENSORS, *(f"{sensors}-{split}" for sensors in SENSORS for split in ("train", "test")))
# Of the optical pictures: which bands they show is inferred, so they have no names.
BANDS: dict[str, tuple[str, ...]] = {
    "s2": ("band1", "band2", "band3"),
    "s1": ("radar",),
    "s2-s1": ("band1", "band2", "band3"),
}


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    chosen_part(part, PARTS, folder)
    sensors, split = _sensors_and_split("s2" if part is None else part)
    layout = SENSORS[sensors]
    if not layout.inside(folder):
        raise SourceError(f"{folder}: {wanted((layout,))}")
    files = list_dated(folder, layout, GSD_M if gsd_m is None else gsd_m)
    kept = [entry for entry in files if not split or (split == "test") == entry.name.startswith("test_")]
    return LazyPairs(set_name(folder, part), kept, partial(read_dated, bands=BANDS[sensors]))


def _sensors_and_split(part: str) -> tuple[str, str]:
    before, _, last = part.rpartition("-")
    return (before, last) if last in ("train", "test") else (part, "")
