"""The sources of a segmenter in one file, each with what its label maps are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diachron.core.errors import RecipeError, nearest_names
from diachron.pipelines.labelling.tiles import SourceTiles
from diachron.pipelines.sources import SourceOptions, discover


class _Entry(BaseModel):
    """One source of the file; the keys are the options of the command line without their dashes."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    source: str | None = None
    images: str | None = None
    labels: str | None = None
    footprints: str | None = None
    schema_: str | None = Field(default=None, alias="schema")
    gsd: float | None = Field(default=None, gt=0)
    resample: float | None = Field(default=None, gt=0)
    bands: list[str] | None = None
    full_scale: float | None = None
    hold_out: list[str] = []
    allowed: dict[str, list[str]] = {}
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
    out.

    Raises:
        RecipeError: the file cannot be read, is not such a list, has an unknown key or a value of the wrong
            kind, or two sources of one name.
        DiachronError: as `discover` and `SourceTiles`.
    """
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: cannot be read as a list of sources ({error})") from None
    if not (isinstance(listed, list) and listed and all(isinstance(entry, dict) for entry in listed)):
        raise RecipeError(f"{path}: expected a list of sources, such as `- {{source: tiles, gsd: 0.5}}`")
    sets = [_tile_set(path, number, entry) for number, entry in enumerate(listed, 1)]
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


def _tile_set(path: Path, number: int, given: dict[str, Any]) -> SourceTiles:
    where = f"{path}, source {number}"
    try:
        entry = _Entry.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = [field.alias or name for name, field in _Entry.model_fields.items()]
            raise RecipeError(f"{where}: unknown key '{key}'; {nearest_names(key, known)}") from None
        raise RecipeError(f"{where}: {key}: {problem['msg']}, got {problem['input']!r}") from None
    if (entry.source is None) == (entry.images is None):
        raise RecipeError(f"{where}: give one of `source` and `images`")

    def beside(text: str | None) -> str | None:
        return None if text is None else str(path.parent / text)

    # A scheme is a built-in name or a file; only the file lies beside the list.
    is_file = entry.schema_ is not None and entry.schema_.lower().endswith((".yaml", ".yml"))
    options = SourceOptions(
        source=beside(entry.source),
        images=beside(entry.images),
        labels=beside(entry.labels),
        footprints=beside(entry.footprints),
        schema=beside(entry.schema_) if is_file else entry.schema_,
        gsd_m=entry.gsd,
        resample_m=entry.resample,
        bands=None if entry.bands is None else tuple(entry.bands),
        full_scale=entry.full_scale,
    )
    return tile_set(
        options, name=entry.name, hold_out=entry.hold_out, allowed=entry.allowed, weight=entry.weight
    )
