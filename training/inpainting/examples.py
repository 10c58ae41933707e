"""What a step learns from, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.core.streams import stream
from diachron.generators.flow.path import noised
from diachron.generators.models.conditions import Conditions
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.places import Places, PlaceSet
from diachron.training.inpainting.swaps import swap_patches


@dataclass
class Batch:
    """Crops of one step.

    Args:
        picture: (N, 3, S, S) float32, real.
        proposal: (N, 3, S, S) the same with swapped patches.
        hole: (N, 1, S, S) float32, 1 where they are.
        labels: (N, S, S) uint8 hub ids of the real picture, 0 where they are hidden.
        noise: (N, 3, S, S) float32 standard normal.
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

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(*(getattr(self, entry.name).to(device) for entry in fields(self)))

    def part(self, rank: int, ranks: int) -> Batch:
        """Return every `ranks`-th crop, for one of several processes."""
        return Batch(*(getattr(self, entry.name)[rank::ranks] for entry in fields(self)))

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
        pictures, proposals, holes, labels, scales = [], [], [], [], []
        for _ in range(options.batch):
            crop, other = self.places.crop(rng), self.places.crop(rng)
            swapped = swap_patches(rng, crop, other)
            hidden = rng.random() < options.without_labels
            pictures.append(crop.pixels)
            proposals.append(swapped.proposal)
            holes.append(swapped.hole[np.newaxis].astype(np.float32))
            labels.append(np.zeros_like(crop.labels) if hidden else crop.labels)
            scales.append(crop.gsd_m)
        picture = torch.from_numpy(np.stack(pictures))
        return Batch(
            picture=picture,
            proposal=torch.from_numpy(np.stack(proposals)),
            hole=torch.from_numpy(np.stack(holes)),
            labels=torch.from_numpy(np.stack(labels)),
            noise=torch.from_numpy(rng.standard_normal(tuple(picture.shape), np.float32)),
            gsd_m=torch.tensor(scales, dtype=torch.float32),
            strength=torch.from_numpy(_strengths(rng, options)),
            time=torch.from_numpy(rng.random(options.batch).astype(np.float32)),
        )


def _strengths(rng: np.random.Generator, options: InpaintingOptions) -> NDArray[np.float32]:
    """Return (batch,) shares of noise, 1 where nothing is proposed."""
    drawn = rng.uniform(*options.strength, options.batch)
    nothing = rng.random(options.batch) < options.without_proposal
    return np.where(nothing, 1.0, drawn).astype(np.float32)
