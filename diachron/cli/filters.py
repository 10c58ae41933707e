"""`diachron filters`: what a sample can be asked to hold."""

from __future__ import annotations

import click

from diachron.cli.listing import list_registry


@click.command(name="filters")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, as_json: bool) -> None:
    """List the filters, or print NAME with its parameters and their defaults."""
    list_registry("filters", name, as_json)
