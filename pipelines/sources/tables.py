"""tiles.csv: what a user states a tile, beside the images."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.pipelines.sources.layout import SPLITS

TABLE_NAME = "tiles.csv"


@dataclass(frozen=True)
class Row:
    """What tiles.csv says about one tile; None where a cell is blank or the column is missing.

    `gsd_problem` tells that a gsd is given and cannot be used (`0.3-2.5`): a matter of that tile only.
    """

    gsd_m: float | None = None
    split: str | None = None
    place: str | None = None
    gsd_problem: str | None = None


def read_table(path: Path) -> dict[str, Row]:
    """Return tile stem -> row. Columns: `name`, and any of `gsd_m`, `split`, `place`; others are skipped.

    Raises:
        SourceError: no column `name`, a name twice, an unknown split.
    """
    rows: dict[str, Row] = {}
    for line, where, row in keyed_rows(path, "name", "tile"):
        gsd_m, problem = _length(_text(row.get("gsd_m")), line)
        split = checked_split(_text(row.get("split")), where)
        rows[(row["name"] or "").strip()] = Row(gsd_m, split, _text(row.get("place")), problem)
    return rows


def keyed_rows(path: Path, key: str, what: str) -> Iterator[tuple[int, str, dict[str, str | None]]]:
    """Yield (line, where it stands, cells) of a table of which one column names each row once.

    Args:
        path: comma-separated UTF-8 text with a line of column names.
        key: the column.
        what: a row is about, for errors.

    Raises:
        SourceError: there is no such column, a name stands there twice, or it is no text.
    """
    seen: set[str] = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if key not in (reader.fieldnames or ()):
                raise SourceError(
                    f"{path}: no column '{key}' in {reader.fieldnames}; add one, a {what} a line"
                )
            for row in reader:
                name = (row[key] or "").strip()
                if name in seen:
                    raise SourceError(f"{path}, line {reader.line_num}: {what} '{name}' stands there twice")
                seen.add(name)
                yield reader.line_num, f"{path}, line {reader.line_num}, {what} '{name}'", row
    except (UnicodeDecodeError, csv.Error) as err:
        raise SourceError(f"{path}: not a table of comma-separated UTF-8 text ({err})") from err


def _text(cell: str | None) -> str | None:
    return (cell or "").strip() or None


def _length(text: str | None, line: int) -> tuple[float | None, str | None]:
    """Return a length in metres, or what is wrong with its text."""
    if text is None:
        return None, None
    try:
        metres = float(text)
    except ValueError:
        metres = math.nan
    if math.isfinite(metres) and metres > 0:
        return metres, None
    return (
        None,
        f"gsd_m is '{text}' in line {line} of {TABLE_NAME}, but it is one length in metres, such as 0.5",
    )


def checked_split(text: str | None, where: str) -> str | None:
    """Return a split as it stands in a table.

    Args:
        text: of the cell, None where it is blank.
        where: file, line and name, for the error.

    Raises:
        SourceError: there is no such split.
    """
    if text is not None and text not in SPLITS:
        raise SourceError(f"{where}: split is '{text}', but it is one of {', '.join(SPLITS)}, or blank")
    return text


def read_tables(folders: Iterable[Path]) -> dict[Path, dict[str, Row]]:
    """Return folder -> its tiles.csv, for those that have one.

    Raises:
        SourceError: as `read_table`.
    """
    places = sorted(set(folders))
    return {folder: read_table(folder / TABLE_NAME) for folder in places if (folder / TABLE_NAME).is_file()}
