"""`diachron train semantic`: teach a network to paint over sketches of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.painting_options import SHOWN, train_painter, with_painting_options

if TYPE_CHECKING:
    from diachron.generators.semantic.painter import SemanticPainter
    from diachron.pipelines.labelling.places import SourcePlaces
    from diachron.training.semantic.options import SemanticOptions


@click.command(name="semantic")
@with_painting_options
@click.option("--detail", type=float, default=2.0, show_default=True, help="Smoothing of sketches, px.")
def command(detail: float, **given: Any) -> None:
    """Train the network of renderer `semantic` on tiles, labelled or not.

    Tiles are smoothed inside what stands there, and the network learns the way back to the real picture.
    Writes the weights, their card semantic.json, and samples.png with new crops of its tiles.
    """
    from diachron.training.semantic.loop import train_semantic
    from diachron.training.semantic.options import SemanticOptions

    train_painter(given, partial(SemanticOptions, detail_px=detail), train_semantic, _pictures)


def _pictures(
    painter: SemanticPainter, places: Sequence[SourcePlaces], options: SemanticOptions
) -> list[list[tuple[str, Any]]]:
    from diachron.training.semantic.sheet import painted_sketches

    return [
        [("sketch", shown.proposal), ("painted", shown.painted), ("real", shown.real)]
        for shown in painted_sketches(painter, places, options, SHOWN)
    ]
