"""`diachron inspect`: what a data set or a source holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from diachron.cli.source_options import source_options, with_source_options


@click.command(name="inspect")
@click.argument("what", metavar="WHAT|FORMAT:DIR[@PART]")
@with_source_options
@click.option(
    "--priors",
    is_flag=True,
    help="Also measure objects: number, area, density (reads every window). Of pairs with change labels: "
    "print how much changes as a part of a recipe.",
)
@click.option(
    "--years", type=click.FloatRange(0, min_open=True), help="Between the dates of pairs with change labels."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(what: str, priors: bool, years: float | None, as_json: bool, **source: Any) -> None:
    """Say what WHAT is and holds: a data set, a folder of tiles, one tile, or pairs with change labels.

    Pairs are named FORMAT:DIR[@PART], see docs/test-sets.md; with --priors and --years the numbers come as
    YAML for a recipe.
    """
    from dataclasses import replace

    from diachron.evaluation.datasets import FORMATS
    from diachron.outputs import layout

    options = source_options(source)
    if what.partition(":")[0] in FORMATS and not Path(what).exists():
        _pairs(what, options.gsd_m, years, priors, as_json)
        return
    if years is not None:
        raise click.UsageError("--years is for pairs with change labels, FORMAT:DIR[@PART]")
    if (Path(what) / layout.DATASET).is_file():
        from diachron.outputs.readers import Dataset
        from diachron.outputs.summary import summarise

        facts = summarise(Dataset(Path(what)))
    else:
        from diachron.pipelines.inspection import inspect_source

        facts = inspect_source(replace(options, source=options.source or what), priors=priors)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print(facts, "")


def _pairs(what: str, gsd_m: float | None, years: float | None, priors: bool, as_json: bool) -> None:
    """Print what a set of pairs with change labels holds, or the part of a recipe that is like it."""
    from dataclasses import asdict

    import yaml

    from diachron.evaluation.datasets import open_pairs
    from diachron.evaluation.priors import change_priors

    if priors and years is None:
        raise click.UsageError("--priors of pairs wants --years N between their dates: rates are per year")
    found = change_priors(open_pairs(what, gsd_m=gsd_m))
    facts = {key: round(value, 5) for key, value in asdict(found).items()}
    fragment = None if years is None else found.fragment(years)
    if as_json:
        click.echo(json.dumps({"set": what, **facts, **({"recipe": fragment} if fragment else {})}))
        return
    if priors and fragment is not None:
        click.echo(
            f"# {what}: {found.pairs} pairs, {found.area_km2:.2f} km2, {found.pieces:g} pieces of change,"
        )
        click.echo(f"# {100 * found.quiet_share:.0f} % of the pairs without any")
        click.echo(yaml.safe_dump({"base": "building-change", **fragment}, sort_keys=False).rstrip())
        return
    _print({"set": what, **facts}, "")


def _print(facts: dict[str, Any], indent: str) -> None:
    for key, value in facts.items():
        if isinstance(value, dict):
            click.echo(f"{indent}{key}:" + ("" if value else " none"))
            _print(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{indent}{key}:")
            for entry in value:
                click.echo(f"{indent}  " + ", ".join(f"{k} {v}" for k, v in entry.items()))
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{indent}{key}: {text}")
