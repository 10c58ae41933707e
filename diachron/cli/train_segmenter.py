"""`diachron train segmenter`: learn six classes of ground from partly labelled tiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from diachron.cli.source_options import source_options, with_source_options


@click.command(name="segmenter")
@with_source_options
@click.option(
    "--sources",
    "source_list",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Several sources in a YAML list, see docs/segment.md; instead of the options above.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the segmenter.")
@click.option("--hold-out", multiple=True, metavar="GLOB", help="Tiles or places that only measure accuracy.")
@click.option("--places", type=click.Choice(["A", "B"]), help="Half of the places: A labels, B only scores.")
@click.option("--steps", type=click.IntRange(1), default=800, show_default=True, help="Training steps.")
@click.option("--batch", type=click.IntRange(1), default=24, show_default=True, help="Crops a step.")
@click.option("--crop", "crop_px", type=int, default=80, show_default=True, help="Side of a crop, px.")
@click.option(
    "--train-gsd",
    "train_gsd",
    type=float,
    nargs=2,
    default=(0.3, 1.2),
    show_default=True,
    metavar="LOW HIGH",
    help="Metres a pixel of the crops.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--precision", type=click.Choice(["auto", "bf16", "fp32"]), default="auto", show_default=True)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    source_list: Path | None,
    out: Path,
    hold_out: tuple[str, ...],
    places: str | None,
    steps: int,
    batch: int,
    crop_px: int,
    train_gsd: tuple[float, float],
    seed: int,
    precision: str,
    resume: bool,
    as_json: bool,
    **source: Any,
) -> None:
    """Train a segmenter on tiles whose label maps may name only some classes.

    Writes the weights and report.json, the accuracy at every place that was held out: by --hold-out, by the
    list of sources, or because the source says that it is for test.
    """
    from diachron.cli.progress import progress_bar
    from diachron.pipelines.labelling.source_list import read_tile_sets, tile_set
    from diachron.training.segmenters.loop import train_segmenter
    from diachron.training.segmenters.options import SegmenterOptions
    from diachron.training.segmenters.report import score_places

    options = SegmenterOptions(
        steps=steps,
        batch=batch,
        crop_px=crop_px,
        gsd_m=train_gsd,
        seed=seed,
        places=places,
        precision=precision,
    )
    tiles = source_options(source)
    if source_list is not None:
        if tiles.source or tiles.images or hold_out:
            raise click.UsageError("--sources has the tiles and what is held out; leave out the other")
        sets = read_tile_sets(source_list)
    else:
        if not (tiles.source or tiles.images):
            raise click.UsageError("give the tiles with --source DIR or --sources FILE")
        sets = [tile_set(tiles, hold_out=hold_out)]
    with progress_bar("steps", quiet=as_json) as progress:
        segmenter = train_segmenter(sets, options, out=out, resume=resume, progress=progress)
    with progress_bar("held-out tiles", quiet=as_json) as progress:
        report = score_places(segmenter, sets, progress=progress)
    report = {"role": segmenter.role, "training": segmenter.training, **report}
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"out": str(out), **report}))
        return
    for line in report_lines(report):
        click.echo(line)
    click.echo(f"{segmenter.role} of {steps} steps in {out}")


def report_lines(report: dict[str, Any]) -> list[str]:
    """Return the accuracy as a table: a line a place, IoU by class."""
    from diachron.training.segmenters.classes import CLASSES

    if not report["places"]:
        return ["no place was held out, so nothing is known of the accuracy; use --hold-out"]
    rows = {**report["places"], "all": report["all"]}
    wide = max(map(len, rows))
    lines = [f"{'IoU at held-out places':<{wide}}  " + "  ".join(f"{n[:8]:>8}" for n in (*CLASSES, "unsure"))]
    for key, row in rows.items():
        cells = [row["classes"].get(name, {}).get("iou") for name in CLASSES] + [row["unsure"]]
        shown = "  ".join(f"{'' if cell is None else f'{cell:.2f}':>8}" for cell in cells)
        lines.append(f"{key:<{wide}}  {shown}")
    return lines
