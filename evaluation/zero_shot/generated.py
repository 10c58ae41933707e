"""Data sets made for a trial: one a source, in proportion to its ground, kept and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.outputs.pairs import PackagePairs
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import Recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.donors import discover_donors
from diachron.pipelines.sources.worlds import world_source

# A source with few tiles still gets this many pairs: the kinds of place count more than their number.
FEWEST_PAIRS = 8


def make_pairs(
    recipe: Recipe,
    sources: Sequence[SourceOptions],
    samples: int,
    seed: int,
    folder: Path,
    *,
    donors: str | None = None,
    workers: int = 1,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Return the folders of the data sets of a recipe, one for each source; what is there is kept.

    Args:
        recipe: resolved.
        sources: where single dates come from.
        samples: pairs in all, shared out by the number of windows of each source.
        seed: of every run.
        folder: receives `00`, `01` and so on.
        donors: folder, glob or YAML list of tiles whose objects are put up instead of the sources' own.
        workers: processes.
        progress: called with a line for each finished source.

    Raises:
        RecipeError: the recipe asks for real dates and a source has none, or the donors do not fit.
        SourceError: a source has no usable tile, or nothing could be made of it.
    """
    found = [discover(recipe.source_options(options)) for options in sources]
    windows = [len(source.units(recipe.window_px)) for source in found]
    made = []
    for number, (source, count) in enumerate(zip(found, windows, strict=True)):
        wanted = max(FEWEST_PAIRS, round(samples * count / sum(windows)))
        out = folder / f"{number:02d}"
        lending = () if donors is None else discover_donors(donors, source)
        result = generate(Plan(recipe, source, seed, wanted, lending), RunOptions(out, workers))
        if result.done + result.found == 0:
            raise SourceError(f"{out}: no pair could be made; {result.example}")
        if progress is not None:
            progress(f"{out.name}: {result.done + result.found} pairs of {source.root}")
        made.append(out)
    return made


def make_world_pairs(
    recipe: Recipe, samples: int, seed: int, folder: Path, *, workers: int = 1
) -> list[Path]:
    """Return the folder of the data set of a recipe on procedural places; one that is there is kept.

    Args:
        recipe: resolved; says which places.
        samples: pairs, each of a place of its own unless the recipe says how many places there are.
        seed: of the run and of the places.
        folder: receives `worlds`.
        workers: processes.

    Raises:
        RecipeError: the recipe has no worlds.
        SourceError: nothing could be made.
    """
    source = world_source(recipe.world_options(seed, samples))
    out = folder / "worlds"
    result = generate(Plan(recipe, source, seed, samples), RunOptions(out, workers))
    if result.done + result.found == 0:
        raise SourceError(f"{out}: no pair could be made; {result.example}")
    return [out]


def pairs_of(folders: Sequence[Path], split: str | None) -> list[PackagePairs]:
    """Return the pairs of data sets, those without a pair in the split left out."""
    opened = [PackagePairs(folder, split, name=f"{folder.parent.name}/{folder.name}") for folder in folders]
    return [pairs for pairs in opened if len(pairs)]
