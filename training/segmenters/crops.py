"""What a step learns from: crops of tiles at many scales, drawn by the number of the step alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.core.errors import SourceError
from diachron.core.streams import stream
from diachron.training.detectors.averaging import average_down, majority_down
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.crops import mirrored
from diachron.training.detectors.normalisation import scale_to_unit
from diachron.training.segmenters.augmentation import augment_crop
from diachron.training.segmenters.classes import ANY, CLASSES
from diachron.training.segmenters.options import SegmenterOptions
from diachron.training.segmenters.roles import half_of
from diachron.training.segmenters.tiles import LabelledTile, TileSet

# Roads and water are rare: without this share of crops around a pixel of a class that is drawn evenly among
# those of the tile, most batches would hold hardly any.
NEAR_CLASS = 0.5


@dataclass
class Batch:
    """Crops of one step.

    Args:
        images: (N, C, S, S) float32, unit-scaled.
        allowed: (N, S, S) uint8 sets of classes.
    """

    images: Tensor
    allowed: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(self.images.to(device), self.allowed.to(device))

    def part(self, rank: int, ranks: int) -> Batch:
        """Return every `ranks`-th crop, for one of several processes."""
        return Batch(self.images[rank::ranks], self.allowed[rank::ranks])


class TileCrops:
    """Batches of crops by the number of the step: in any order, at any time, the same.

    Args:
        sets: to draw from; tiles that are held out, or belong to the other half of the places, are never
            read.
        options: of the training.
        bands: how many the network sees.

    Raises:
        SourceError: no tile is left to train on.
    """

    def __init__(self, sets: Sequence[TileSet], options: SegmenterOptions, bands: int = 3) -> None:
        self.sets = sets
        self.options = options
        self.bands = bands
        self.positions = [
            (number, position)
            for number, tiles in enumerate(sets)
            for position, facts in enumerate(tiles.facts)
            if not facts.held_out and options.places in (None, half_of(facts.place))
        ]
        weights = np.array([sets[number].weight for number, _ in self.positions], np.float64)
        if not weights.sum() > 0:
            half = f" of half {options.places}" if options.places else ""
            raise SourceError(f"no tile{half} to train on: every one is held out or weighs nothing", "empty")
        self.shares = weights / weights.sum()
        self._kept: OrderedDict[tuple[int, int], LabelledTile] = OrderedDict()
        self._used = 0

    @property
    def places(self) -> list[str]:
        """The places that are learnt at, `SET/PLACE`, sorted."""
        return sorted({f"{self.sets[n].name}/{self.sets[n].facts[p].place}" for n, p in self.positions})

    def __getitem__(self, step: int) -> Batch:
        """Return the crops of a step, 0 or more.

        Raises:
            SourceError, LabelError: a tile cannot be read.
        """
        rng = stream(self.options.seed, step, f"segmenter/{self.options.role}/crops")
        crops = [self._crop(rng) for _ in range(self.options.batch)]
        images, allowed = zip(*crops, strict=True)
        return Batch(torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(allowed)))

    def _crop(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        tile = self._tile(self.positions[int(rng.choice(len(self.positions), p=self.shares))])
        size = self.options.crop_px
        side = self._source_side(rng, tile)
        rows, cols = _window(rng, tile.allowed, side)
        unit = average_down(scale_to_unit(mirrored(tile.image, rows, cols), tile.full_scale), size)
        # Sets of classes are values like others here: the set that fills most of a pixel stands for it.
        allowed = majority_down(mirrored(tile.allowed, rows, cols), size, ANY + 1)
        return augment_crop(unit, allowed, rng) if self.options.augment else (unit, allowed)

    def _source_side(self, rng: np.random.Generator, tile: LabelledTile) -> int:
        """Return how many of the tile's pixels a crop spans; no more than it has, if it can be helped."""
        finest, coarsest = np.log(self.options.gsd_m)
        wanted = float(np.exp(rng.uniform(finest, coarsest)))
        size = self.options.crop_px
        return min(round(size * max(wanted / tile.gsd_m, 1.0)), max(size, min(tile.allowed.shape)))

    def _tile(self, key: tuple[int, int]) -> LabelledTile:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        number, position = key
        read = self.sets[number].read(position)
        image = np.array(choose_bands(read.image, read.bands, self.bands))
        tile = LabelledTile(image, (), read.full_scale, read.gsd_m, read.allowed)
        self._kept[key] = tile
        self._used += tile.image.nbytes + tile.allowed.nbytes
        while self._used > self.options.cache_mb * 2**20 and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._used -= dropped.image.nbytes + dropped.allowed.nbytes
        return tile


def _window(
    rng: np.random.Generator, allowed: NDArray[np.uint8], side: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw the rows and columns of a crop, half of the time around a pixel of a class drawn evenly."""
    shape = np.array(allowed.shape)
    highest = np.maximum(shape - side, 0)
    near, anywhere, within = rng.random() < NEAR_CLASS, rng.random(2), rng.random(2)
    start = np.floor(anywhere * (highest + 1)).astype(int)
    if near:
        present = np.flatnonzero(np.bincount(allowed.ravel(), minlength=ANY + 1))
        single = [int(value) for value in present if value in {1 << k for k in range(len(CLASSES))}]
        if single:
            pixels = np.flatnonzero(allowed == single[int(rng.integers(len(single)))])
            pixel = np.array(divmod(int(pixels[rng.integers(pixels.size)]), int(shape[1])))
            start = np.clip(pixel - np.floor(within * side).astype(int), 0, highest)
    return np.arange(start[0], start[0] + side), np.arange(start[1], start[1] + side)
