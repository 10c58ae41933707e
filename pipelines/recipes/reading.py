"""Finding recipes, joining one with its base and with `--set`, writing the resolved one out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from diachron.core.errors import RecipeError, nearest_names
from diachron.pipelines.recipes.model import Recipe, build_recipe

FOLDER = Path(__file__).parent


def builtin_recipes() -> dict[str, str]:
    """Return name -> description of the recipes that come with the package."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        values = _read(path)
        found[path.stem] = str(values.get("description", ""))
    return found


def load_recipe(name: str, overrides: list[str] | None = None) -> Recipe:
    """Return a recipe by name or file, over its base, under `a.b=c` overrides.

    Args:
        name: registered name, or a path that ends in .yaml or .yml.
        overrides: dotted keys with YAML values, in order.

    Raises:
        RecipeError: no such recipe, a base of a base, an unknown key or a value out of range.
    """
    path, values, _ = _over_base(name)
    for override in overrides or []:
        _set(values, override)
    # A printed recipe carries its name and stays the same recipe in a file of any name.
    values.setdefault("name", path.stem)
    return build_recipe(values, f"{path.name} with --set" if overrides else path.name)


def recipe_tiles(name: str, recipe: Recipe) -> Path | None:
    """Return the folder of the tiles that come with a recipe, None where it brings none.

    They lie beside the file that names them: that of the recipe, or of its base.

    Raises:
        RecipeError: the folder is not there, or lies elsewhere.
    """
    if recipe.source is None:
        return None
    _, _, home = _over_base(name)
    folder = home / recipe.source
    if not folder.resolve().is_relative_to(home.resolve()):
        raise RecipeError(
            f"{name}: source '{recipe.source}' leaves the recipe's folder; give it with --source"
        )
    if not folder.exists():
        raise RecipeError(
            f"{name}: its source '{recipe.source}' is not in {home}; give tiles with --source DIR"
        )
    return folder


def _over_base(name: str) -> tuple[Path, dict[str, Any], Path]:
    """Return a recipe's file, its values over those of its base, and the folder that `source` is in."""
    path = _find(name)
    values = _read(path)
    home = path.parent
    base = values.pop("base", None)
    if base is not None:
        base_path = _find(str(base), beside=path.parent)
        below = _read(base_path)
        if "base" in below:
            raise RecipeError(f"{path}: base '{base}' has a base itself; one level is allowed")
        below.pop("name", None)
        if "source" not in values:
            home = base_path.parent
        values = _merge(below, values)
    return path, values, home


def resolved_yaml(recipe: Recipe) -> str:
    """Return the recipe with every default filled in, as YAML."""
    values = recipe.model_dump(mode="json")
    for key in ("acquisition", "match", "real_dates", "world", "scheme"):
        if values[key] is None:
            values[key] = "none"
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    return text


def _find(name: str, beside: Path | None = None) -> Path:
    if name.endswith((".yaml", ".yml")):
        for folder in (beside, Path()):
            if folder is not None and (folder / name).is_file():
                return folder / name
        raise RecipeError(f"{name}: there is no such file; `diachron recipes` lists those that are built in")
    known = {path.stem: path for path in FOLDER.glob("*.yaml")}
    if name not in known:
        raise RecipeError(
            f"no recipe is called '{name}'; {nearest_names(name, known)} (your own ends in .yaml)"
        )
    return known[name]


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not YAML ({_problem(error)})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{path}: a recipe is a mapping of keys, got {type(values).__name__}")
    for key in values:
        if not isinstance(key, str):
            raise RecipeError(f"{path}: unknown key {key!r}; {nearest_names(str(key), Recipe.model_fields)}")
    return values


def _problem(error: yaml.YAMLError) -> str:
    """Return what is wrong and where, without the parser's drawing of it."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} at line {mark.line + 1}, column {mark.column + 1}"
    return " ".join(str(error).split())


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        # A distribution is one value: `{lognormal: ...}` over `{normal: ...}` replaces it.
        if isinstance(inner, dict) and isinstance(value, dict) and not _is_distribution(value):
            merged[key] = _merge(inner, value)
        else:
            merged[key] = value
    return merged


def _is_distribution(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in ("lognormal", "normal", "choice")


def _set(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(
            f"--set {override}: expected a.b=value, e.g. --set years=3 or --set acquisition=none"
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"--set {override}: '{text}' is not YAML ({_problem(error)})") from None
    *path, last = key.split(".")
    if not all((*path, last)):
        raise RecipeError(f"--set {override}: '{key}' is no key; write a.b=value, e.g. --set years=3")
    if path[:1] == ["renderer"] and isinstance(values.get("renderer"), str):
        # Its short form is its name, whose parameters follow.
        values["renderer"] = {"name": values["renderer"]}
    inner: Any = values
    for part in path:
        if not isinstance(inner.get(part), dict):
            inner[part] = {}
        inner = inner[part]
    inner[last] = value
