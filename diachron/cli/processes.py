"""`diachron processes`: kinds of change and their parameters."""

from __future__ import annotations

import click

from diachron.cli.listing import list_registry


@click.command(name="processes")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, as_json: bool) -> None:
    """List the kinds of change, or print NAME with its parameters and their defaults."""
    list_registry("processes", name, as_json)
