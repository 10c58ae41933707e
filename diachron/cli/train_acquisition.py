"""`diachron train acquisition`: fit a preset of the acquisition layer to real pairs."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="acquisition")
@click.option(
    "--pairs",
    "listed",
    multiple=True,
    required=True,
    metavar="FORMAT:DIR[@PART]",
    help="Real pairs, see docs/test-sets.md; may be given more than once.",
)
@click.option("--gsd", "gsd_m", type=float, metavar="M", help="Metres a pixel, where the files do not say.")
@click.option("--base", default="aerial", show_default=True, help="Preset to start from: name or YAML file.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="YAML to write.")
@click.option("--use", "most", type=click.IntRange(1), default=40, show_default=True, help="Pairs measured.")
@click.option("--rounds", type=click.IntRange(1), default=8, show_default=True, help="Of turning the dials.")
@click.option("--no-labels", is_flag=True, help="Take all ground for unchanged; change maps are not used.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    listed: tuple[str, ...],
    gsd_m: float | None,
    base: str,
    out: Path,
    most: int,
    rounds: int,
    no_labels: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Fit the acquisition layer to the unchanged ground of real pairs.

    Only pixels that the pairs' change maps call unchanged are measured. Give pairs of one sensor family, and
    never those that judge a detector later. Use the result with --set acquisition.preset=FILE.yaml.
    """
    import yaml

    from diachron.cli.progress import progress_bar
    from diachron.evaluation.datasets import open_pairs
    from diachron.pipelines.recipes.presets import load_preset
    from diachron.pipelines.recipes.reading import load_recipe
    from diachron.training.acquisition.fit import fit_preset, spread_over
    from diachron.training.acquisition.preset_file import told, write_preset

    # Steps and parameters are checked as in a recipe.
    load_recipe("building-change", [f"acquisition.preset={base}"])
    preset = load_preset(base)
    sets = [open_pairs(text, gsd_m=gsd_m) for text in listed]
    pairs = spread_over(sets, most, use_labels=not no_labels)
    with progress_bar("rounds", quiet=as_json) as progress:
        fit = fit_preset(preset, pairs, seed=seed, rounds=rounds, progress=progress)
    write_preset(out, fit, base=base, pairs=[each.name for each in sets])
    figures = {
        "preset": str(out),
        "pairs": fit.pairs,
        "turns": fit.turns,
        "measures": {name: {"real": fit.real[name], "made": fit.made.get(name)} for name in sorted(fit.real)},
    }
    if as_json:
        click.echo(json.dumps(figures))
        return
    click.echo(f"{out}: fitted to {fit.pairs} pairs")
    click.echo(yaml.safe_dump(fit.turns, sort_keys=True).rstrip())
    for name in sorted(fit.real):
        click.echo(f"{name:18s} real {told(fit.real[name]):18s} made {told(fit.made.get(name))}")
