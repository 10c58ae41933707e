"""Finding processes, renderers, steps, exporters, filters and rivals by file name, without importing them.

The file name is the registered name, the first line of its docstring the description. Another project
adds its own by an entry point in the group `diachron.<kind>`. Only asking for a name imports it.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from diachron.core.errors import UnknownNameError, nearest_names

# kind -> the package whose files are the entries.
KINDS: dict[str, str] = {
    "processes": "diachron.simulators.processes",
    "acquisition": "diachron.simulators.acquisition",
    "renderers": "diachron.generators",
    "exporters": "diachron.outputs.exporters",
    "baselines": "diachron.evaluation.baselines",
    "rivals": "diachron.evaluation.rivals",
    "filters": "diachron.pipelines.filters",
}


@dataclass(frozen=True)
class Entry:
    """A registered name, the module behind it, and the first line of its docstring."""

    name: str
    module: str
    description: str


def entries(kind: str) -> dict[str, Entry]:
    """Return name -> entry of a kind, in order of name; nothing is imported but the folder's `__init__`.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if kind not in KINDS:
        raise UnknownNameError(f"no registry is called '{kind}'; {nearest_names(kind, KINDS)}")
    package = KINDS[kind]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UnknownNameError(f"the package {package} is missing from this installation")
    found: dict[str, Entry] = {}
    for folder in spec.submodule_search_locations:
        for path in sorted(Path(folder).iterdir()):
            name = path.stem
            file = path / "__init__.py" if path.is_dir() else path
            if file.suffix != ".py" or not file.is_file() or name.startswith("_"):
                continue
            line = _described(file, file.stat().st_mtime_ns)
            # A folder also holds parts that its entries share; an entry says what it is.
            if line is not None:
                found[name] = Entry(name, f"{package}.{name}", line)
    # Keyed by the reader itself, so that another one is asked anew.
    for point in _points(metadata.entry_points, f"diachron.{kind}", tuple(sys.path)):
        found.setdefault(point.name, Entry(point.name, point.value, f"from {point.value}"))
    return dict(sorted(found.items()))


@lru_cache(maxsize=64)
def _points(read: Callable[..., Any], group: str, path: tuple[str, ...]) -> tuple[metadata.EntryPoint, ...]:
    """Return what other projects have registered; reading every distribution's metadata takes 6 ms."""
    del path  # only part of the key: on another path other projects are found
    return tuple(read(group=group))


@lru_cache(maxsize=1024)
def _described(file: Path, changed_ns: int) -> str | None:
    """Return the first line of an entry's docstring, None for a file that is none; read again if it changed.

    A recipe asks for each of its steps by name, and each asks for the whole list.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0] if _is_entry(tree) else None


def _is_entry(tree: ast.Module) -> bool:
    """Whether a module assigns `REGISTERED = True` at its top level."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "REGISTERED" for target in node.targets
        ):
            return isinstance(node.value, ast.Constant) and node.value.value is True
    return False


def load(kind: str, name: str) -> ModuleType:
    """Import and return the module registered as `name`.

    Raises:
        UnknownNameError: no such name; the text gives the nearest.
    """
    known = entries(kind)
    if name not in known:
        raise UnknownNameError(f"no entry of {kind} is called '{name}'; {nearest_names(name, known)}")
    return importlib.import_module(known[name].module)
