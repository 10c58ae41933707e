"""`diachron segment`: label maps of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from diachron.cli.lines import one_line

# How far beyond the trained metres a pixel a picture may lie before it is said.
_TOLERANCE = 1.25


@click.command(name="segment")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path), required=True, help="Folder of a segmenter.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the label maps.")
@click.option(
    "--unsure",
    "unsure_below",
    type=click.FloatRange(0.0, 1.0),
    default=0.6,
    show_default=True,
    help="Pixels of less probability are not labelled.",
)
@click.option("--gsd", "gsd_m", type=float, metavar="M", help="Metres a pixel, where the files do not say.")
@click.option("--bands", metavar="NAMES", help="Band names by comma, e.g. blue,green,red,nir.")
@click.option("--full-scale", type=float, metavar="VALUE", help="The value of white, e.g. 10000.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    images: tuple[Path, ...],
    weights: Path,
    out: Path,
    unsure_below: float,
    gsd_m: float | None,
    bands: str | None,
    full_scale: float | None,
    as_json: bool,
) -> None:
    """Write the label map of each of IMAGES, in the scheme `segmenter`, and its confidence.

    OUT/label/NAME.tif holds classes, 255 where the network is not sure; OUT/confidence/NAME.tif the
    probability of the likeliest class in percent.
    """
    from diachron.cli.progress import progress_bar
    from diachron.core.errors import RecipeError
    from diachron.training.segmenters.segmenter import Segmenter

    segmenter = Segmenter.load(weights, role="labeller")
    stems = [image.stem for image in images]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise RecipeError(f"two images are called '{twice[0]}', and one label map would replace the other")
    for folder in ("label", "confidence"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    names = tuple(name.strip() for name in bands.split(",")) if bands else None
    results: dict[str, Any] = {}
    with progress_bar("images", quiet=as_json) as progress:
        for done, image in enumerate(images, 1):
            results[image.stem] = _segment(segmenter, image, out, unsure_below, gsd_m, names, full_scale)
            if progress is not None:
                progress(done, len(images))
    facts = {"out": str(out), "scheme": "segmenter", "unsure_below": unsure_below, "images": results}
    (out / "segment.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, facts_of in results.items():
        shares = ", ".join(f"{key} {share:.1%}" for key, share in facts_of["shares"].items() if share)
        click.echo(f"{name}: {shares or 'no data'}")
    click.echo(f"{len(results)} label maps: {out / 'label'}; read them with --schema segmenter")


def _segment(
    segmenter: Any,
    image: Path,
    out: Path,
    unsure_below: float,
    gsd_m: float | None,
    names: tuple[str, ...] | None,
    full_scale: float | None,
) -> dict[str, Any]:
    from diachron.pipelines.sources.radiometry import band_names, derive_full_scale
    from diachron.pipelines.sources.rasters import ground_gsd, read_header
    from diachron.training.segmenters.predict_raster import segment_raster

    header = read_header(image)
    gsd = gsd_m or ground_gsd(header)
    trained = segmenter.gsd_m
    fits = None
    if gsd is not None and trained is not None:
        fits = trained[0] / _TOLERANCE <= gsd <= trained[1] * _TOLERANCE
        if not fits:
            click.echo(
                one_line(
                    f"{image}: {gsd:.2f} m a pixel, but the segmenter was trained at {trained[0]:g} to "
                    f"{trained[1]:g} m; expect wrong labels, or resample the picture"
                ),
                err=True,
            )
    summary = segment_raster(
        segmenter,
        image,
        out / "label" / f"{image.stem}.tif",
        out / "confidence" / f"{image.stem}.tif",
        full_scale=full_scale or derive_full_scale([header]),
        indexes=header.indexes,
        bands=band_names(header, names),
        unsure_below=unsure_below,
    )
    return {"pixels": summary.pixels, "shares": summary.shares, "gsd_m": gsd, "gsd_as_trained": fits}
