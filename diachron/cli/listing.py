"""Printing what is registered."""

from __future__ import annotations

import dataclasses
import inspect
import json

import click


def list_registry(kind: str, name: str | None, as_json: bool) -> None:
    """Print all names of a kind with their first line, or one in full.

    Args:
        kind: registry.
        name: entry to print with its parameters; None for the list, which imports nothing.
        as_json: print one JSON object instead.
    """
    from diachron.core import registry

    if name is None:
        known = registry.entries(kind)
        if as_json:
            click.echo(json.dumps({n: e.description for n, e in known.items()}))
        else:
            print_pairs([(n, e.description) for n, e in known.items()])
        return
    module = registry.load(kind, name)
    text = inspect.getdoc(module) or ""
    parameters = getattr(module, "Parameters", None)
    defaults = {} if parameters is None else dataclasses.asdict(parameters())
    if as_json:
        click.echo(json.dumps({"name": name, "description": text, "parameters": defaults}))
        return
    click.echo(text)
    if parameters is not None:
        click.echo("\n" + (inspect.getdoc(parameters) or "") + "\n\nDefaults:")
        print_pairs([(key, str(value)) for key, value in defaults.items()])


def print_pairs(pairs: list[tuple[str, str]]) -> None:
    """Print names and what they are, in two columns."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, text in pairs:
        click.echo(f"{name:<{width}}  {text}")
