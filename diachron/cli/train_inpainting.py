"""`diachron train inpainting`: teach a network to repaint what copy_paste proposes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.source_options import source_options, with_source_options

if TYPE_CHECKING:
    from diachron.core.scene import Scene
    from diachron.pipelines.labelling.tiles import SourceTiles
    from diachron.pipelines.sources import Source, Unit

# Crops on the sheet of samples, and how often a pixel is repeated there.
SHOWN = 8
ENLARGED = 3


@click.command(name="inpainting")
@with_source_options
@click.option(
    "--sources",
    "source_list",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Several sources in a YAML list, see docs/segment.md; instead of the options above.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the weights.")
@click.option("--hold-out", multiple=True, metavar="GLOB", help="Tiles or places that are not learned from.")
@click.option("--steps", type=click.IntRange(1), default=2000, show_default=True, help="Training steps.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Crops a step.")
@click.option("--crop", "crop_px", type=int, default=96, show_default=True, help="Side of a crop, px.")
@click.option(
    "--train-gsd",
    "train_gsd",
    type=(float, float),
    metavar="LOW HIGH",
    help="Metres a pixel of the crops; by default those of the tiles.",
)
@click.option("--learning-rate", type=float, default=1e-3, show_default=True)
@click.option("--widths", metavar="N,N,...", help="Channels of each level of the network, finest first.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--precision", type=click.Choice(["auto", "bf16", "fp32"]), default="auto", show_default=True)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--checkpoint-every", type=click.IntRange(0), default=200, show_default=True, help="Steps.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    source_list: Path | None,
    out: Path,
    hold_out: tuple[str, ...],
    steps: int,
    batch: int,
    crop_px: int,
    train_gsd: tuple[float, float] | None,
    learning_rate: float,
    widths: str | None,
    seed: int,
    precision: str,
    device: str,
    checkpoint_every: int,
    resume: bool,
    as_json: bool,
    **source: Any,
) -> None:
    """Train the network of renderer `inpainting` on labelled tiles.

    Patches of the tiles are swapped, and the network learns the way back to the real picture. Writes the
    weights, their card inpainting.json, and samples.png with crops that it has not learned from.
    """
    # As for `train detector`: threads of torch that wait by spinning hold the cores of the next batch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from diachron.cli.progress import progress_bar
    from diachron.generators.models.unet import UNetConfig
    from diachron.outputs.panels import Panel, outlined, sheet, write_png
    from diachron.pipelines.labelling.source_list import read_tile_sets, tile_set
    from diachron.training.inpainting.loop import train_inpainting
    from diachron.training.inpainting.options import InpaintingOptions
    from diachron.training.inpainting.sheet import painted_examples

    options = InpaintingOptions(
        steps=steps,
        batch=batch,
        crop_px=crop_px,
        gsd_m=train_gsd,
        learning_rate=learning_rate,
        seed=seed,
        precision=precision,
        device=device,
        checkpoint_every=checkpoint_every,
        network=UNetConfig(shown_proposal=True)
        if widths is None
        else UNetConfig(widths=_numbers(widths), shown_proposal=True),
    )
    given = source_options(source)
    if source_list is not None:
        if given.source or given.images or hold_out:
            raise click.UsageError("--sources has the tiles and what is held out; leave out the other")
        sets = read_tile_sets(source_list)
    else:
        if not (given.source or given.images):
            raise click.UsageError("give the tiles with --source DIR or --sources FILE")
        sets = [tile_set(given, hold_out=hold_out)]
    places = [_places(tiles) for tiles in sets]
    with progress_bar("steps", quiet=as_json) as progress:
        painter = train_inpainting(places, options, out=out, resume=resume, progress=progress)
    rows = [
        [
            Panel(title, pixels.repeat(ENLARGED, 0).repeat(ENLARGED, 1))
            for title, pixels in (
                ("real", shown.real),
                ("holes", outlined(shown.proposal, shown.hole, (255, 255, 0))),
                ("proposal", shown.proposal),
                ("painted", shown.painted),
            )
        ]
        for shown in painted_examples(painter, places, options, SHOWN)
    ]
    write_png(sheet(rows), out / "samples.png")
    record = painter.training
    if as_json:
        click.echo(json.dumps({"out": str(out), **record}))
        return
    click.echo(
        f"{steps} steps on {sum(map(len, places))} of {sum(len(tiles.facts) for tiles in sets)} windows in "
        f"{record['seconds']} s, "
        f"loss {record['loss']:.4f}: {out}"
    )
    click.echo(f"look at {out / 'samples.png'}")


@dataclass(frozen=True)
class SourcePlaces:
    """Windows of a source to learn from.

    Args:
        name: of the set.
        source: discovered.
        units: windows that are not held out.
        weight: how often one is drawn.
    """

    name: str
    source: Source
    units: tuple[Unit, ...]
    weight: float = 1.0

    @property
    def licence(self) -> str | None:
        """Terms of the tiles as the user states them."""
        return self.source.licence

    @property
    def labelled(self) -> bool:
        """Whether label maps were given; those that are made from the pictures name nothing."""
        from diachron.pipelines.sources.unlabelled import is_unlabelled

        return not is_unlabelled(self.source.schema)

    def __len__(self) -> int:
        return len(self.units)

    def read(self, position: int) -> Scene:
        """Return a window split into surface and objects.

        Raises:
            SourceError, LabelError: it cannot be read.
        """
        return self.source.scene(self.units[position])


def _places(tiles: SourceTiles) -> SourcePlaces:
    """Return the windows of a set that are not held out."""
    from diachron.pipelines.labelling.tiles import WINDOW_PX

    units = tiles.source.units(WINDOW_PX)
    kept = tuple(unit for unit, facts in zip(units, tiles.facts, strict=True) if not facts.held_out)
    return SourcePlaces(tiles.name, tiles.source, kept, tiles.weight)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError(f"--widths {text}: expected whole numbers, e.g. 48,96,144,192") from None
