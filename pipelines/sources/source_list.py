"""Several sources in one YAML file, each with the options that `diachron generate` takes for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diachron.core.errors import RecipeError, nearest_names
from diachron.pipelines.sources.tiles import SourceOptions


class ListedSource(BaseModel):
    """One source of a list; the keys are the options of the command line without their dashes.

    A verb that says more of a source adds its keys in a class of its own.
    """

    model_config = ConfigDict(extra="forbid")

    source: str | None = None
    images: str | None = None
    labels: str | None = None
    footprints: str | None = None
    schema_: str | None = Field(default=None, alias="schema")
    gsd: float | None = Field(default=None, gt=0)
    resample: float | None = Field(default=None, gt=0)
    licence: str | None = None
    bands: list[str] | None = None
    sun: tuple[float, float | None] | None = None
    full_scale: float | None = None

    def options(self, folder: Path) -> SourceOptions:
        """Return the options, with paths that are relative to a folder."""

        def beside(text: str | None) -> str | None:
            return None if text is None else str(folder / text)

        # A scheme is a built-in name or a file; only the file lies beside the list.
        is_file = self.schema_ is not None and self.schema_.lower().endswith((".yaml", ".yml"))
        return SourceOptions(
            source=beside(self.source),
            images=beside(self.images),
            labels=beside(self.labels),
            footprints=beside(self.footprints),
            schema=beside(self.schema_) if is_file else self.schema_,
            gsd_m=self.gsd,
            licence=self.licence,
            bands=None if self.bands is None else tuple(self.bands),
            full_scale=self.full_scale,
            sun=self.sun,
            resample_m=self.resample,
        )


Entry = TypeVar("Entry", bound=ListedSource)


def read_source_list(path: Path) -> list[SourceOptions]:
    """Return the sources of a YAML file.

    The file is a list of mappings: `- {source: tiles/banepa, gsd: 0.25, schema: building}`. Paths are
    relative to the file's own folder.

    Raises:
        RecipeError: as `read_entries`.
    """
    return [entry.options(path.parent) for entry in read_entries(path, ListedSource)]


def read_entries(path: Path, kind: type[Entry]) -> list[Entry]:
    """Return the entries of a YAML file, checked.

    Args:
        path: of the file, a list of mappings.
        kind: `ListedSource`, or a class that adds keys to it.

    Raises:
        RecipeError: the file cannot be read, is not such a list, has an unknown key or a value of the wrong
            kind, or an entry names no tiles.
    """
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: cannot be read as a list of sources ({error})") from None
    if not (isinstance(listed, list) and listed and all(isinstance(entry, dict) for entry in listed)):
        raise RecipeError(f"{path}: expected a list of sources, such as `- {{source: tiles, gsd: 0.5}}`")
    return [_checked(f"{path}, source {number}", kind, given) for number, given in enumerate(listed, 1)]


def _checked(where: str, kind: type[Entry], given: dict[str, Any]) -> Entry:
    try:
        entry = kind.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = [field.alias or name for name, field in kind.model_fields.items()]
            raise RecipeError(f"{where}: unknown key '{key}'; {nearest_names(key, known)}") from None
        raise RecipeError(f"{where}: {key}: {problem['msg']}, got {problem['input']!r}") from None
    if (entry.source is None) == (entry.images is None):
        raise RecipeError(f"{where}: give one of `source` and `images`")
    return entry
