"""`diachron schemas`: label schemes."""

from __future__ import annotations

import json

import click


@click.command(name="schemas")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, as_json: bool) -> None:
    """List the label schemes, or print NAME (or a .yaml file): values, names, colours, place in the hub."""
    from diachron.cli.listing import print_pairs
    from diachron.core import hub
    from diachron.core.schemes import SCHEMES, schema_named

    if name is None:
        rows = [(n, ", ".join(f"{c.id} {c.name}" for c in s.classes)) for n, s in SCHEMES.items()]
        if as_json:
            click.echo(json.dumps({n: {c.name: c.id for c in SCHEMES[n].classes} for n, _ in rows}))
        else:
            print_pairs(rows)
        return
    if name.endswith((".yaml", ".yml")):
        from diachron.pipelines.sources import read_scheme_file

        schema = read_scheme_file(name)
    else:
        schema = schema_named(name)
    if as_json:
        from diachron.outputs.readers import schema_to_json

        click.echo(json.dumps(schema_to_json(schema)))
        return
    click.echo(f"{schema.name}: ignore {'none' if schema.ignore is None else schema.ignore}")
    for entry in schema.classes:
        also = f" (also {', '.join(map(str, entry.also))})" if entry.also else ""
        place = "ground of unknown kind" if entry.hub is None else hub.NAMES[entry.hub]
        click.echo(f"{entry.id:>4}  {entry.colour}  {entry.name}{also} -> {place}")
    drawn = ", ".join(f"{hub.NAMES[h]}: {schema.names[c]}" for h, c in sorted(schema.draws.items()))
    click.echo(f"drawn as  {drawn}")
