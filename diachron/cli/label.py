"""`diachron label`: change maps of real pairs that nobody has labelled."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import click

from diachron.cli.lines import one_line

# How far beyond the trained metres a pixel a pair may lie before it is said.
_TOLERANCE = 1.25


@click.command(name="label")
@click.argument("pairs", type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path), required=True, help="Folder of a segmenter.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the change maps.")
@click.option(
    "--unsure",
    "unsure_below",
    type=click.FloatRange(0.0, 1.0),
    default=0.6,
    show_default=True,
    help="Pixels of less probability are unknown.",
)
@click.option(
    "--published", is_flag=True, help="Vote as SemiCD-VL does: any overlap, and no part of a building."
)
@click.option(
    "--gsd",
    "gsd_m",
    type=click.FloatRange(0.0, min_open=True),
    metavar="M",
    help="Metres a pixel, where the files do not say.",
)
@click.option("--bands", metavar="NAMES", help="Band names by comma, e.g. blue,green,red,nir.")
@click.option("--full-scale", type=float, metavar="VALUE", help="The value of white, e.g. 10000.")
@click.option("--copy", is_flag=True, help="Copy the pictures, too: OUT then opens as pairs:OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    pairs: Path,
    weights: Path,
    out: Path,
    unsure_below: float,
    published: bool,
    gsd_m: float | None,
    bands: str | None,
    full_scale: float | None,
    copy: bool,
    as_json: bool,
) -> None:
    """Write where buildings came or went between the dates of PAIRS, a folder with t1/ and t2/.

    OUT/change/NAME.tif holds 0 same, 1 changed, 255 unknown; OUT/label.json where the pictures lie and what
    share of each pair changed.
    """
    from diachron.cli.progress import progress_bar
    from diachron.core.errors import GridError, SourceError
    from diachron.pipelines.labelling.change_events import Rules
    from diachron.pipelines.labelling.labeller import load_labeller
    from diachron.pipelines.labelling.real_pairs import Reading, full_scales, list_pairs

    segmenter, digest = load_labeller(weights)
    listed = list_pairs(pairs)
    rules = Rules(0.0, 0.0, None) if published else Rules()
    names = tuple(name.strip() for name in bands.split(",")) if bands else None
    reading = Reading(gsd_m, names, full_scale, unsure_below)
    whites = full_scales(listed, full_scale)
    _open_out(pairs, out, copy=copy)
    facts: dict[str, Any] = {
        "out": str(out),
        "weights": {"sha256": digest, "role": segmenter.role},
        "unsure_below": unsure_below,
        "rules": dict(vars(rules)),
        "copied": copy,
        "pairs": {},
        "refused": {},
    }
    _write(out, facts)
    with progress_bar("pairs", quiet=as_json) as progress:
        for done, pair in enumerate(listed, 1):
            try:
                facts["pairs"][pair.name] = _label(segmenter, pair, out, (whites, reading, rules), copy=copy)
            except (SourceError, GridError) as error:
                facts["refused"][pair.name] = str(error)
                (out / "change" / f"{pair.name}.tif").unlink(missing_ok=True)
            if progress is not None:
                progress(done, len(listed))
    _write(out, facts)
    if not facts["pairs"]:
        raise SourceError(f"no pair could be labelled; the first: {next(iter(facts['refused'].values()))}")
    if as_json:
        click.echo(json.dumps(facts))
        return
    _tell(facts, segmenter.gsd_m, out)


def _open_out(pairs: Path, out: Path, *, copy: bool) -> None:
    """Make the folders; change maps of somebody else are not written over."""
    from diachron.core.errors import RecipeError, RunRefusedError

    if copy and out.resolve() == pairs.resolve():
        raise RecipeError(f"--copy: {out} is the folder of the pairs itself; leave the option out")
    made = out / "change"
    if made.is_dir() and any(made.iterdir()) and not (out / "label.json").is_file():
        raise RunRefusedError(f"{made}: holds masks that this command has not written; choose another --out")
    for name in ("t1", "t2", "change") if copy else ("change",):
        (out / name).mkdir(parents=True, exist_ok=True)


def _label(segmenter: Any, pair: Any, out: Path, how: tuple[Any, Any, Any], *, copy: bool) -> dict[str, Any]:
    """Write the map of a pair; return its facts."""
    from diachron.pipelines.labelling.real_pairs import label_pair, write_change

    labelled = label_pair(segmenter, pair, *how)
    write_change(out / "change" / f"{pair.name}.tif", labelled)
    dates = {"t1": pair.t1, "t2": pair.t2}
    if copy:
        for date, path in dates.items():
            shutil.copyfile(path, out / date / path.name)
        dates = {date: out / date / path.name for date, path in dates.items()}
    trained = segmenter.gsd_m
    fits = trained is None or trained[0] / _TOLERANCE <= labelled.gsd_m <= trained[1] * _TOLERANCE
    return {
        **{date: Path(os.path.relpath(path, out)).as_posix() for date, path in dates.items()},
        "gsd_m": round(labelled.gsd_m, 4),
        "gsd_as_trained": fits,
        "changed": round(float((labelled.change == 1).mean()), 6),
        "unknown": round(float((labelled.change == 255).mean()), 6),
    }


def _write(out: Path, facts: dict[str, Any]) -> None:
    (out / "label.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _tell(facts: dict[str, Any], trained: tuple[float, float] | None, out: Path) -> None:
    """Print a line a pair, and what a reader of the maps must know."""
    found = facts["pairs"]
    for name, facts_of in found.items():
        click.echo(f"{name}: {facts_of['changed']:.2%} changed, {facts_of['unknown']:.1%} unknown")
    for name, why in facts["refused"].items():
        click.echo(one_line(f"{name}: refused: {why}"), err=True)
    outside = sum(not facts_of["gsd_as_trained"] for facts_of in found.values())
    if outside and trained is not None:
        click.echo(
            f"{outside} of {len(found)} pairs are not at the {trained[0]:g} to {trained[1]:g} m a pixel that "
            "the segmenter was trained at; expect wrong labels",
            err=True,
        )
    click.echo(f"{len(found)} change maps: {out / 'change'}" + (f"; open as pairs:{out}" * facts["copied"]))
