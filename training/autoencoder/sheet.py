"""What an autoencoder makes of crops that it has not learned from, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.generators.hub.autoencoder import decoded, encoded
from diachron.training.autoencoder.examples import CropExamples
from diachron.training.autoencoder.network import TrainedAutoencoder
from diachron.training.autoencoder.options import AutoencoderOptions
from diachron.training.inpainting.places import PlaceSet


@dataclass(frozen=True)
class Shown:
    """A crop and what comes back of it; (S, S, 3) uint8."""

    real: NDArray[np.uint8]
    given_back: NDArray[np.uint8]


def coded_examples(
    trained: TrainedAutoencoder, sets: Sequence[PlaceSet], options: AutoencoderOptions, count: int
) -> list[Shown]:
    """Return crops before and after they went through the autoencoder.

    Args:
        trained: the autoencoder, on the CPU.
        sets, options: as for the training; the batch after the last one of the training is shown.
        count: of crops.

    Raises:
        SourceError, LabelError: a scene cannot be read.
    """
    batch = CropExamples(sets, replace(options, batch=count))[options.steps]
    with torch.inference_mode():
        given = torch.cat([decoded(trained.vae, encoded(trained.vae, one)) for one in batch.picture.split(1)])
    return [Shown(as_shown(real), as_shown(one)) for real, one in zip(batch.picture, given, strict=True)]


def as_shown(picture: Tensor) -> NDArray[np.uint8]:
    """Return (S, S, 3) uint8 of a (3, S, S) picture from -1 to 1."""
    unit = (picture.float().cpu().numpy() * 0.5 + 0.5).clip(0.0, 1.0)
    return np.rint(unit * 255.0).astype(np.uint8).transpose(1, 2, 0)
