"""The usual methods by name: recipes of ours, rivals, baselines, and arms that see real change labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diachron.core.pair import PairSet
from diachron.core.registry import load
from diachron.evaluation.rivals.pair_set import RivalPairs
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.evaluation.zero_shot.generated import make_pairs, pairs_of
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


@dataclass(frozen=True)
class LineUp:
    """What all methods of a trial share, so that only the training pairs differ.

    Args:
        sources: of single dates.
        samples: pairs made for each method and seed.
        config, options: detector and budget.
        data_sets: folder of the data sets of recipes, shared by the methods that train on the same.
        workers: processes that make pairs.
    """

    sources: Sequence[SourceOptions]
    samples: int
    config: DetectorConfig
    options: TrainingOptions
    data_sets: Path
    workers: int = 1

    def recipe(
        self,
        recipe: str,
        overrides: Sequence[str] = (),
        *,
        name: str | None = None,
        edit_sources: Callable[[SourceOptions], SourceOptions] | None = None,
    ) -> Trained:
        """Return a detector trained on the pairs of a recipe.

        Args:
            recipe: registered name or file.
            overrides: `a.b=c` over the recipe.
            name: of the row after `diachron-`; by default the recipe's.
            edit_sources: changes the sources, e.g. to read them at another gsd.
        """
        label = name or Path(recipe).stem
        material = self.recipe_material(recipe, overrides, name=label, edit_sources=edit_sources)
        return Trained(f"diachron-{label}", material, self.config, self.options)

    def recipe_material(
        self,
        recipe: str,
        overrides: Sequence[str] = (),
        *,
        name: str,
        edit_sources: Callable[[SourceOptions], SourceOptions] | None = None,
    ) -> MaterialOf:
        """Return the pairs of a recipe; its `train` places to train on, its `val` places for a threshold."""
        resolved = load_recipe(recipe, list(overrides))
        sources = [edit_sources(source) if edit_sources else source for source in self.sources]

        def material(seed: int, folder: Path) -> Material:
            home = self.data_sets / name / f"seed-{seed}"
            made = make_pairs(resolved, sources, self.samples, seed, home, workers=self.workers)
            validation = pairs_of(made, "val")
            # All that is not kept for the threshold trains: nothing made here ever judges a detector.
            train = pairs_of(made, "train") + pairs_of(made, "test")
            return Material(train, None, validation)

        return material

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
            return Material([RivalPairs(policy, shelf, self.samples, seed, acquisition=acquisition)])

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
        options = replace(self.options, learning_rate=FINE_TUNING_RATE * self.options.learning_rate)
        name = f"supervised-{percent:g}pct-after-{made.name}"
        return Trained(name, real_material(real, percent), self.config, options, start_from=made)


def real_material(real: PairSet, percent: float) -> MaterialOf:
    """Return a share of the real pairs; no threshold is ever chosen on them."""

    def material(seed: int, folder: Path) -> Material:
        return Material([Share(real, percent, seed)])

    return material
