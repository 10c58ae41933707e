"""NAIP of several years: places where nothing was seen to change, and boxes around strong changes.

Layout: `PLACE_YEAR_rgb.tif` (256 x 256 px at 0.6 m), `places.csv` (`place`, `years` as `2016|2018|2020`,
`split`, `change_level`) and `change_boxes.csv` (`place`, `from_year`, `to_year`, `change`, `x0_px`, `y0_px`,
`x1_px`, `y1_px`).

Parts, one of which must be named:

- `unchanged`: every two years of the places with change level `none seen` or `seasonal`; nothing changes.
  "None seen" was said by eye on contact sheets, so a share of false alarms read here is an upper bound.
- `boxes`: the years between which boxes were set. A box is an extent, not a mask, and other changes may exist
  outside it, so the change map is 255 throughout: see `BoxedPairs.boxes` and `scores.boxes`.

Either takes a split behind a dash: `unchanged-train`, `boxes-test` and so on. `test` is one town, Riverside.

Terms: public domain (USDA NAIP).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from diachron.core.errors import SourceError, UnknownNameError
from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.datasets.dates import SPLITS
from diachron.evaluation.datasets.files import (
    check_shapes,
    chosen_part,
    read_image,
    set_name,
    unknown_like,
    white_of,
)
from diachron.evaluation.datasets.lazy import LazyPairs
from diachron.evaluation.scores.boxes import ChangeBox

GSD_M = 0.6
KINDS = ("unchanged", "boxes")
PARTS = (*KINDS, *(f"{kind}-{split}" for kind in KINDS for split in SPLITS))
STILL = frozenset({"none seen", "seasonal"})


@dataclass(frozen=True)
class TwoYears:
    """Two years of a place.

    Args:
        name: `PLACE_FROM_TO`.
        t1, t2: files.
        gsd_m: metres a pixel.
        boxes: extents of change; empty where nothing changed.
    """

    name: str
    t1: Path
    t2: Path
    gsd_m: float
    boxes: tuple[ChangeBox, ...] = ()


class BoxedPairs(LazyPairs[TwoYears]):
    """Pairs with boxes around known changes."""

    def boxes(self, position: int) -> tuple[ChangeBox, ...]:
        """Return the boxes of a pair; nothing is read.

        Raises:
            IndexError: there is no such position.
        """
        return self.entries[position].boxes


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file.

    Raises:
        UnknownNameError: no part is named, or there is no such part.
        SourceError: a table or a picture is missing.
    """
    if part is None:
        raise UnknownNameError(
            f"{folder}: say which pairs, e.g. {folder}@unchanged; known: {', '.join(PARTS)}"
        )
    chosen_part(part, PARTS, folder)
    kind, _, split = part.partition("-")
    gsd = GSD_M if gsd_m is None else gsd_m
    rows = [row for row in _table(folder / "places.csv", _PLACE) if split in ("", row["split"])]
    name = set_name(folder, part)
    if kind == "unchanged":
        return LazyPairs(name, list(_still(folder, rows, gsd)), read_still)
    return BoxedPairs(name, list(_boxed(folder, {row["place"] for row in rows}, gsd)), read_boxed)


def read_still(files: TwoYears) -> LabelledPair:
    """Return a pair of which all is the same."""
    pair = read_boxed(files)
    return LabelledPair(pair.name, pair.t1, pair.t2, pair.full_scale, pair.gsd_m, np.zeros_like(pair.change))


def read_boxed(files: TwoYears) -> LabelledPair:
    """Return a pair of whose change nothing is known pixel by pixel."""
    t1, t2 = read_image(files.t1), read_image(files.t2)
    check_shapes(files.name, t1=t1, t2=t2)
    return LabelledPair(files.name, t1, t2, white_of(t1, t2, files.t1), files.gsd_m, unknown_like(t1))


_PLACE = ("place", "years", "split", "change_level")
_BOX = ("place", "from_year", "to_year", "change", "x0_px", "y0_px", "x1_px", "y1_px")


def _still(folder: Path, rows: list[dict[str, str]], gsd_m: float) -> Iterator[TwoYears]:
    for row in rows:
        if row["change_level"] in STILL:
            for earlier, later in combinations(sorted(row["years"].split("|")), 2):
                yield _two_years(folder, row["place"], earlier, later, gsd_m)


def _boxed(folder: Path, places: set[str], gsd_m: float) -> Iterator[TwoYears]:
    found: dict[tuple[str, str, str], list[ChangeBox]] = {}
    for row in _table(folder / "change_boxes.csv", _BOX):
        if row["place"] in places:
            x0, y0, x1, y1 = (int(row[side]) for side in _BOX[4:])
            key = (row["place"], row["from_year"], row["to_year"])
            found.setdefault(key, []).append(ChangeBox(x0, y0, x1, y1, row["change"]))
    for (place, earlier, later), boxes in found.items():
        yield _two_years(folder, place, earlier, later, gsd_m, tuple(boxes))


def _two_years(
    folder: Path, place: str, earlier: str, later: str, gsd_m: float, boxes: tuple[ChangeBox, ...] = ()
) -> TwoYears:
    t1, t2 = (folder / f"{place}_{year}_rgb.tif" for year in (earlier, later))
    for path in (t1, t2):
        if not path.is_file():
            raise SourceError(f"{path}: a table of {folder} names it, and it is not there")
    return TwoYears(f"{place}_{earlier}_{later}", t1, t2, gsd_m, boxes)


def _table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        raise SourceError(f"{path}: there is no such table, so the places are not known")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise SourceError(f"{path}: no column {', '.join(missing)}")
        return list(reader)
