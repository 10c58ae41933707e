"""`diachron evaluate`: what a detector learns from made pairs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from diachron.cli.quality import command as quality
from diachron.cli.source_options import source_options, with_source_options


@click.group(name="evaluate")
def command() -> None:
    """Judge recipes by what a detector learns from their pairs."""


command.add_command(quality)


@command.command(name="zero-shot")
@click.option(
    "--recipe", "recipes", multiple=True, required=True, help="Recipe by name or file; repeat it for more."
)
@with_source_options
@click.option(
    "--sources",
    "source_list",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Several sources: a YAML list of the options above, instead of them.",
)
@click.option(
    "--donors", metavar="DIR|LIST.yaml", help="Labelled tiles whose objects the recipes put up instead."
)
@click.option(
    "--test",
    "tests",
    multiple=True,
    required=True,
    metavar="FORMAT:DIR[@PART]",
    help="Real pairs that judge, e.g. levir:DIR; repeat it for more.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder that keeps data sets, detectors, results and contact sheets of errors.",
)
@click.option("-n", "samples", type=click.IntRange(1), default=400, show_default=True, help="Pairs to make.")
@click.option("--seeds", default="0,1,2", show_default=True, help="Seeds by comma.")
@click.option("--steps", type=click.IntRange(1), default=500, show_default=True, help="Training steps.")
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True, help="Crops a step.")
@click.option("--crop", "crop_px", type=click.IntRange(32), default=128, show_default=True, help="Side, px.")
@click.option(
    "--train-gsd",
    "train_gsd",
    type=float,
    nargs=2,
    metavar="LOW HIGH",
    help="Reduce training crops to metres a pixel between these; by default those of the tests.",
)
@click.option("--architecture", default="siamese-unet-small", show_default=True)
@click.option("--baseline", "baselines", multiple=True, help="A detector without training.")
@click.option("--rival", "rivals", multiple=True, help="A published policy on the same sources.")
@click.option("--real", metavar="FORMAT:DIR[@PART]", help="Real pairs for supervised arms; never a test set.")
@click.option(
    "--percent",
    "percents",
    default="100",
    show_default=True,
    help="Shares of --real by comma, each alone, mixed with and after the first recipe's pairs.",
)
@click.option(
    "--threshold",
    type=click.Choice(["0.5", "validation"]),
    default="validation",
    show_default=True,
    help="Fixed, or the best on made pairs that were kept out of training.",
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def zero_shot(
    recipes: tuple[str, ...],
    source_list: Path | None,
    donors: str | None,
    tests: tuple[str, ...],
    out: Path | None,
    samples: int,
    seeds: str,
    steps: int,
    batch: int,
    crop_px: int,
    train_gsd: tuple[float, float] | None,
    architecture: str,
    baselines: tuple[str, ...],
    rivals: tuple[str, ...],
    real: str | None,
    percents: str,
    threshold: str,
    workers: int,
    as_json: bool,
    **source: Any,
) -> None:
    """Make pairs with each RECIPE, train a detector on them, and test it on real pairs it never saw.

    Finished trials in --out are kept: the same command goes on where it was stopped.
    """
    # Before torch is loaded: threads that wait by spinning hold the cores that others need.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from tempfile import TemporaryDirectory

    from diachron.evaluation.zero_shot.arms import Arms, Budget, run_arms
    from diachron.evaluation.zero_shot.table import flat_runs, markdown, rows_of
    from diachron.pipelines.sources.source_list import read_source_list

    options = source_options(source)
    if (source_list is None) == (options.source is None and options.images is None):
        raise click.UsageError("give the tiles with --source DIR, or several with --sources FILE")
    sources = [options] if source_list is None else read_source_list(source_list)
    budget = Budget(samples, steps, batch, crop_px, train_gsd, architecture, threshold == "validation")
    arms = Arms(
        recipes,
        baselines,
        rivals,
        real,
        tuple(_numbers(percents, "--percent", float)),
        tuple(_numbers(seeds, "--seeds", int)),
    )

    def say(line: str) -> None:
        click.echo(line, err=True)

    if out is None:
        with TemporaryDirectory(prefix="diachron-") as folder:
            trials = run_arms(
                sources,
                tests,
                arms,
                budget,
                Path(folder),
                sheets=False,
                donors=donors,
                workers=workers,
                say=say,
            )
    else:
        trials = run_arms(
            sources, tests, arms, budget, out, sheets=True, donors=donors, workers=workers, say=say
        )
    rows = rows_of(trials, f"{steps} steps")
    table = markdown(rows)
    result = {"rows": rows, "runs": flat_runs(trials)}
    if out is not None:
        (out / "table.md").write_text(table + "\n", encoding="utf-8")
        (out / "table.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(f"F1 of the change class, mean ± deviation over seeds\n\n{table}")
        click.echo(
            f"\nmore figures and the errors: {out}" if out else "\nkeep data and errors with --out DIR"
        )


def _numbers(text: str, option: str, kind: type[int] | type[float]) -> list[Any]:
    """Return the numbers of a list by comma, each once.

    Raises:
        UsageError: there is none, or one is not a number of this kind.
    """
    try:
        found = list(dict.fromkeys(kind(part) for part in text.split(",") if part.strip()))
    except ValueError:
        found = []
    if not found or min(found) < 0:
        raise click.UsageError(f"{option} {text}: expected numbers by comma, e.g. 0,1,2")
    return found
