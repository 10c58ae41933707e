"""`diachron train lora`: teach a published inpainting network what tiles look like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.painting_options import shared_options, train_on_tiles, with_training_options

if TYPE_CHECKING:
    from diachron.pipelines.labelling.places import SourcePlaces
    from diachron.training.lora.options import LoraOptions

# Crops on the sheet: each is painted twice by a large network.
SHOWN = 4


@click.command(name="lora")
@with_training_options(batch=4, crop_px=512, learning_rate=1e-4)
@click.option(
    "--weights",
    required=True,
    metavar="FOLDER|ID",
    help="Stable Diffusion for inpainting: a folder of diffusers, or a hub id.",
)
@click.option("--rank", type=click.IntRange(1), default=16, show_default=True, help="Of what is learned.")
@click.option("--profile", default="plain", show_default=True, help="How prompts are made: plain or hyscdg.")
@click.option("--text", default="", help="Put into every prompt, such as a place.")
@click.option("--attention", type=click.Choice(["sdpa", "xformers"]), default="sdpa", show_default=True)
def command(weights: str, rank: int, profile: str, text: str, attention: str, **given: Any) -> None:
    """Train a LoRA on tiles for a published inpainting network; for a GPU.

    Writes pytorch_lora_weights.safetensors, its card lora.json, and samples.png with new crops of
    its tiles, painted without it and with it. Needs the extras `transformers` and `peft`.
    """
    from diachron.training.lora.loop import train_lora
    from diachron.training.lora.options import LoraOptions

    options = LoraOptions(rank=rank, profile=profile, text=text, attention=attention, **shared_options(given))
    pictures = partial(_pictures, lora=given["out"], weights=weights)
    train_on_tiles(given, options, partial(train_lora, weights=weights), pictures, enlarged=1)


def _pictures(
    _: Any, places: Sequence[SourcePlaces], options: LoraOptions, lora: Path, weights: str
) -> list[list[tuple[str, Any]]]:
    from diachron.outputs.panels import outlined
    from diachron.training.lora.sheet import prompted_examples

    return [
        [
            ("real", shown.real),
            ("holes", outlined(shown.proposal, shown.hole, (255, 255, 0))),
            ("without", shown.without),
            ("with LoRA", shown.painted),
        ]
        for shown in prompted_examples(lora, weights, places, options, SHOWN)
    ]
