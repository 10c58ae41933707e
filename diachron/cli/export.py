"""`diachron export`: another tool's layout."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="export")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--format", "name", required=True, metavar="NAME", help="Layout, e.g. levir.")
@click.option(
    "--to", type=click.Path(path_type=Path), required=True, help="Folder to write; made if missing."
)
def command(out: Path, name: str, to: Path) -> None:
    """Write the data set in OUT in the layout of another tool."""
    from diachron.core import registry
    from diachron.outputs.readers import Dataset

    exporter = registry.load("exporters", name)
    count = exporter.export(Dataset(out), to)
    click.echo(f"{count} samples: {to}")
