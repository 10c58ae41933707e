"""Writing a fitted preset: a small YAML file that says at its head what it was fitted to, and how well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from diachron.core.errors import PackageError
from diachron.training.acquisition.fit import Fit


def write_preset(out: Path, fit: Fit, *, base: str, pairs: Sequence[str]) -> None:
    """Write a preset for `--set acquisition.preset=FILE.yaml`, by a rename: never half of it.

    Args:
        out: file; its folder is made.
        fit: the preset and its figures.
        base: name of the preset that was turned.
        pairs: names of the sets of real pairs.

    Raises:
        PackageError: the file cannot be written.
    """
    turns = ", ".join(f"{name} {turn:g}" for name, turn in sorted(fit.turns.items()))
    lines = [
        f"# Fitted by `diachron train acquisition` to {fit.pairs} pairs of {', '.join(pairs)}.",
        f"# Factors on preset {base}: {turns}.",
        "# Measures (training/acquisition/measures.py): real | made, each the median ± half of the range",
        "# from the 16th to the 84th hundredth.",
        *(f"#   {name}: {told(fit.real[name])} | {told(fit.made.get(name))}" for name in sorted(fit.real)),
    ]
    text = "\n".join(lines) + "\n" + yaml.safe_dump(fit.preset, sort_keys=True, default_flow_style=None)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside_it = out.with_name(out.name + ".part")
        beside_it.write_text(text, encoding="utf-8")
        beside_it.replace(out)
    except OSError as error:
        raise PackageError(f"{out}: cannot be written ({error.strerror})") from error


def told(figure: Mapping[str, float] | None) -> str:
    """Return `median ± spread`, or a dash where the measure could not be taken."""
    return "-" if figure is None else f"{figure['median']:.3f} ± {figure['spread']:.3f}"
