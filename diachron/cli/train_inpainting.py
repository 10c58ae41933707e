"""`diachron train inpainting`: teach a network to repaint what copy_paste proposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.painting_options import SHOWN, train_painter, with_painting_options

if TYPE_CHECKING:
    from diachron.generators.inpainting.painter import Painter
    from diachron.pipelines.labelling.places import SourcePlaces
    from diachron.training.inpainting.options import InpaintingOptions


@click.command(name="inpainting")
@with_painting_options
def command(**given: Any) -> None:
    """Train the network of renderer `inpainting` on tiles, labelled or not.

    Patches of the tiles are swapped or tinted, and the network learns the way back to the real picture.
    Writes the weights, their card inpainting.json, and samples.png with new crops of its tiles.
    """
    from diachron.training.inpainting.loop import train_inpainting
    from diachron.training.inpainting.options import InpaintingOptions

    train_painter(given, InpaintingOptions, train_inpainting, _pictures)


def _pictures(
    painter: Painter, places: Sequence[SourcePlaces], options: InpaintingOptions
) -> list[list[tuple[str, Any]]]:
    from diachron.outputs.panels import outlined
    from diachron.training.inpainting.sheet import painted_examples

    return [
        [
            ("real", shown.real),
            ("holes", outlined(shown.proposal, shown.hole, (255, 255, 0))),
            ("proposal", shown.proposal),
            ("painted", shown.painted),
        ]
        for shown in painted_examples(painter, places, options, SHOWN)
    ]
