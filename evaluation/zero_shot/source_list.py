"""Several sources in one file: each with the options that `diachron generate` takes for it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from diachron.core.errors import RecipeError, nearest_names
from diachron.pipelines.sources import SourceOptions

# Keys of the file are the command line's words where the two differ.
_KEYS = {"gsd": "gsd_m", "resample": "resample_m"}
_PATHS = ("source", "images", "labels", "footprints")


def read_source_list(path: Path) -> list[SourceOptions]:
    """Return the sources of a YAML file.

    The file is a list of mappings with the options of `diachron generate` as keys, without their dashes:
    `- {source: tiles/banepa, gsd: 0.25, schema: building}`. Paths are relative to the file's own folder.

    Raises:
        RecipeError: the file cannot be read, is not such a list, or has an unknown key.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: cannot be read as a list of sources ({error})") from None
    if not (isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries)):
        raise RecipeError(f"{path}: expected a list of sources, such as `- {{source: tiles, gsd: 0.5}}`")
    return [_options(path, number, entry) for number, entry in enumerate(entries, 1)]


def _options(path: Path, number: int, entry: dict[str, Any]) -> SourceOptions:
    known = {field.name for field in fields(SourceOptions)} - set(_KEYS.values()) | set(_KEYS)
    given: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in known:
            raise RecipeError(
                f"{path}, source {number}: unknown key '{key}'; {nearest_names(str(key), known)}"
            )
        given[_KEYS.get(key, key)] = tuple(value) if isinstance(value, list) else value
    if not ({"source", "images"} & set(given)):
        raise RecipeError(f"{path}, source {number}: neither `source` nor `images` is given")
    options = SourceOptions(**given)
    beside: dict[str, Any] = {name: str(path.parent / given[name]) for name in _PATHS if name in given}
    return replace(options, **beside)
