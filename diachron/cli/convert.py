"""`diachron convert`: published weights become a folder that a renderer reads."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.group(name="convert")
def command() -> None:
    """Convert published weights."""


@command.command(name="rsdit")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the weights.")
@click.option("--labels", required=True, metavar="SCHEME", help="Label scheme that it was trained on.")
@click.option("--heads", type=click.IntRange(1), help="Of attention; by default those of the published size.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rsdit(checkpoint: Path, out: Path, labels: str, heads: int | None, as_json: bool) -> None:
    """Convert a checkpoint of Changen2's RSDiT for renderer `rsdit`.

    Size and number of label planes are read from the weights. Weights of xView2 know one class
    (--labels building), those of OpenEarthMap eight (--labels openearthmap). Nothing in a pickle is run.
    """
    from diachron.generators.hub.convert import converted

    saved = converted(checkpoint, labels=labels, heads=heads)
    saved.save(out)
    config = saved.network.config
    count = sum(values.numel() for values in saved.network.parameters())
    facts = {
        "out": str(out),
        "weights": count,
        "depth": config.depth,
        "width": config.width,
        "heads": config.heads,
        "label_planes": config.label_planes,
        "aim": saved.aim,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"RSDiT of {count / 1e6:.1f} M weights, {config.depth} blocks of {config.width}, "
        f"{config.label_planes} label planes: {out}"
    )
    click.echo(f"put its autoencoder into {out / 'vae'}, or name it with --set renderer.vae=DIR")
    click.echo(f"use it: diachron generate RECIPE --set renderer=rsdit --set renderer.weights={out} ...")
