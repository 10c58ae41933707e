"""What a step learns from: crops of pairs, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.core.errors import RecipeError, SourceError
from diachron.core.pair import PairSet
from diachron.core.streams import stream
from diachron.training.detectors.averaging import average_down, majority_down, share_down
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.normalisation import scale_to_unit
from diachron.training.detectors.pair_cache import DecodedPair, PairCache

T = TypeVar("T", bound=np.generic)

# Change is rare: without this share of crops around a changed pixel most batches would hold hardly any.
NEAR_CHANGE = 0.5


@dataclass(frozen=True)
class CropOptions:
    """How crops are drawn.

    Args:
        batch: crops a step.
        crop_px: side of a crop.
        gsd_m: (finest, coarsest) metres a pixel, between which each crop draws its own, even in its
            logarithm; a crop is never finer than its pair. None keeps the pair's.
        weights: how often each set is drawn from; None draws every pair of every set equally often.
        cache_mb: decoded pairs kept in memory.

    Raises:
        RecipeError: an option is out of range.
    """

    batch: int = 32
    crop_px: int = 128
    gsd_m: tuple[float, float] | None = None
    weights: tuple[float, ...] | None = None
    cache_mb: int = 1024

    def __post_init__(self) -> None:
        if self.batch < 1 or self.crop_px < 16 or self.cache_mb < 0:
            raise RecipeError(
                f"batch {self.batch}, crop {self.crop_px} px, cache {self.cache_mb} MB: "
                "expected at least 1, 16, 0"
            )
        if self.gsd_m is not None and not 0 < self.gsd_m[0] <= self.gsd_m[1]:
            raise RecipeError(f"gsd {self.gsd_m}: expected two lengths in metres, the finer first")


@dataclass
class Batch:
    """Crops of one step.

    Args:
        t1, t2: (N, C, S, S) float32, unit-scaled.
        change: (N, S, S) uint8: 0 same, 1 changed, 255 unknown.
        labels_t1, labels_t2: (N, S, S) uint8 label values, 255 unknown; None where the head reads none.
        weight: (N,) float32, how much each crop counts; None where all count the same.
    """

    t1: Tensor
    t2: Tensor
    change: Tensor
    labels_t1: Tensor | None = None
    labels_t2: Tensor | None = None
    weight: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return self._each(lambda layer: layer.to(device))

    def part(self, rank: int, ranks: int) -> Batch:
        """Return every `ranks`-th crop, for one of several processes."""
        return self._each(lambda layer: layer[rank::ranks])

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        others = (
            None if layer is None else change(layer)
            for layer in (self.labels_t1, self.labels_t2, self.weight)
        )
        return Batch(change(self.t1), change(self.t2), change(self.change), *others)


class CropStream:
    """Batches of crops by the number of the step: in any order, at any time, the same.

    Args:
        sets: to draw from; pairs are read when they are drawn and kept while there is room.
        config: says which bands and whether label maps are wanted.
        options: of the drawing.
        seed: of the run.

    Raises:
        SourceError: no set holds a pair.
        RecipeError: the weights do not fit the sets.
    """

    def __init__(
        self, sets: Sequence[PairSet], config: DetectorConfig, options: CropOptions, seed: int
    ) -> None:
        sizes = np.array([len(pairs) for pairs in sets], np.float64)
        if sizes.sum() == 0:
            raise SourceError("no pair to train on: every set is empty", "empty")
        weights = sizes if options.weights is None else np.array(options.weights, np.float64)
        if len(weights) != len(sets) or (weights < 0).any() or (weights * sizes).sum() == 0:
            raise RecipeError(
                f"weights {list(weights)} for {len(sets)} sets of {list(sizes.astype(int))} pairs: "
                "expected one number a set, 0 or more, above 0 for a set that holds pairs"
            )
        weights = np.where(sizes > 0, weights, 0.0)
        self.sets = list(sets)
        self.shares = weights / weights.sum()
        self.options = options
        self.config = config
        self.seed = seed
        self.pairs = PairCache(self.sets, config, options.cache_mb)

    def __getitem__(self, step: int) -> Batch:
        """Return the crops of a step, 0 or more.

        Raises:
            LabelError: the head reads label maps and a pair has none, or one with too high a value.
        """
        rng = stream(self.seed, step, "detector/crops")
        crops, weights = zip(*(self._crop(rng) for _ in range(self.options.batch)), strict=True)
        t1, t2, change, labels_t1, labels_t2 = (_stacked(layers) for layers in zip(*crops, strict=True))
        assert t1 is not None and t2 is not None and change is not None
        return Batch(t1, t2, change, labels_t1, labels_t2, torch.tensor(weights, dtype=torch.float32))

    def _crop(self, rng: np.random.Generator) -> tuple[tuple[NDArray[np.generic] | None, ...], float]:
        number = int(rng.choice(len(self.sets), p=self.shares))
        pair = self.pairs.get(number, int(rng.integers(len(self.sets[number]))))
        side = self._source_side(rng, pair)
        rows, cols = _window(rng, pair.change, side)
        size = self.options.crop_px
        t1, t2 = (
            average_down(scale_to_unit(mirrored(date, rows, cols), pair.full_scale), size)
            for date in (pair.t1, pair.t2)
        )
        change = share_down(mirrored(pair.change, rows, cols), size)
        labels = [
            None if layer is None else majority_down(mirrored(layer, rows, cols), size, self.config.classes)
            for layer in (pair.labels_t1, pair.labels_t2)
        ]
        return (t1, t2, change, *labels), pair.weight

    def _source_side(self, rng: np.random.Generator, pair: DecodedPair) -> int:
        """Return how many of the pair's pixels a crop spans."""
        if self.options.gsd_m is None:
            return self.options.crop_px
        finest, coarsest = np.log(self.options.gsd_m)
        wanted = float(np.exp(rng.uniform(finest, coarsest)))
        return round(self.options.crop_px * max(wanted / pair.gsd_m, 1.0))


def _stacked(layers: tuple[NDArray[np.generic] | None, ...]) -> Tensor | None:
    """Return the layers of all crops as one; None where a pair has none, which then no pair has."""
    return None if layers[0] is None else torch.from_numpy(np.stack([x for x in layers if x is not None]))


def _window(
    rng: np.random.Generator, change: NDArray[np.uint8], side: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw the rows and columns of a crop, half of the time around a changed pixel where there is one."""
    height, width = change.shape
    highest = np.maximum(np.array([height - side, width - side]), 0)
    near, anywhere, within = rng.random() < NEAR_CHANGE, rng.random(2), rng.random(2)
    start = np.floor(anywhere * (highest + 1)).astype(int)
    if near:
        changed = np.flatnonzero(change == 1)
        if changed.size:
            pixel = np.array(divmod(int(changed[rng.integers(changed.size)]), width))
            start = np.clip(pixel - np.floor(within * side).astype(int), 0, highest)
    return np.arange(start[0], start[0] + side), np.arange(start[1], start[1] + side)


def mirrored(layer: NDArray[T], rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[T]:
    """Return rows and columns of a (..., H, W) layer that goes on as its mirror image beyond its end."""
    height, width = layer.shape[-2:]
    if rows[-1] < height and cols[-1] < width:
        return layer[..., rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return layer[..., _folded(rows, height)[:, None], _folded(cols, width)]


def _folded(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    turned = index % (2 * length)
    return np.minimum(turned, 2 * length - 1 - turned)
