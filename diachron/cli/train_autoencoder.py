"""`diachron train autoencoder`: teach an autoencoder the pictures that others learn in its latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.painting_options import (
    SHOWN,
    shared_options,
    train_on_tiles,
    whole_numbers,
    with_training_options,
)

if TYPE_CHECKING:
    from diachron.pipelines.labelling.places import SourcePlaces
    from diachron.training.autoencoder.network import TrainedAutoencoder
    from diachron.training.autoencoder.options import AutoencoderOptions


@click.command(name="autoencoder")
@with_training_options(batch=8, crop_px=256, learning_rate=1e-4)
@click.option(
    "--widths",
    metavar="N,N,...",
    default="128,256,512,512",
    show_default=True,
    help="Channels of each level, finest first; every level but the last halves the sides.",
)
@click.option(
    "--latent-channels", type=click.IntRange(1), default=4, show_default=True, help="Numbers a cell."
)
@click.option("--kl", type=float, default=1e-6, show_default=True, help="Weight of the KL divergence.")
def command(widths: str, latent_channels: int, kl: float, **given: Any) -> None:
    """Train an autoencoder on tiles, for `train rsdit` and other networks that paint in latents.

    Writes `vae`, a folder of diffusers, its card autoencoder.json, and samples.png with new crops of
    its tiles. Its default size is for a GPU.
    """
    from diachron.training.autoencoder.loop import train_autoencoder
    from diachron.training.autoencoder.options import AutoencoderOptions

    options = AutoencoderOptions(
        widths=whole_numbers("--widths", widths),
        latent_channels=latent_channels,
        kl=kl,
        **shared_options(given),
    )
    train_on_tiles(given, options, train_autoencoder, _pictures, enlarged=1)


def _pictures(
    trained: TrainedAutoencoder, places: Sequence[SourcePlaces], options: AutoencoderOptions
) -> list[list[tuple[str, Any]]]:
    from diachron.training.autoencoder.sheet import coded_examples

    return [
        [("real", shown.real), ("given back", shown.given_back)]
        for shown in coded_examples(trained, places, options, SHOWN)
    ]
