"""`diachron report`: a page to look at."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="report")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), help="File to write; OUT/report.html if not given.")
@click.option(
    "--limit", type=click.IntRange(1), default=24, show_default=True, help="Samples in the gallery."
)
def command(out: Path, to: Path | None, limit: int) -> None:
    """Write a self-contained HTML page about the data set in OUT."""
    from diachron.outputs import layout
    from diachron.outputs.readers import Dataset
    from diachron.outputs.report import report

    written = report(Dataset(out), to or out / layout.REPORT, limit=limit)
    click.echo(str(written))
