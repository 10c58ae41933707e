"""`diachron evaluate quality`: how good made pairs look, and what gives them away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command(name="quality")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--real", metavar="DIR|FORMAT:DIR[@PART]", help="Real pairs to compare with, e.g. levir:DIR@train."
)
@click.option(
    "--scorer",
    type=click.Path(path_type=Path),
    help="Weights of an independent segmenter, for label fidelity.",
)
@click.option("--seeds", default="0,1,2", show_default=True, help="Seeds of the probes by comma.")
@click.option("--sheets", type=click.Path(path_type=Path), help="Folder for contact sheets of the crops.")
@click.option(
    "--keep-probes",
    "probes",
    type=click.Path(path_type=Path),
    help="Folder that keeps the seam and the painted probe, for the filter probe_score.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    out: Path,
    real: str | None,
    scorer: Path | None,
    seeds: str,
    sheets: Path | None,
    probes: Path | None,
    as_json: bool,
) -> None:
    """Measure the data set in OUT: probes, distances to real crops, diversity, what repeats, what leaks.

    A probe's AUC of 0.5 is the best there is; a figure that does not count says why.
    """
    from diachron.cli.progress import progress_bar
    from diachron.evaluation.quality.measures import choose_measures, measure_quality
    from diachron.evaluation.quality.real_pairs import open_real
    from diachron.outputs.readers import Dataset
    from diachron.training.features.encoder import load_encoder
    from diachron.training.segmenters.segmenter import Segmenter

    numbers = _numbers(seeds)
    measures = choose_measures(
        dataset := Dataset(out),
        load_encoder(),
        real=None if real is None else open_real(real),
        scorer=None if scorer is None else Segmenter.load(scorer, role="scorer"),
    )
    with progress_bar("steps", quiet=as_json) as progress:
        result = measure_quality(dataset, measures, numbers, sheets=sheets, probes=probes, progress=progress)
    if as_json:
        click.echo(json.dumps(result))
    else:
        _print(result, "")


def _numbers(text: str) -> list[int]:
    """Return the seeds of a list by comma, each once.

    Raises:
        UsageError: there is none, or one is no whole number of 0 or more.
    """
    try:
        found = list(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))
    except ValueError:
        found = []
    if not found or min(found) < 0:
        raise click.UsageError(f"--seeds {text}: expected whole numbers by comma, e.g. 0,1,2")
    return found


def _print(figures: dict[str, Any], indent: str) -> None:
    for name, value in figures.items():
        if isinstance(value, dict):
            unsound = value.get("valid") is False
            click.echo(f"{indent}{name}:" + ("  DOES NOT COUNT" if unsound else ""))
            _print(value, indent + "  ")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{indent}{name}: {text}")
