"""The options and the course of a training on tiles; shared by the verbs that teach a network to paint."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from diachron.cli.source_options import source_options, with_source_options

if TYPE_CHECKING:
    from diachron.outputs.panels import Panel
    from diachron.pipelines.labelling.places import SourcePlaces
    from diachron.training.inpainting.crop_options import CropOptions

# What was trained, its places and its options -> rows of (title, (S, S, 3) uint8).
Pictures: TypeAlias = "Callable[[Any, Sequence[SourcePlaces], Any], Sequence[Sequence[tuple[str, Any]]]]"
Command = TypeVar("Command", bound=Callable[..., Any])

# Crops on the sheet of samples, and how often a pixel is repeated there.
SHOWN = 8
ENLARGED = 3

# The options of a run by the names that the trainings know them by, too.
_SHARED = ("steps", "batch", "crop_px", "learning_rate", "seed", "precision", "device", "checkpoint_every")


def with_training_options(
    *, batch: int = 16, crop_px: int = 96, learning_rate: float = 1e-3
) -> Callable[[Command], Command]:
    """Return what adds the options of a training to a click command, those of the tiles before them.

    Args:
        batch, crop_px, learning_rate: defaults.
    """
    options = (
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
        click.option(
            "--steps", type=click.IntRange(1), default=2000, show_default=True, help="Training steps."
        ),
        click.option(
            "--batch", type=click.IntRange(1), default=batch, show_default=True, help="Crops a step."
        ),
        click.option(
            "--crop", "crop_px", type=int, default=crop_px, show_default=True, help="Side of a crop, px."
        ),
        click.option(
            "--train-gsd",
            "train_gsd",
            type=(float, float),
            metavar="LOW HIGH",
            help="Metres a pixel of the crops; by default those of the tiles.",
        ),
        click.option("--learning-rate", type=float, default=learning_rate, show_default=True),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--precision", type=click.Choice(["auto", "bf16", "fp32"]), default="auto", show_default=True
        ),
        click.option(
            "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
        ),
        click.option(
            "--checkpoint-every", type=click.IntRange(0), default=200, show_default=True, help="Steps."
        ),
        click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return with_source_options(command)

    return add


def with_painting_options(command: Command) -> Command:
    """Add the options of a training, and the size of the compact network, to a click command."""
    widths = click.option(
        "--widths", metavar="N,N,...", help="Channels of each level of the network, finest first."
    )
    return with_training_options()(widths(command))


def shared_options(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `with_training_options` by the names of `CropOptions`."""
    return {"gsd_m": given["train_gsd"], **{key: given[key] for key in _SHARED}}


def train_painter(
    given: dict[str, Any],
    options_of: Callable[..., Any],
    train: Callable[..., Any],
    pictures: Pictures,
) -> None:
    """Train a compact network, write its folder with `samples.png`, and say how it went.

    Args:
        given: the options of the command.
        options_of: makes the options of the training from the shared ones by name.
        train, pictures: as for `train_on_tiles`.

    Raises:
        UsageError, DiachronError: as `train_on_tiles`.
    """
    from diachron.generators.models.unet import UNetConfig

    widths = given["widths"]
    size = (
        UNetConfig(shown_proposal=True, grain=True)
        if widths is None
        else UNetConfig(widths=whole_numbers("--widths", widths), shown_proposal=True, grain=True)
    )
    train_on_tiles(given, options_of(network=size, **shared_options(given)), train, pictures)


def train_on_tiles(
    given: dict[str, Any],
    options: CropOptions,
    train: Callable[..., Any],
    pictures: Pictures,
    *,
    enlarged: int = ENLARGED,
) -> None:
    """Train a network, write its folder with `samples.png`, and say how it went.

    Args:
        given: the options of the command.
        options: of the training.
        train: called with places, options, `out`, `resume` and `progress`; returns what was trained.
        pictures: rows of (title, (S, S, 3) uint8) of what it makes of crops.
        enlarged: how often a pixel is repeated on the sheet.

    Raises:
        UsageError: no tiles, or tiles given twice.
        DiachronError: as the training.
    """
    # As for `train detector`: threads of torch that wait by spinning hold the cores of the next batch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from diachron.cli.progress import progress_bar
    from diachron.outputs.panels import sheet, write_png
    from diachron.pipelines.labelling.places import places_of
    from diachron.pipelines.labelling.source_list import read_tile_sets, tile_set
    from diachron.training.runs.processes import is_first

    out, listed, held = (given[key] for key in ("out", "source_list", "hold_out"))
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
        trained = train(places, options, out=out, resume=given["resume"], progress=progress)
    # Where several processes have trained, one has written the folder.
    if not is_first():
        return
    rows = [_enlarged(row, enlarged) for row in pictures(trained, places, options)]
    write_png(sheet(rows), out / "samples.png")
    record = trained.training
    if given["as_json"]:
        click.echo(json.dumps({"out": str(out), **record}))
        return
    click.echo(
        f"{options.steps} steps on {sum(map(len, places))} of {sum(len(each.facts) for each in sets)} "
        f"windows in {record['seconds']} s, loss {record['loss']:.4f}: {out}"
    )
    click.echo(f"look at {out / 'samples.png'}")


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Return the numbers of an option such as `--widths 48,96`.

    Raises:
        UsageError: they are none.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError(f"{option} {text}: expected whole numbers, e.g. 48,96,144,192") from None


def _enlarged(row: Sequence[tuple[str, Any]], times: int) -> list[Panel]:
    from diachron.outputs.panels import Panel

    return [Panel(title, pixels.repeat(times, 0).repeat(times, 1)) for title, pixels in row]
