"""`diachron recipes`: what can be generated."""

from __future__ import annotations

import json

import click


@click.command(name="recipes")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, as_json: bool) -> None:
    """List the recipes, or print NAME (or a .yaml file) with every default filled in."""
    from diachron.cli.listing import print_pairs
    from diachron.pipelines.recipes import builtin_recipes, load_recipe, resolved_yaml

    if name is not None:
        recipe = load_recipe(name)
        click.echo(json.dumps(recipe.model_dump()) if as_json else resolved_yaml(recipe), nl=as_json)
        return
    known = builtin_recipes()
    if as_json:
        click.echo(json.dumps(known))
    else:
        print_pairs(list(known.items()))
