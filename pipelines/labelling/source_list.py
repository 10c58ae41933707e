"""The sources of a segmenter in one file, each with what its label maps are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from diachron.core.errors import RecipeError
from diachron.pipelines.labelling.tiles import SourceTiles
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.source_list import ListedSource, read_entries


class _LabelledSource(ListedSource):
    """A source with what a segmenter may take from it."""

    name: str | None = None
    hold_out: list[str] = Field(default_factory=list)
    allowed: dict[str, list[str]] = Field(default_factory=dict)
    weight: float = Field(default=1.0, ge=0)


def read_tile_sets(path: Path) -> list[SourceTiles]:
    """Return the sources of a YAML file, discovered.

    The file is a list of mappings, with paths relative to its own folder:

    ```yaml
    - {source: oam_banepa, hold_out: ["*_r3c*"]}
    - {source: dubai, schema: mbrsc, gsd: 1.0, weight: 2, hold_out: [dubai_t2]}
    - {source: scans, schema: scans.yaml, allowed: {paved: [road, bare]}}
    ```

    `hold_out`, `allowed` and `weight` are those of `SourceTiles`; `name` is the folder's where it is left
    out. All other keys are those of `read_source_list`.

    Raises:
        RecipeError: as `read_entries`, or two sources of one name.
        DiachronError: as `discover` and `SourceTiles`.
    """
    sets = [
        tile_set(
            entry.options(path.parent),
            name=entry.name,
            hold_out=entry.hold_out,
            allowed=entry.allowed,
            weight=entry.weight,
        )
        for entry in read_entries(path, _LabelledSource)
    ]
    names = [tiles.name for tiles in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError(f"{path}: two sources are called '{twice[0]}'; give them a `name` each")
    return sets


def tile_set(
    options: SourceOptions,
    *,
    name: str | None = None,
    hold_out: Sequence[str] = (),
    allowed: Mapping[str, Sequence[str]] | None = None,
    weight: float = 1.0,
) -> SourceTiles:
    """Return the tiles of one source, discovered.

    Args:
        options: where it is.
        name: None for that of its folder.
        hold_out, weight: as for `SourceTiles`.
        allowed: its `stated`.

    Raises:
        DiachronError: as `discover` and `SourceTiles`.
    """
    found = discover(options)
    called = name or Path(found.root).resolve().name
    return SourceTiles(found, called, tuple(hold_out), dict(allowed or {}), weight)
