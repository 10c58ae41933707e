"""A user's label scheme from a small YAML file.

```yaml
name: village
ignore: 0
classes:
  - {id: 0, name: unlabelled, hub: ignore}
  - {id: 1, name: house, hub: building, colour: "#de1f07"}
  - {id: 2, name: land, hub: bare, also: [7, "20-30"]}
draws: {tree: land}
rest: land
```
`hub` says what a class is: a name of the hub legend, `unknown` for ground of any kind, `ignore` for nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from diachron.core import hub
from diachron.core.errors import LabelError, RecipeError, nearest_names
from diachron.core.labels import LabelClass, LabelSchema, build_schema

_UNKNOWN = "unknown"

# Given to classes without a colour, in this order; Tol 2021, "muted" and "bright" qualitative schemes.
_PALETTE = (
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499",
    "#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bbbbbb",
)  # fmt: skip

_RANGE = re.compile(r"\s*(\d{1,3})\s*-\s*(\d{1,3})\s*")


class _ClassEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: StrictInt = Field(ge=0, le=255)
    name: StrictStr = Field(min_length=1)
    hub: StrictStr
    colour: StrictStr | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$")
    also: list[StrictInt | StrictStr] = []


class _SchemeFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: StrictStr | None = None
    ignore: StrictInt | None = Field(default=None, ge=0, le=255)
    classes: list[_ClassEntry] = Field(min_length=1)
    draws: dict[StrictStr, StrictStr] = {}
    rest: StrictStr | None = None


def read_scheme_file(path: str | Path) -> LabelSchema:
    """Return the scheme that a YAML file describes; it is called like the file where it has no name.

    Raises:
        RecipeError: no such file, not YAML, an unknown key, a value of the wrong kind, an unknown name.
        LabelError: the classes contradict each other, or some hub id has no class to be drawn as.
    """
    path = Path(path)
    parsed = _parse(path)
    names = [entry.name for entry in parsed.classes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LabelError(f"{path}: two classes are called '{twice[0]}'; class names must differ")
    for key, class_name in [*((f"draws.{k}", v) for k, v in parsed.draws.items()), ("rest", parsed.rest)]:
        if class_name is not None and class_name not in names:
            raise RecipeError(f"{path}: {key}: no class '{class_name}'; {nearest_names(class_name, names)}")
    for hub_name in parsed.draws:
        _hub_id(hub_name, f"{path}: draws", special=False)
    colours = _colours([entry.colour for entry in parsed.classes])
    classes = [
        LabelClass(
            entry.id,
            entry.name,
            colour,
            _hub_id(entry.hub, f"{path}: class '{entry.name}': hub"),
            _values(entry, f"{path}: class '{entry.name}': also"),
        )
        for entry, colour in zip(parsed.classes, colours, strict=True)
    ]
    for entry in classes:
        if entry.id == parsed.ignore and entry.hub != hub.IGNORE:
            raise LabelError(
                f"{path}: ignore is {entry.id}, and class '{entry.name}' says it is something known; "
                "give that class `hub: ignore`, or take `ignore` out"
            )
    try:
        return build_schema(
            parsed.name or path.stem, classes, parsed.draws, rest=parsed.rest, ignore=parsed.ignore
        )
    except LabelError as err:
        advice = "; add `rest: CLASS` to draw all of them as one class" if "to draw" in str(err) else ""
        raise LabelError(f"{path}: {err}{advice}") from err


def _parse(path: Path) -> _SchemeFile:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise RecipeError(f"{path}: the label scheme cannot be read ({err.strerror})") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        raise RecipeError(f"{path}: not valid YAML: {' '.join(str(err).split())}") from err
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: a label scheme is a mapping with `classes`, got {type(data).__name__}")
    try:
        return _SchemeFile.model_validate(data)
    except ValidationError as err:
        raise RecipeError(f"{path}: {_first_problem(err, data)}") from err


def _first_problem(err: ValidationError, data: dict[str, Any]) -> str:
    """Return the first problem as `key: what is wrong`, with the nearest name for an unknown key."""
    problem = err.errors()[0]
    place = [str(part) for part in problem["loc"]]
    if len(place) > 1 and place[0] == "classes":
        entry = data["classes"][int(place[1])]
        called = entry.get("name") if isinstance(entry, dict) else None
        place[:2] = [f"class '{called}'" if called else f"classes[{place[1]}]"]
    if problem["type"] == "extra_forbidden":
        model: type[BaseModel] = _SchemeFile if len(place) == 1 else _ClassEntry
        return f"{'.'.join(place)}: unknown key; {nearest_names(place[-1], model.model_fields)}"
    if problem["type"] == "missing":
        return f"{'.'.join(place)}: missing"
    if place[-1] == "colour":
        return f"{'.'.join(place)}: {problem['input']!r} is not a colour such as '#de1f07' (with quotes)"
    return f"{'.'.join(place)}: {problem['msg']}, got {problem['input']!r}"


def _hub_id(name: str, where: str, *, special: bool = True) -> int | None:
    if special and name == _UNKNOWN:
        return None
    if name in hub.IDS and (special or hub.IDS[name] != hub.IGNORE):
        return hub.IDS[name]
    known = [*hub.IDS, _UNKNOWN] if special else [n for n in hub.IDS if n != "ignore"]
    hint = nearest_names(name, known)
    raise RecipeError(f"{where}: '{name}' is not in the hub legend; {hint}")


def _values(entry: _ClassEntry, where: str) -> tuple[int, ...]:
    values: list[int] = []
    for item in entry.also:
        match = _RANGE.fullmatch(str(item))
        low, high = (int(match[1]), int(match[2])) if match else (item, item)
        if not (isinstance(low, int) and isinstance(high, int) and 0 <= low <= high <= 255):
            raise RecipeError(f"{where}: {item!r} is neither a value in 0-255 nor a range such as '20-30'")
        values.extend(value for value in range(low, high + 1) if value != entry.id)
    return tuple(dict.fromkeys(values))


def _colours(given: list[str | None]) -> list[str]:
    taken = {colour.lower() for colour in given if colour}
    free = [colour for colour in _PALETTE if colour not in taken] or list(_PALETTE)
    without = 0
    colours = []
    for colour in given:
        if colour is None:
            colours.append(free[without % len(free)])
            without += 1
        else:
            colours.append(colour.lower())
    return colours
