"""`diachron generate`: make a data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from diachron.cli.lines import one_line
from diachron.cli.source_options import opened_source, source_options, styled, with_source_options

LISTED = 20


@click.command(name="generate")
@click.argument("recipe")
@with_source_options
@click.option("--donors", metavar="DIR|LIST.yaml", help="Labelled tiles whose objects are put up instead.")
@click.option("--style-from", metavar="DIR", help="Labelled tiles whose colours procedural places take.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the data set; made if missing.")
@click.option("-n", "samples", type=click.IntRange(1), help="Number of samples.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--shard", default="0/1", show_default=True, metavar="I/N", help="Make the I-th of N parts.")
@click.option("--set", "overrides", multiple=True, metavar="A.B=C", help="Change the recipe, e.g. years=3.")
@click.option("--overwrite", is_flag=True, help="Replace the data set that is there.")
@click.option("--retry-failed", is_flag=True, help="Try refused samples again.")
@click.option("--dry-run", is_flag=True, help="Say what would be made; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    recipe: str,
    donors: str | None,
    style_from: str | None,
    out: Path | None,
    samples: int | None,
    seed: int,
    workers: int,
    shard: str,
    overrides: tuple[str, ...],
    overwrite: bool,
    retry_failed: bool,
    dry_run: bool,
    as_json: bool,
    **source: Any,
) -> None:
    """Make a labelled change data set with RECIPE (a name or a .yaml file).

    What is in --out already is kept and gone on with, if it is of the same plan.
    """
    from diachron.cli.progress import progress_bar
    from diachron.core.errors import REJECTION_REASONS, SourceError
    from diachron.pipelines.plan import Plan
    from diachron.pipelines.recipes import load_recipe
    from diachron.pipelines.run import RunOptions, describe, generate
    from diachron.pipelines.sources.donors import discover_donors

    if out is None and not dry_run:
        raise click.UsageError("give the folder of the data set with --out DIR")
    part = _shard(shard)
    if overwrite and part[1] > 1:
        raise click.UsageError(
            "--overwrite with --shard would remove what the other shards made; remove the folder yourself, "
            "then start them"
        )
    resolved = load_recipe(recipe, list(overrides))
    count = samples if samples is not None else resolved.samples
    if count is None:
        raise click.UsageError("give the number of samples with -n")
    options = source_options(source)
    if style_from is not None:
        resolved, options = styled(resolved, options, style_from)
    found = opened_source(
        recipe,
        resolved,
        options,
        seed=seed,
        samples=count,
        hint="give yours with --source DIR",
    )
    lending = () if donors is None else discover_donors(donors, found)
    plan = Plan(resolved, found, seed, count, lending)
    refusals = plan.source.refusals
    for refusal in refusals[:LISTED]:
        click.echo(one_line(f"refused {refusal.path}: {refusal.reason}: {refusal.detail}"), err=True)
    if len(refusals) > LISTED:
        click.echo(f"refused {len(refusals) - LISTED} more files; --dry-run --json lists all", err=True)
    if dry_run:
        _print(describe(plan), as_json)
        return
    assert out is not None
    run = RunOptions(out, workers, part, overwrite, retry_failed)
    with progress_bar("samples", quiet=as_json) as progress:
        result = generate(plan, run, progress=progress)
    if as_json:
        click.echo(json.dumps({"out": str(out), **result.to_json()}))
    else:
        _summary(out, result.to_json())
    if result.refused and result.done + result.found == 0:
        reason, refused = result.refused.most_common(1)[0]
        raise SourceError(
            f"{out}: no sample could be made, {refused} refused as {reason} ({REJECTION_REASONS[reason]}); "
            f"{result.example}",
            reason,
        )


def _shard(text: str) -> tuple[int, int]:
    number, slash, of = text.partition("/")
    if not (slash and number.isdigit() and of.isdigit() and int(number) < int(of)):
        raise click.UsageError(f"--shard {text}: expected I/N with I from 0 to N-1, e.g. 0/2")
    return int(number), int(of)


def _summary(out: Path, result: dict[str, Any]) -> None:
    refused = sum(result["refused"].values())
    click.echo(f"{result['made']} made, {result['already_there']} already there, {refused} refused: {out}")
    for reason, count in result["refused"].items():
        click.echo(f"  refused {count}: {reason}")
    for name, counts in result["events"].items():
        why = ", ".join(f"{n} {reason}" for reason, n in counts["why_not"].items())
        click.echo(f"  {name}: {counts['placed']} of {counts['drawn']} drawn" + (f" ({why})" if why else ""))
    if result["complete"]:
        click.echo(f"look at it: diachron report {out}")
    else:
        click.echo("not complete yet: the other shards are missing")


def _print(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts))
        return
    for key, value in facts.items():
        if key != "refusals":
            click.echo(f"{key}: {value}")
