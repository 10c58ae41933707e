"""What a step learns from, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.core.streams import stream
from diachron.generators.flow.path import noised
from diachron.generators.models.conditions import Conditions
from diachron.generators.noise_field import grain_of, white_for_grain
from diachron.training.inpainting.crop_options import HoleOptions
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.places import Ground, Places, PlaceSet
from diachron.training.inpainting.swaps import Swapped, swap_patches
from diachron.training.runs.batches import TensorBatch


@dataclass
class Batch(TensorBatch):
    """Crops of one step.

    Args:
        picture: (N, 3, S, S) float32, real.
        proposal: (N, 3, S, S) the same with swapped patches.
        hole: (N, 1, S, S) float32, 1 where they are.
        labels: (N, S, S) uint8 hub ids of the real picture, 0 where they are hidden.
        noise: (N, 3, S, S) float32 of unit spread.
        gsd_m, strength, time: (N,) float32.
    """

    picture: Tensor
    proposal: Tensor
    hole: Tensor
    labels: Tensor
    noise: Tensor
    gsd_m: Tensor
    strength: Tensor
    time: Tensor

    @property
    def known(self) -> Conditions:
        """What the network is told."""
        proposed = self.proposal * (self.strength < 1.0)[:, None, None, None]
        shown = torch.where(self.hole > 0, proposed, self.picture)
        return Conditions(self.hole, self.labels, self.gsd_m, self.strength, shown)

    @property
    def start(self) -> Tensor:
        """Where the path begins: proposals in noise in the holes, and the real picture around them."""
        start = noised(self.proposal, self.noise, self.strength)
        return torch.where(self.hole > 0, start, self.picture)


@dataclass(frozen=True)
class Holed:
    """A real crop, the same with holes in it, and whether its labels are hidden."""

    crop: Ground
    swapped: Swapped
    hidden: bool

    @property
    def hole(self) -> NDArray[np.float32]:
        """(1, S, S), 1 where something was swapped."""
        return self.swapped.hole[np.newaxis].astype(np.float32)

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(S, S) hub ids, 0 where they are hidden."""
        return np.zeros_like(self.crop.labels) if self.hidden else self.crop.labels


class Examples:
    """Batches by the number of the step: in any order, at any time, the same.

    Args:
        sets: of scenes.
        options: of the training.

    Raises:
        SourceError: no set holds a scene.
    """

    def __init__(self, sets: Sequence[PlaceSet], options: InpaintingOptions) -> None:
        self.options = options
        self.places = Places(sets, options)

    def __getitem__(self, step: int) -> Batch:
        """Return the crops of a step, 0 or more.

        Raises:
            SourceError, LabelError: a scene cannot be read.
        """
        options = self.options
        rng = stream(options.seed, step, "inpainting/crops")
        crops = holed_crops(rng, self.places, options.batch, without_labels=options.without_labels)
        picture = torch.from_numpy(np.stack([each.crop.pixels for each in crops]))
        return Batch(
            picture=picture,
            proposal=torch.from_numpy(np.stack([each.swapped.proposal for each in crops])),
            hole=torch.from_numpy(np.stack([each.hole for each in crops])),
            labels=torch.from_numpy(np.stack([each.labels for each in crops])),
            noise=torch.from_numpy(drawn_noise(rng, options)),
            gsd_m=torch.tensor([each.crop.gsd_m for each in crops], dtype=torch.float32),
            strength=torch.from_numpy(strengths(rng, options)),
            time=torch.from_numpy(rng.random(options.batch).astype(np.float32)),
        )


def drawn_noise(rng: np.random.Generator, options: InpaintingOptions) -> NDArray[np.float32]:
    """Return the (batch, 3, S, S) noise of a step, of the kind that the network begins from."""
    if options.network.grain:
        return grain_of(white_for_grain(rng, options.batch, options.crop_px))
    return rng.standard_normal((options.batch, 3, options.crop_px, options.crop_px), np.float32)


def holed_crops(
    rng: np.random.Generator, places: Places, count: int, *, without_labels: float
) -> list[Holed]:
    """Return crops with holes in them.

    Args:
        rng: everything is drawn from it.
        places: that crops are taken from.
        count: of crops.
        without_labels: share of them whose labels are hidden.

    Raises:
        SourceError, LabelError: a scene cannot be read.
    """
    found = []
    for _ in range(count):
        crop, other = places.crop(rng), places.crop(rng)
        swapped = swap_patches(rng, crop, other)
        found.append(Holed(crop, swapped, bool(rng.random() < without_labels)))
    return found


def strengths(rng: np.random.Generator, options: HoleOptions) -> NDArray[np.float32]:
    """Return (batch,) shares of noise, 1 where nothing is proposed."""
    drawn = rng.uniform(*options.strength, options.batch)
    nothing = rng.random(options.batch) < options.without_proposal
    return np.where(nothing, 1.0, drawn).astype(np.float32)
