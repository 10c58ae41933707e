"""`diachron render`: look at one sample, stage by stage."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diachron.cli.source_options import opened_source, source_options, with_source_options

if TYPE_CHECKING:
    from diachron.pipelines.sources import SourceOptions


@click.group(name="render")
def command() -> None:
    """Look at what a recipe makes of a tile."""


@command.command(name="scene")
@click.argument("what", required=False, metavar="[TILE|SET]")
@with_source_options
@click.option("--recipe", default="building-change", show_default=True, help="Recipe by name or file.")
@click.option("--donors", metavar="DIR|LIST.yaml", help="Labelled tiles whose objects are put up instead.")
@click.option("--set", "overrides", multiple=True, metavar="A.B=C", help="Change the recipe, e.g. years=3.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--sample", type=click.IntRange(0), default=0, show_default=True, help="Number of the sample.")
@click.option(
    "-n",
    "samples",
    type=click.IntRange(1),
    help="Samples of the data set that it is one of; by default one a window, or what the recipe says.",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    help="source, surface, objects, events, labels, painted, edit, acquisition, or an acquisition step "
    "for its before and after; repeat it for more. All stages if not given.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="A .png for one sheet, or a folder for a file a panel.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with all that was drawn.")
def scene(
    what: str | None,
    recipe: str,
    donors: str | None,
    overrides: tuple[str, ...],
    seed: int,
    sample: int,
    samples: int | None,
    stages: tuple[str, ...],
    out: Path,
    as_json: bool,
    **source: Any,
) -> None:
    """Draw the stages of one sample: the one that `generate` makes with the same recipe, seed and -n.

    TILE|SET is what --source takes; without either, the recipe's own tiles or worlds are looked at.
    """
    from diachron.outputs.panels import sheet, write_png
    from diachron.pipelines.plan import Plan
    from diachron.pipelines.recipes import load_recipe
    from diachron.pipelines.sources.donors import discover_donors
    from diachron.pipelines.stage_panels import STAGES, Drawing, check_stage
    from diachron.pipelines.stages import look_at, record_of

    resolved = load_recipe(recipe, list(overrides))
    wanted = stages or tuple(STAGES)
    for stage in wanted:
        check_stage(resolved, stage)
    options = _tiles(what, source_options(source))
    wished = samples or resolved.samples or (sample + 1 if resolved.world else None)
    hint = "give a tile or a set"
    found = opened_source(recipe, resolved, options, seed=seed, samples=wished, hint=hint)
    lending = () if donors is None else discover_donors(donors, found)
    plan = Plan(resolved, found, seed, wished or 1, lending)
    if wished is None:
        plan = replace(plan, samples=max(len(plan.units), sample + 1))
    if sample >= plan.samples:
        raise click.UsageError(
            f"--sample {sample}: samples 0 to {plan.samples - 1} are made with -n {plan.samples}"
        )
    made = look_at(plan, sample)
    drawing = Drawing(made)
    panels = [drawing.panels(stage) for stage in wanted]
    if out.suffix.lower() == ".png":
        pictures = {out: sheet(panels)}
    else:
        pictures = {
            out / f"{panel.title.replace(' ', '_')}.png": panel.pixels for row in panels for panel in row
        }
    for path, pixels in pictures.items():
        write_png(pixels, path)
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in pictures], **record_of(made)}))
        return
    for path in pictures:
        click.echo(str(path))


def _tiles(what: str | None, options: SourceOptions) -> SourceOptions:
    """Return where the tiles are: WHAT, or the options.

    Raises:
        UsageError: they are given twice, or WHAT is a data set.
    """
    from diachron.outputs import layout

    if what is None:
        return options
    if options.source is not None:
        raise click.UsageError(f"{what} and --source {options.source}: give the tiles once")
    if (Path(what) / layout.DATASET).is_file():
        raise click.UsageError(f"{what} is a data set: look at it with `diachron report {what}`")
    return replace(options, source=what)
