"""`diachron train rsdit`: teach a transformer to paint from label maps in the latents of an autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.painting_options import SHOWN, shared_options, train_on_tiles, with_training_options

if TYPE_CHECKING:
    from diachron.generators.hub.rsdit_folder import SavedRSDiT
    from diachron.pipelines.labelling.places import SourcePlaces
    from diachron.training.rsdit.options import RSDiTOptions


@click.command(name="rsdit")
@with_training_options(batch=64, crop_px=256, learning_rate=1e-4)
@click.option(
    "--vae",
    required=True,
    metavar="FOLDER",
    help="Its autoencoder: a folder of diffusers such as `vae` of `train autoencoder`, or a hub id.",
)
@click.option(
    "--size", type=click.Choice(["S", "B", "L", "XL"]), default="B", show_default=True, help="As published."
)
@click.option("--depth", type=click.IntRange(1), help="Blocks, instead of those of the size.")
@click.option("--width", type=click.IntRange(1), help="Of a token, instead of that of the size.")
@click.option("--heads", type=click.IntRange(1), help="Of attention, instead of those of the size.")
@click.option("--attention", type=click.Choice(["sdpa", "xformers"]), default="sdpa", show_default=True)
def command(
    vae: str,
    size: str,
    depth: int | None,
    width: int | None,
    heads: int | None,
    attention: str,
    **given: Any,
) -> None:
    """Train the network of renderer `rsdit` on tiles with label maps; its sizes are for a GPU.

    Writes the weights, their card rsdit.json, a copy of the autoencoder, and samples.png with new crops of
    its tiles.
    """
    from dataclasses import replace

    from diachron.generators.models.rsdit import rsdit_config
    from diachron.training.rsdit.loop import train_rsdit
    from diachron.training.rsdit.options import RSDiTOptions

    own: dict[str, Any] = {"depth": depth, "width": width, "heads": heads}
    network = replace(rsdit_config(size), **{key: value for key, value in own.items() if value is not None})
    options = RSDiTOptions(network=network, attention=attention, **shared_options(given))
    train_on_tiles(given, options, partial(train_rsdit, vae=vae), partial(_pictures, vae=vae), enlarged=1)


def _pictures(
    trained: SavedRSDiT, places: Sequence[SourcePlaces], options: RSDiTOptions, vae: str
) -> list[list[tuple[str, Any]]]:
    from diachron.outputs.panels import outlined
    from diachron.training.rsdit.sheet import latent_examples

    return [
        [
            ("real", shown.real),
            ("labels", shown.labels),
            ("holes", outlined(shown.proposal, shown.hole, (255, 255, 0))),
            ("painted", shown.painted),
            ("from labels", shown.whole),
        ]
        for shown in latent_examples(trained, vae, places, options, SHOWN)
    ]
