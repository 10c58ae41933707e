"""The arms of one trial: recipes, rivals, baselines and supervised ones, with one budget for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from diachron.core.errors import RecipeError, SourceError
from diachron.core.pair import PairSet
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.evaluation.zero_shot.line_up import LineUp
from diachron.evaluation.zero_shot.methods import Method
from diachron.evaluation.zero_shot.trial import TrialOptions, run_trial
from diachron.pipelines.sources import SourceOptions
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.options import TrainingOptions


@dataclass(frozen=True)
class Budget:
    """What every method may spend.

    Args:
        samples: pairs made for each method and seed.
        steps, batch, crop_px: of the training.
        train_gsd: crops are reduced to metres a pixel between these; None for those of the test sets.
        architecture: of the detector.
        choose_threshold: on made pairs kept out of training, instead of 0.5.
    """

    samples: int
    steps: int
    batch: int
    crop_px: int
    train_gsd: tuple[float, float] | None
    architecture: str
    choose_threshold: bool

    def training(self) -> TrainingOptions:
        """Return the options of the training."""
        return TrainingOptions(steps=self.steps, batch=self.batch, crop_px=self.crop_px, gsd_m=self.train_gsd)


@dataclass(frozen=True)
class Arms:
    """What is tried.

    Args:
        recipes: by name or file; the first one's pairs serve the mixed and fine-tuned arms.
        baselines, rivals: registered names.
        real: `FORMAT:DIR[@PART]` of real pairs to learn from, or None.
        percents: shares of the real pairs.
        seeds: of everything.
    """

    recipes: tuple[str, ...]
    baselines: tuple[str, ...]
    rivals: tuple[str, ...]
    real: str | None
    percents: tuple[float, ...]
    seeds: tuple[int, ...]


# Crops are drawn from a little finer to a little coarser than the tests: no sensor keeps its gsd exactly.
GSD_MARGIN = 1.25


def gsd_of(tests: Sequence[PairSet]) -> tuple[float, float]:
    """Return (finest, coarsest) metres a pixel to learn at: roofs have the size that they are judged at.

    Each set is taken at the gsd of its first pair.

    Raises:
        SourceError: a set is empty.
    """
    found = []
    for pairs in tests:
        if not len(pairs):
            raise SourceError(f"{pairs.name}: no pair to test on", "empty")
        found.append(pairs[0].gsd_m)
    return min(found) / GSD_MARGIN, max(found) * GSD_MARGIN


def run_arms(
    sources: Sequence[SourceOptions],
    tests: Sequence[str],
    arms: Arms,
    budget: Budget,
    folder: Path,
    *,
    sheets: bool,
    donors: str | None = None,
    workers: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """Return the trials of all arms and seeds.

    Args:
        sources: of single dates.
        tests: `FORMAT:DIR[@PART]` of the real pairs that judge.
        arms: what is tried.
        budget: the same for all.
        folder: everything that is made lies under it; finished trials are taken from there.
        sheets: whether to draw contact sheets of the errors.
        donors: tiles whose objects the recipes put up instead of the sources' own.
        workers: processes that make pairs.
        say: called with a line on what is being done.

    Raises:
        RecipeError: the real pairs to learn from are a test set too.
    """
    if arms.real in tests:
        raise RecipeError(
            f"{arms.real} is to learn from and a test set too: nothing is judged on what it saw"
        )
    opened = [open_pairs(text) for text in tests]
    names = [pairs.name for pairs in opened]
    judges = {
        name if names.count(name) == 1 else text: pairs
        for name, text, pairs in zip(names, tests, opened, strict=True)
    }
    if budget.train_gsd is None:
        budget = replace(budget, train_gsd=gsd_of(opened))
    config = DetectorConfig(budget.architecture, "binary", 3)
    line_up = LineUp(
        sources, budget.samples, config, budget.training(), folder / "data-sets", workers, donors
    )
    options = TrialOptions(
        folder,
        choose_threshold=budget.choose_threshold,
        sheets=sheets,
        settings={
            **asdict(budget),
            "sources": [str(entry) for entry in sources],
            "real": arms.real,
            # Only where there are some, so that trials kept from before are found again.
            **({} if donors is None else {"donors": donors}),
        },
    )
    return [
        run_trial(method, seed, judges, options, say=say)
        for method in _methods(line_up, sources, arms)
        for seed in (arms.seeds if method.seeded else (0,))
    ]


def _methods(line_up: LineUp, sources: Sequence[SourceOptions], arms: Arms) -> list[Method]:
    ours = [line_up.recipe(recipe) for recipe in arms.recipes]
    methods: list[Method] = [*ours, *(line_up.baseline(name) for name in arms.baselines)]
    if arms.rivals:
        shelf = SceneShelf(sources)
        methods += [line_up.rival(name, shelf) for name in arms.rivals]
    if arms.real is not None:
        labelled = open_pairs(arms.real)
        for percent in arms.percents:
            methods += [
                line_up.supervised(labelled, percent),
                line_up.mixed(labelled, percent, ours[0]),
                line_up.fine_tuned(labelled, percent, ours[0]),
            ]
    return methods
