"""`diachron train semantic`: teach a network to paint over sketches of pictures."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from diachron.cli.source_options import source_options, with_source_options
from diachron.cli.train_inpainting import ENLARGED, SHOWN, _numbers, _places


@click.command(name="semantic")
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
@click.option("--detail", type=float, default=2.0, show_default=True, help="Smoothing of sketches, px.")
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
    detail: float,
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
    """Train the network of renderer `semantic` on tiles, labelled or not.

    Tiles are smoothed inside what stands there, and the network learns the way back to the real picture.
    Writes the weights, their card semantic.json, and samples.png with crops that it has not learned from.
    """
    # As for `train detector`: threads of torch that wait by spinning hold the cores of the next batch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from diachron.cli.progress import progress_bar
    from diachron.generators.models.unet import UNetConfig
    from diachron.outputs.panels import Panel, sheet, write_png
    from diachron.pipelines.labelling.source_list import read_tile_sets, tile_set
    from diachron.training.semantic.loop import train_semantic
    from diachron.training.semantic.options import SemanticOptions
    from diachron.training.semantic.sheet import painted_sketches

    options = SemanticOptions(
        steps=steps,
        batch=batch,
        crop_px=crop_px,
        gsd_m=train_gsd,
        detail_px=detail,
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
        painter = train_semantic(places, options, out=out, resume=resume, progress=progress)
    rows = [
        [
            Panel(title, pixels.repeat(ENLARGED, 0).repeat(ENLARGED, 1))
            for title, pixels in (("sketch", shown.sketch), ("painted", shown.painted), ("real", shown.real))
        ]
        for shown in painted_sketches(painter, places, options, SHOWN)
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
