"""`diachron renderers`: ways to paint a date."""

from __future__ import annotations

import click

from diachron.cli.listing import list_registry


@click.command(name="renderers")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, as_json: bool) -> None:
    """List the ways to paint a date, or print what NAME does."""
    list_registry("renderers", name, as_json)
