"""`diachron inspect`: what a data set or a source holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from diachron.cli.source_options import source_options, with_source_options


@click.command(name="inspect")
@click.argument("what", type=click.Path(path_type=Path))
@with_source_options
@click.option(
    "--priors", is_flag=True, help="Also measure objects: number, area, density (reads every window)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(what: Path, priors: bool, as_json: bool, **source: Any) -> None:
    """Say what WHAT is and holds: a data set, a folder of tiles, or one tile."""
    from dataclasses import replace

    from diachron.outputs import layout

    options = source_options(source)
    if (what / layout.DATASET).is_file():
        from diachron.outputs.readers import Dataset
        from diachron.outputs.summary import summarise

        facts = summarise(Dataset(what))
    else:
        from diachron.pipelines.inspection import inspect_source

        facts = inspect_source(replace(options, source=options.source or str(what)), priors=priors)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print(facts, "")


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
