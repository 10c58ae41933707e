"""Presets of the acquisition layer: YAML files, one a sensor family; the file name is the registered name."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from diachron.core.errors import nearest_names

PACKAGE = "diachron.simulators.acquisition"


def builtin_presets() -> dict[str, Path]:
    """Return name -> file of the presets that come with the package."""
    folder = Path(str(resources.files(PACKAGE))) / "presets"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_preset(name: str) -> dict[str, dict[str, Any]]:
    """Return step -> parameters of a preset, by name or by a path that ends in .yaml.

    Raises:
        ValueError: there is no such preset, or it is not a mapping of steps.
    """
    known = builtin_presets()
    path = Path(name) if name.endswith((".yaml", ".yml")) else known.get(name)
    if path is None:
        raise ValueError(
            f"no preset is called '{name}'; {nearest_names(name, known)} (your own ends in .yaml)"
        )
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"preset {path}: cannot be read ({' '.join(str(error).split())})") from None
    if not isinstance(values, dict) or not all(isinstance(step, str) for step in values):
        raise ValueError(f"preset {path}: expected steps with their parameters, got {values!r}")
    return {step: {} if given is None else given for step, given in values.items()}
