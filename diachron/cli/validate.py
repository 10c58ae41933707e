"""`diachron validate`: check a data set."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="validate")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--finish", "finish_tables", is_flag=True, help="Join index and events of finished shards.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(out: Path, finish_tables: bool, as_json: bool) -> None:
    """Check every layer of the data set in OUT against every other and the record."""
    from diachron.cli.progress import progress_bar
    from diachron.outputs.readers import Dataset
    from diachron.outputs.storage import LocalStorage
    from diachron.outputs.validation import validate
    from diachron.pipelines.run import finish_folder

    dataset = Dataset(out)
    joined = None
    if finish_tables:
        joined = finish_folder(LocalStorage(out), int(dataset.info["n"]), None)
    with progress_bar("samples", quiet=as_json) as progress:
        result = validate(dataset, progress=progress)
    if as_json:
        click.echo(json.dumps({"out": str(out), "joined": joined, **result.to_json()}))
    else:
        for problem in result.problems:
            click.echo(problem)
        if joined is False:
            click.echo("not joined: some samples are neither done nor refused")
        verdict = "no problem found" if not result.problems else f"{len(result.problems)} problems"
        click.echo(f"{result.samples} samples, {result.events} events checked: {verdict}")
    if result.problems or joined is False:
        raise click.exceptions.Exit(1)
