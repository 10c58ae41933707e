"""What can be tried: detectors trained on some material, and detectors that need no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.zero_shot.colours import as_colours
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.detector import DESCRIPTION, Detector
from diachron.training.detectors.loop import train_detector
from diachron.training.detectors.options import TrainingOptions

# Folder of the detector within that of a trial.
DETECTOR = "detector"

# (H, W) float32 probability of change of a pair.
Score = Callable[[LabelledPair], NDArray[np.float32]]


@dataclass(frozen=True)
class Fitted:
    """A method that is ready to judge pairs.

    Args:
        score: probability of change.
        validation: pairs that were made and kept out of training, for the choice of a threshold.
        record: JSON-ready facts on the fitting.
    """

    score: Score
    validation: Sequence[PairSet] = ()
    record: Mapping[str, object] = field(default_factory=dict)


class Method(Protocol):
    """One row of the table."""

    @property
    def name(self) -> str:
        """What the row is called."""
        ...

    @property
    def seeded(self) -> bool:
        """Whether another seed gives another result."""
        ...

    def fit(self, seed: int, folder: Path) -> Fitted:
        """Return the method fitted with a seed; `folder`, `.../METHOD/seed-N`, keeps what it makes."""
        ...

    def kept(self, folder: Path) -> Fitted | None:
        """Return the method as a finished trial left it in its folder, without making or training anything.

        None where the folder has lost it. What is returned knows no validation pairs.
        """
        ...


@dataclass(frozen=True)
class Material:
    """What a detector is trained on.

    Args:
        train: sets of pairs.
        weights: how often each set is drawn from, None for every pair as often as any other.
        validation: pairs kept out of training; real pairs never stand here.
    """

    train: Sequence[PairSet]
    weights: tuple[float, ...] | None = None
    validation: Sequence[PairSet] = ()


# Makes the material of a seed; the folder keeps data sets.
MaterialOf = Callable[[int, Path], Material]


@dataclass(frozen=True)
class Untrained:
    """A baseline that looks at one pair only.

    Args:
        name: of the row.
        module: with `detect(t1, t2, full_scale)`, see `evaluation.baselines`.
    """

    name: str
    module: ModuleType
    seeded: bool = False

    def fit(self, seed: int, folder: Path) -> Fitted:
        """Return the baseline as it is."""

        def score(pair: LabelledPair) -> NDArray[np.float32]:
            t1, t2 = as_colours(pair)
            found: NDArray[np.float32] = self.module.detect(t1, t2, pair.full_scale).astype(np.float32)
            return found

        return Fitted(score)

    def kept(self, folder: Path) -> Fitted:
        """Return the baseline as it is: there is nothing to keep."""
        return self.fit(0, folder)


@dataclass(frozen=True)
class Trained:
    """A detector trained on some material.

    Args:
        name: of the row.
        material: makes the training pairs of a seed.
        config: of the detector.
        options: of the training; its seed is replaced by the trial's.
        start_from: is trained first; its weights are where this training starts.
    """

    name: str
    material: MaterialOf
    config: DetectorConfig
    options: TrainingOptions
    start_from: Trained | None = None
    seeded: bool = True

    def fit(self, seed: int, folder: Path) -> Fitted:
        """Return the trained detector; one that is in the folder already is loaded.

        What it starts from is trained in the folder of its own trial, where that finds it or has left it.

        Raises:
            RunRefusedError: the folder holds a detector of other settings.
        """
        material = self.material(seed, folder)
        initial = None
        if self.start_from is not None:
            own = folder.parent.parent / self.start_from.name / folder.name
            initial = self.start_from.trained(seed, own)
        options = replace(self.options, seed=seed, weights=material.weights)
        # A finished training is loaded, a stopped one goes on.
        detector = train_detector(
            material.train, self.config, options, out=folder / DETECTOR, resume=True, initial=initial
        )
        pairs = {pairs.name: len(pairs) for pairs in material.train}
        return Fitted(_score_of(detector), material.validation, {"training_pairs": pairs})

    def kept(self, folder: Path) -> Fitted | None:
        """Return the detector of a finished trial; None where it is no longer there.

        Raises:
            PackageError: what is there cannot be read.
        """
        if not (folder / DETECTOR / DESCRIPTION).is_file():
            return None
        return Fitted(_score_of(Detector.load(folder / DETECTOR)))

    def trained(self, seed: int, folder: Path) -> Detector:
        """Return the detector itself."""
        self.fit(seed, folder)
        return Detector.load(folder / DETECTOR)


def _score_of(detector: Detector) -> Score:
    def score(pair: LabelledPair) -> NDArray[np.float32]:
        t1, t2 = as_colours(pair)
        return detector.probability(t1, t2, pair.full_scale)

    return score


def half_and_half(first: MaterialOf, second: MaterialOf) -> MaterialOf:
    """Return material of which every other crop comes from the second half, however few pairs it has."""

    def material(seed: int, folder: Path) -> Material:
        halves = [first(seed, folder / "first"), second(seed, folder / "second")]
        weights: list[float] = []
        for half in halves:
            own = half.weights or tuple(float(len(pairs)) for pairs in half.train)
            weights += [share / (2.0 * sum(own)) for share in own]
        return Material(
            [pairs for half in halves for pairs in half.train],
            tuple(weights),
            [pairs for half in halves for pairs in half.validation],
        )

    return material
