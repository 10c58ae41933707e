"""Pairs of two sensors: radar against optical, near infrared against colours, two radars, two cameras.

Layout: `{t1,t2,change}/NAME.*`; the dates may differ in their number of bands. No parts. Metres a pixel are
known by name (`italy` 30, `shuguang` 8, `yellow_a` and `yellow_c` 8, all recalled; `beijing_a` and
`beijing_b` 0.6, inferred); other names need them given. Masks are 0 and 255.

Terms: unclear for the pictures; no weights learnt from it may be passed on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.datasets.dates import PLAIN, DatedFiles, list_dated, read_dated, wanted
from diachron.evaluation.datasets.files import chosen_part, set_name
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M: dict[str, float] = {
    "beijing_a": 0.6,
    "beijing_b": 0.6,
    "italy": 30.0,
    "shuguang": 8.0,
    "yellow_a": 8.0,
    "yellow_c": 8.0,
}
GREY_BANDS: dict[str, str] = {"italy": "nir", "shuguang": "radar", "yellow_a": "radar", "yellow_c": "radar"}


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return all pairs; see the top of this file."""
    if not PLAIN.inside(folder):
        raise SourceError(f"{folder}: {wanted((PLAIN,))}")
    chosen_part(part, (), folder)
    files = list_dated(folder, PLAIN, 0.0 if gsd_m is None else gsd_m)
    if gsd_m is None:
        strange = [entry.name for entry in files if entry.name not in GSD_M]
        if strange:
            raise SourceError(
                f"{folder}: metres a pixel of '{strange[0]}' are not known; give them", "no_gsd"
            )
        files = [replace(entry, gsd_m=GSD_M[entry.name]) for entry in files]
    return LazyPairs(set_name(folder, None), files, read_hetero)


def read_hetero(files: DatedFiles) -> LabelledPair:
    """Return a pair; `bands` names those of t1."""
    pair = read_dated(files)
    if pair.t1.shape[0] == 1:
        return replace(pair, bands=(GREY_BANDS.get(files.name, "grey"),))
    return pair
