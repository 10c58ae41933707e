"""Sources that only lend objects: cleanly labelled tiles for scenes whose own labels are ragged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diachron.pipelines.sources.discovery import discover
from diachron.pipelines.sources.source import Source
from diachron.pipelines.sources.source_list import read_source_list
from diachron.pipelines.sources.tiles import SourceOptions


def discover_donors(given: str, borrower: Source) -> tuple[Source, ...]:
    """Return the sources that lend, read at the metres a pixel of the one that borrows.

    Objects are averaged down to the borrower's finest pixels, as its own sensor would have seen them. Tiles
    with larger pixels are left out: their roofs would look soft among sharp ones. A source that states
    `resample` itself is read so.

    Args:
        given: folder or glob of tiles, or a YAML list of sources.
        borrower: the source that is painted.

    Raises:
        RecipeError: the list cannot be read.
        SourceError: a source has no usable tile.
    """
    path = Path(given)
    if path.suffix.lower() in (".yaml", ".yml"):
        listed = read_source_list(path)
    else:
        listed = [SourceOptions(source=given)]
    gsd_m = min(tile.grid.gsd_m for tile in borrower.tiles)
    return tuple(discover(replace(options, resample_m=options.resample_m or gsd_m)) for options in listed)
