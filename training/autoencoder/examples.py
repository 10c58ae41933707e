"""What a step learns from, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.core.streams import stream
from diachron.generators.models.pixels import from_network
from diachron.training.autoencoder.options import AutoencoderOptions
from diachron.training.inpainting.places import Places, PlaceSet
from diachron.training.runs.batches import TensorBatch


@dataclass
class Crops(TensorBatch):
    """Crops of one step.

    Args:
        picture: (N, 3, S, S) float32 from -1 to 1.
        known: (N, 1, S, S) float32, 1 where there is image data.
        noise: (N, channels, s, s) float32 standard normal, for the latents.
    """

    picture: Tensor
    known: Tensor
    noise: Tensor


class CropExamples:
    """Batches by the number of the step: in any order, at any time, the same.

    Args:
        sets: of scenes.
        options: of the training.

    Raises:
        SourceError: no set holds a scene.
    """

    def __init__(self, sets: Sequence[PlaceSet], options: AutoencoderOptions) -> None:
        self.options = options
        self.places = Places(sets, options)

    def __getitem__(self, step: int) -> Crops:
        """Return the crops of a step, 0 or more.

        Raises:
            SourceError, LabelError: a scene cannot be read.
        """
        options = self.options
        rng = stream(options.seed, step, "autoencoder/crops")
        crops = [self.places.crop(rng) for _ in range(options.batch)]
        cells = options.crop_px // options.multiple_px
        noise = rng.standard_normal((options.batch, options.latent_channels, cells, cells), np.float32)
        return Crops(
            picture=torch.from_numpy(np.stack([as_coded(crop.pixels) for crop in crops])),
            known=torch.from_numpy(np.stack([~crop.void[np.newaxis] for crop in crops]).astype(np.float32)),
            noise=torch.from_numpy(noise),
        )


def as_coded(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return pixels as autoencoders see them, -1 to 1, of those of `generators.models.pixels.to_network`."""
    return (from_network(pixels, 2.0) - 1.0).astype(np.float32)
