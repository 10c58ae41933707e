"""The usual methods by name: recipes of ours, rivals, baselines, and arms that see real change labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from diachron.core.pair import PairSet
from diachron.core.registry import load
from diachron.evaluation.ablations.lossy_painting import LossyPainting
from diachron.evaluation.ablations.tied_acquisition import TiedAcquisition
from diachron.evaluation.rivals.pair_set import RivalPairs
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.evaluation.zero_shot.building_target import BuildingTarget
from diachron.evaluation.zero_shot.generated import make_pairs, make_world_pairs, pairs_of
from diachron.evaluation.zero_shot.methods import (
    Material,
    MaterialOf,
    Trained,
    Untrained,
    half_and_half,
)
from diachron.evaluation.zero_shot.shares import Share
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.options import TrainingOptions

# A trained detector goes on with the real pairs at this share of the usual learning rate.
FINE_TUNING_RATE = 0.3
# 600 steps on seven pairs forgot what had been learnt from made ones (docs/benchmarks.md).
FINE_TUNING_STEPS = 150
# A rival's pairs that choose its threshold: one for so many that train, from seeds that no trial has.
VALIDATION_PART, VALIDATION_SEEDS = 8, 1000

PairsOfSplit = Callable[[str], Sequence[PairSet]]


@dataclass(frozen=True)
class LineUp:
    """What all methods of a trial share, so that only the training pairs differ.

    Args:
        sources: of single dates.
        samples: pairs made for each method and seed.
        config, options: detector and budget.
        data_sets: folder of the data sets of recipes, shared by the methods that train on the same.
        workers: processes that make pairs.
        donors: tiles whose objects the recipes put up, as `make_pairs` takes them; rivals borrow none.
    """

    sources: Sequence[SourceOptions]
    samples: int
    config: DetectorConfig
    options: TrainingOptions
    data_sets: Path
    workers: int = 1
    donors: str | None = None

    def recipe(
        self,
        recipe: str,
        overrides: Sequence[str] = (),
        *,
        name: str | None = None,
        edit_sources: Callable[[SourceOptions], SourceOptions] | None = None,
        on_worlds: bool = False,
        buildings_only: bool = False,
    ) -> Trained:
        """Return a detector trained on the pairs of a recipe.

        Args:
            recipe: registered name or file.
            overrides: `a.b=c` over the recipe.
            name: of the row after `diachron-`; by default the recipe's.
            edit_sources: changes the sources, e.g. to read them at another gsd.
            on_worlds: make them on the recipe's procedural places; no source is read.
            buildings_only: other change than that of buildings counts as none, see `building_target`.
        """
        label = name or Path(recipe).stem
        material = self.recipe_material(
            recipe,
            overrides,
            name=label,
            edit_sources=edit_sources,
            on_worlds=on_worlds,
            buildings_only=buildings_only,
        )
        return Trained(f"diachron-{label}", material, self.config, self.options)

    def recipe_material(
        self,
        recipe: str,
        overrides: Sequence[str] = (),
        *,
        name: str,
        edit_sources: Callable[[SourceOptions], SourceOptions] | None = None,
        on_worlds: bool = False,
        buildings_only: bool = False,
    ) -> MaterialOf:
        """Return the pairs of a recipe; its `train` places to train on, its `val` places for a threshold."""
        if on_worlds:
            made = self._runs_on_worlds(recipe, overrides, name=name)
        else:
            made = self._runs(recipe, overrides, name=name, edit_sources=edit_sources)

        def pairs(seed: int) -> PairsOfSplit:
            folders = made(seed)
            if not buildings_only:
                return partial(pairs_of, folders)
            return lambda split: [BuildingTarget(found) for found in pairs_of(folders, split)]

        return _material_of(pairs)

    def without_exact_edits(self, recipe: str) -> Trained:
        """Return a detector trained on the pairs of a recipe with `ablations.lossy_painting` on them.

        The pairs are those of `self.recipe(recipe)`; they are not made twice.
        """
        label = Path(recipe).stem
        made = self._runs(recipe, name=label)

        def pairs(seed: int) -> PairsOfSplit:
            folders = made(seed)
            return lambda split: [LossyPainting(found, seed) for found in pairs_of(folders, split)]

        name = f"diachron-{label}+without-exact-edits"
        return Trained(name, _material_of(pairs), self.config, self.options)

    def without_independent_acquisition(self, recipe: str) -> Trained:
        """Return a detector trained on the pairs of a recipe with `ablations.tied_acquisition` on them.

        Pairs with change are those of `self.recipe(recipe)`, the others those of the same recipe with
        `acquisition=none`, under the name `RECIPE+without-acquisition`; neither are made twice.
        """
        label = Path(recipe).stem
        acquired = self._runs(recipe, name=label)
        plain = self._runs(recipe, ["acquisition=none"], name=f"{label}+without-acquisition")

        def pairs(seed: int) -> PairsOfSplit:
            folders, plain_folders = acquired(seed), plain(seed)

            def tied(split: str) -> list[TiedAcquisition]:
                # A set is named after seed and source, so equal names belong together.
                without = {found.name: found for found in pairs_of(plain_folders, split)}
                with_it = [found for found in pairs_of(folders, split) if found.name in without]
                return [TiedAcquisition(found, without[found.name]) for found in with_it]

            return tied

        name = f"diachron-{label}+without-independent-acquisition"
        return Trained(name, _material_of(pairs), self.config, self.options)

    def _runs(
        self,
        recipe: str,
        overrides: Sequence[str] = (),
        *,
        name: str,
        edit_sources: Callable[[SourceOptions], SourceOptions] | None = None,
    ) -> Callable[[int], list[Path]]:
        """Return a function of the seed that makes the data sets of a recipe, or finds them."""
        resolved = load_recipe(recipe, list(overrides))
        sources = [edit_sources(source) if edit_sources else source for source in self.sources]

        def made(seed: int) -> list[Path]:
            home = self.data_sets / name / f"seed-{seed}"
            return make_pairs(
                resolved, sources, self.samples, seed, home, donors=self.donors, workers=self.workers
            )

        return made

    def _runs_on_worlds(
        self, recipe: str, overrides: Sequence[str], *, name: str
    ) -> Callable[[int], list[Path]]:
        """Return a function of the seed that makes the data set of a recipe on places of its own."""
        resolved = load_recipe(recipe, list(overrides))

        def made(seed: int) -> list[Path]:
            home = self.data_sets / name / f"seed-{seed}"
            return make_world_pairs(resolved, self.samples, seed, home, workers=self.workers)

        return made

    def rival(self, policy: str, shelf: SceneShelf, *, acquisition: bool = False) -> Trained:
        """Return a detector trained on the pairs of a published policy.

        Args:
            policy: file name in `evaluation.rivals`.
            shelf: of the same sources.
            acquisition: put our acquisition layer on both dates.

        Raises:
            UnknownNameError: no policy has the name.
        """
        # Asked for at once: a wrong name must not be found out after hours of other trials.
        load("rivals", policy)

        def material(seed: int, folder: Path) -> Material:
            pairs = RivalPairs(policy, shelf, self.samples, seed, acquisition=acquisition)
            # Other events on the same tiles: enough to choose a threshold by, and none of them trains.
            kept_out = RivalPairs(
                policy,
                shelf,
                max(self.samples // VALIDATION_PART, 1),
                seed + VALIDATION_SEEDS,
                acquisition=acquisition,
            )
            return Material([pairs], None, [kept_out])

        suffix = "+acquisition" if acquisition else ""
        name = f"rival-{policy.replace('_', '-')}{suffix}"
        return Trained(name, material, self.config, self.options)

    def baseline(self, name: str) -> Untrained:
        """Return a detector that needs no training, by its file name in `evaluation.baselines`."""
        return Untrained(f"baseline-{name.replace('_', '-')}", load("baselines", name))

    def supervised(self, real: PairSet, percent: float) -> Trained:
        """Return a detector trained on a share of the real pairs."""
        return Trained(f"supervised-{percent:g}pct", real_material(real, percent), self.config, self.options)

    def mixed(self, real: PairSet, percent: float, made: Trained) -> Trained:
        """Return a detector trained on real and made pairs, half and half."""
        material = half_and_half(real_material(real, percent), made.material)
        return Trained(f"supervised-{percent:g}pct+{made.name}", material, self.config, self.options)

    def fine_tuned(self, real: PairSet, percent: float, made: Trained) -> Trained:
        """Return a detector trained on made pairs first, then on real ones."""
        options = replace(
            self.options,
            learning_rate=FINE_TUNING_RATE * self.options.learning_rate,
            steps=min(self.options.steps, FINE_TUNING_STEPS),
        )
        name = f"supervised-{percent:g}pct-after-{made.name}"
        return Trained(name, real_material(real, percent), self.config, options, start_from=made)


def _material_of(pairs: Callable[[int], PairsOfSplit]) -> MaterialOf:
    """Return material of made pairs; `pairs` makes those of a seed and returns a function of the split."""

    def material(seed: int, folder: Path) -> Material:
        made = pairs(seed)
        # All that is not kept for the threshold trains: nothing made here ever judges a detector.
        return Material([*made("train"), *made("test")], None, made("val"))

    return material


def real_material(real: PairSet, percent: float) -> MaterialOf:
    """Return a share of the real pairs; no threshold is ever chosen on them."""

    def material(seed: int, folder: Path) -> Material:
        return Material([Share(real, percent, seed)])

    return material
