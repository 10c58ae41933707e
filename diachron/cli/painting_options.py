"""The options and the course of a training of a renderer's network; shared by the verbs that teach one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from diachron.cli.source_options import source_options, with_source_options

if TYPE_CHECKING:
    from diachron.outputs.panels import Panel
    from diachron.pipelines.labelling.places import SourcePlaces

Command = TypeVar("Command", bound=Callable[..., Any])

# Crops on the sheet of samples, and how often a pixel is repeated there.
SHOWN = 8
ENLARGED = 3

_OPTIONS = (
    click.option(
        "--sources",
        "source_list",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Several sources in a YAML list, see docs/segment.md; instead of the options above.",
    ),
    click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the weights."),
    click.option(
        "--hold-out", multiple=True, metavar="GLOB", help="Tiles or places that are not learned from."
    ),
    click.option("--steps", type=click.IntRange(1), default=2000, show_default=True, help="Training steps."),
    click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Crops a step."),
    click.option("--crop", "crop_px", type=int, default=96, show_default=True, help="Side of a crop, px."),
    click.option(
        "--train-gsd",
        "train_gsd",
        type=(float, float),
        metavar="LOW HIGH",
        help="Metres a pixel of the crops; by default those of the tiles.",
    ),
    click.option("--learning-rate", type=float, default=1e-3, show_default=True),
    click.option("--widths", metavar="N,N,...", help="Channels of each level of the network, finest first."),
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
    click.option(
        "--precision", type=click.Choice(["auto", "bf16", "fp32"]), default="auto", show_default=True
    ),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True),
    click.option("--checkpoint-every", type=click.IntRange(0), default=200, show_default=True, help="Steps."),
    click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)


def with_painting_options(command: Command) -> Command:
    """Add the options to a click command, those of the tiles before them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return with_source_options(command)


def train_painter(
    given: dict[str, Any],
    options_of: Callable[..., Any],
    train: Callable[..., Any],
    pictures: Callable[[Any, Sequence[SourcePlaces], Any], Sequence[Sequence[tuple[str, Any]]]],
) -> None:
    """Train a network, write its folder with `samples.png`, and say how it went.

    Args:
        given: the options of the command.
        options_of: makes the options of the training from the shared ones by name.
        train: called with places, options, `out`, `resume` and `progress`; returns a painter.
        pictures: rows of (title, (S, S, 3) uint8) of what a painter makes of crops.

    Raises:
        UsageError: no tiles, or tiles given twice.
        DiachronError: as the training.
    """
    # As for `train detector`: threads of torch that wait by spinning hold the cores of the next batch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from diachron.cli.progress import progress_bar
    from diachron.generators.models.unet import UNetConfig
    from diachron.outputs.panels import sheet, write_png
    from diachron.pipelines.labelling.places import places_of
    from diachron.pipelines.labelling.source_list import read_tile_sets, tile_set

    out, listed, held, widths = (given[key] for key in ("out", "source_list", "hold_out", "widths"))
    size = UNetConfig(shown_proposal=True)
    options = options_of(
        gsd_m=given["train_gsd"],
        network=size if widths is None else UNetConfig(widths=_numbers(widths), shown_proposal=True),
        **{
            key: given[key]
            for key in (
                "steps",
                "batch",
                "crop_px",
                "learning_rate",
                "seed",
                "precision",
                "device",
                "checkpoint_every",
            )
        },
    )
    tiles = source_options(given)
    if listed is not None:
        if tiles.source or tiles.images or held:
            raise click.UsageError("--sources has the tiles and what is held out; leave out the other")
        sets = read_tile_sets(listed)
    else:
        if not (tiles.source or tiles.images):
            raise click.UsageError("give the tiles with --source DIR or --sources FILE")
        sets = [tile_set(tiles, hold_out=held)]
    places = [places_of(each) for each in sets]
    with progress_bar("steps", quiet=given["as_json"]) as progress:
        painter = train(places, options, out=out, resume=given["resume"], progress=progress)
    write_png(sheet([_enlarged(row) for row in pictures(painter, places, options)]), out / "samples.png")
    record = painter.training
    if given["as_json"]:
        click.echo(json.dumps({"out": str(out), **record}))
        return
    click.echo(
        f"{options.steps} steps on {sum(map(len, places))} of {sum(len(each.facts) for each in sets)} "
        f"windows in {record['seconds']} s, loss {record['loss']:.4f}: {out}"
    )
    click.echo(f"look at {out / 'samples.png'}")


def _enlarged(row: Sequence[tuple[str, Any]]) -> list[Panel]:
    from diachron.outputs.panels import Panel

    return [Panel(title, pixels.repeat(ENLARGED, 0).repeat(ENLARGED, 1)) for title, pixels in row]


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError(f"--widths {text}: expected whole numbers, e.g. 48,96,144,192") from None
