"""Places with several real dates: `PLACE_2018_rgb.tif`, or `PLACE_20180716.tif`, by name and by grid.

A label map belongs to one date. A date without one still serves as the other date of a pair.
"""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.pipelines.sources.drafts import Draft
from diachron.pipelines.sources.layout import Candidate, bare_stem
from diachron.pipelines.sources.rasters import same_georeference
from diachron.pipelines.sources.tables import checked_split, keyed_rows
from diachron.pipelines.sources.tiles import DateOptions

TABLE_NAME = "places.csv"
_NAME = re.compile(r"(?P<place>.+)[_-](?P<date>\d{8}|\d{4})")
_FIRST_YEAR, _LAST_YEAR = 1850, 2199
# Lengths of a pixel that are told apart from rounding.
_SAME_GSD = 1e-3


@dataclass(frozen=True)
class Dated:
    """A picture with its place and date."""

    draft: Draft
    place: str
    date: str

    @property
    def years(self) -> float:
        """When it was taken, in years."""
        return years_of(self.date)


@dataclass(frozen=True)
class PlaceRow:
    """What `places.csv` says about one place; None where it does not."""

    split: str | None = None
    change_level: str | None = None


def split_name(stem: str) -> tuple[str, str] | None:
    """Return (place, date) of a bare stem, None where it ends in no date.

    Example:
        >>> split_name("chico_16_2018"), split_name("nd47_20180716"), split_name("town_0512_1024")
        (('chico_16', '2018'), ('nd47', '20180716'), None)
    """
    match = _NAME.fullmatch(stem)
    if match is None or not _FIRST_YEAR <= int(match["date"][:4]) <= _LAST_YEAR:
        return None
    try:
        years_of(match["date"])
    except ValueError:
        return None
    return match["place"], match["date"]


def years_of(text: str) -> float:
    """Return a date as a decimal year; of a year alone the middle is taken.

    Raises:
        ValueError: there is no such day.

    Example:
        >>> years_of("2018"), years_of("20180101")
        (2018.5, 2018.0)
    """
    if len(text) == 4:
        return int(text) + 0.5
    day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    length = 366 if calendar.isleap(day.year) else 365
    return day.year + (day.timetuple().tm_yday - 1) / length


def single_pictures(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without the further layers of one picture: `A_nir` where there is `A_rgb`."""
    stems = {c.image.with_name(bare_stem(c.image)) for c in candidates if bare_stem(c.image) != c.image.stem}
    return [
        c
        for c in candidates
        if bare_stem(c.image) != c.image.stem
        or not any(c.image.with_name(start) in stems for start in _starts(c.image.stem))
    ]


def _starts(stem: str) -> list[str]:
    """Return `a` and `a_b` of `a_b_c`, and not the whole."""
    words = stem.split("_")
    return ["_".join(words[:count]) for count in range(1, len(words))]


def read_places(folders: set[Path]) -> dict[str, PlaceRow]:
    """Return place -> what the tables `places.csv` of these folders say; columns `place` and, as they are
    there, `split` and `change_level`.

    Raises:
        SourceError: no column `place`, a place twice, an unknown split, or no text.
    """
    rows: dict[str, PlaceRow] = {}
    for path in sorted(folder / TABLE_NAME for folder in folders):
        if not path.is_file():
            continue
        for _, where, row in keyed_rows(path, "place", "place"):
            place = (row["place"] or "").strip()
            if place in rows:
                raise SourceError(f"{where}: stands in another {TABLE_NAME}, too")
            words = {key: (row.get(key) or "").strip() or None for key in ("split", "change_level")}
            rows[place] = PlaceRow(checked_split(words["split"], where), words["change_level"])
    return rows


def places_of(
    drafts: Sequence[Draft],
    rows: Mapping[str, PlaceRow],
    options: DateOptions,
    refused: dict[Path, SourceError],
) -> list[tuple[Dated, ...]]:
    """Return the usable dates of every usable place, each in order of time; the others go to `refused`.

    Dates of a place lie on one grid, that of most of them; a place has two dates or more, and a label map at
    one of them at least.
    """
    by_place: dict[tuple[Path, str], list[Dated]] = defaultdict(list)
    for draft in drafts:
        image = draft.candidate.image
        told = split_name(bare_stem(image))
        if told is None:
            refused[image] = SourceError(
                "the name ends in no date; call it PLACE_2018 or PLACE_20180716, before any _rgb", "no_date"
            )
        else:
            by_place[image.parent, told[0]].append(Dated(draft, *told))
    found = []
    for (_, place), dates in sorted(by_place.items()):
        row = rows.get(place, PlaceRow())
        if row.change_level in options.leave_out:
            why = SourceError(
                f"{TABLE_NAME} says that change at this place is '{row.change_level}'", "really_changed"
            )
            _refuse(dates, why, refused)
            continue
        kept = _once_each(_on_one_grid(dates, refused), refused)
        if len(kept) < 2:
            _refuse(kept, SourceError("the place has no second date on the same grid", "one_date"), refused)
        elif not any(entry.draft.labelled for entry in kept):
            why = SourceError("no date of the place has a label map; see `diachron segment`", "no_label")
            _refuse(kept, why, refused)
        else:
            found.append(tuple(kept))
    return found


def _refuse(dates: Sequence[Dated], why: SourceError, refused: dict[Path, SourceError]) -> None:
    refused.update({entry.draft.candidate.image: why for entry in dates})


def _once_each(dates: list[Dated], refused: dict[Path, SourceError]) -> list[Dated]:
    """Return one picture a date: of two of one time the first by name stays."""
    kept: list[Dated] = []
    for entry in dates:
        if kept and kept[-1].years == entry.years:
            other = kept[-1].draft.candidate.image.name
            _refuse([entry], SourceError(f"{other} is of the same date", "no_date"), refused)
        else:
            kept.append(entry)
    return kept


def _on_one_grid(dates: list[Dated], refused: dict[Path, SourceError]) -> list[Dated]:
    """Return, in order of time, the largest group of dates that share a grid.

    In a draw it is the one with most labels, then the one that begins earliest.
    """
    groups: list[list[Dated]] = []
    for entry in sorted(dates, key=lambda e: (e.years, e.draft.candidate.image)):
        fitting = next((g for g in groups if _grids_differ(g[0].draft, entry.draft) is None), None)
        if fitting is None:
            groups.append([entry])
        else:
            fitting.append(entry)
    best = max(groups, key=lambda g: (len(g), sum(entry.draft.labelled for entry in g)))
    for group in groups:
        for entry in group if group is not best else []:
            what = _grids_differ(best[0].draft, entry.draft)
            why = SourceError(
                f"{what}, while {len(best)} dates of the place share one; warp it", "crs_mismatch"
            )
            _refuse([entry], why, refused)
    return best


def _grids_differ(one: Draft, other: Draft) -> str | None:
    """Return what keeps two dates from being compared pixel by pixel, None where nothing does."""
    here, there = one.header, other.header
    if here.shape != there.shape:
        return f"it has {there.shape[0]} x {there.shape[1]} pixels (rows x columns)"
    georeferenced = here.transform is not None, there.transform is not None
    if georeferenced[0] != georeferenced[1] or not same_georeference(here, there):
        return f"its transform is {tuple(there.transform or ())[:6]}"
    if one.gsd_m and other.gsd_m and abs(one.gsd_m / other.gsd_m - 1) > _SAME_GSD:
        return f"its pixels are {other.gsd_m:g} m"
    if here.nodata != there.nodata:
        return f"its nodata value is {there.nodata}"
    return None
