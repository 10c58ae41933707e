"""Which label scheme a source is in: as given, as a scheme.yaml says, or as polygons and names tell.

A raster without any of these is an error, never a guess: a map of 0 and 255 may be buildings or roads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rasterio.enums import Resampling

from diachron.core import hub
from diachron.core.errors import RecipeError, SourceError
from diachron.core.labels import LabelSchema
from diachron.core.schemes import SCHEMES, schema_named
from diachron.pipelines.sources.drafts import Draft
from diachron.pipelines.sources.layout import Candidate
from diachron.pipelines.sources.rasters import Header, open_raster
from diachron.pipelines.sources.scheme_file import read_scheme_file

SCHEME_NAME = "scheme.yaml"

_MAPS_LOOKED_AT = 32
_LOOK_PX = 512
_NAMES_SHOWN = 4
_RANGES_SHOWN = 5
_MASK_VALUES = frozenset({0, 1, 255})


def stated_schema(option: str | None, candidates: Sequence[Candidate], root: Path) -> LabelSchema | None:
    """Return the scheme of the command line, else of a scheme.yaml beside the label maps, else None.

    Raises:
        UnknownNameError: no built-in scheme has the name.
        RecipeError, LabelError: the scheme file is not valid, or there are several.
    """
    if option is not None:
        is_file = option.lower().endswith((".yaml", ".yml")) or Path(option).is_file()
        return read_scheme_file(option) if is_file else schema_named(option)
    folders = {label.parent for candidate in candidates for label in candidate.labels}
    folders |= {candidate.home for candidate in candidates} | {root}
    found = sorted(path for path in (folder / SCHEME_NAME for folder in folders) if path.is_file())
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise RecipeError(f"{len(found)} scheme files: {names}; choose one with --schema FILE")
    return read_scheme_file(found[0]) if found else None


def choose_schema(drafts: Sequence[Draft], root: Path) -> LabelSchema:
    """Return the scheme that polygons, or masks whose names say building, are in.

    Raises:
        RecipeError: label maps whose scheme nobody states; one line with the values seen.
        SourceError: none of the label maps can be decoded.
    """
    labels = [draft.label for draft in drafts if draft.label is not None]
    if not labels:
        return SCHEMES["building"]
    step = max(1, -(-len(labels) // _MAPS_LOOKED_AT))
    values = _values_in(labels[::step])
    if values <= _MASK_VALUES and all(_says_building(label.path, root) for label in labels):
        return SCHEMES["building"]
    maps = f"{len(labels)} label maps" if len(labels) > 1 else "1 label map"
    looked = f" ({len(labels[::step])} looked at) hold" if step > 1 else " hold" + "s" * (len(labels) == 1)
    advice = f"add --schema NAME|FILE ({_who_holds(values, _name(root))})"
    if all(draft.gsd_m is None for draft in drafts):
        advice += ", and --gsd METRES, as the files hold no ground sampling distance"
    raise RecipeError(
        f"{_name(root)}: {maps}{looked} the values {ranges(values)}, and no scheme is given; {advice}"
    )


def building_class(schema: LabelSchema) -> int | None:
    """Return the class id that a building is drawn as, None where no class of the scheme is building."""
    ids = [entry.id for entry in schema.classes if entry.hub == hub.BUILDING]
    drawn = schema.draws[hub.BUILDING]
    return drawn if drawn in ids else next(iter(ids), None)


def ground_class(schema: LabelSchema) -> int | None:
    """Return the class id of ground of unknown kind, None where the scheme has none."""
    return next((entry.id for entry in schema.classes if entry.hub is None), None)


def ranges(values: set[int]) -> str:
    """Return values as text, runs joined.

    Example:
        >>> ranges({0, 1, 2, 3, 7, 255})
        '0-3, 7, 255'
    """
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][1] + 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in runs]
    if len(shown) > _RANGES_SHOWN:
        shown = [*shown[: _RANGES_SHOWN - 1], "…", shown[-1]]
    return ", ".join(shown)


def _values_in(labels: Sequence[Header]) -> set[int]:
    values: set[int] = set()
    failure: SourceError | None = None
    read = 0
    for label in labels:
        shape = (min(label.shape[0], _LOOK_PX), min(label.shape[1], _LOOK_PX))
        try:
            with open_raster(label.path) as dataset:
                seen = dataset.read(1, out_shape=shape, resampling=Resampling.nearest)
        except SourceError as err:
            failure = err
            continue
        read += 1
        values.update(np.unique(seen).tolist())
    if failure is not None and not read:
        raise failure
    return values


def _says_building(path: Path, root: Path) -> bool:
    below = path.relative_to(root).parts if path.is_relative_to(root) else (path.parent.name, path.name)
    return any("building" in part.lower() for part in (_name(root), *below))


def _who_holds(values: set[int], source: str) -> str:
    """Return the built-in schemes that know all values: named like the source, then fewest others first."""
    known = {
        name: {value for entry in schema.classes for value in (entry.id, *entry.also)}
        for name, schema in SCHEMES.items()
    }
    fits = sorted(
        (name not in source, len(has - values), name) for name, has in known.items() if values <= has
    )
    if not fits:
        return "no built-in scheme holds all of them: write a FILE, see docs/your-own-tiles.md"
    names = [name for _, _, name in fits]
    more = " …" if len(names) > _NAMES_SHOWN else ""
    return (
        ", ".join(names[:_NAMES_SHOWN]) + more + (" hold" if len(names) > 1 else " holds") + " these values"
    )


def _name(root: Path) -> str:
    return root.resolve().name or str(root)
