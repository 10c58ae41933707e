"""What an autoencoder makes of new crops of the tiles that it learned from, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from diachron.generators.hub.autoencoder import decoded, encoded
from diachron.training.autoencoder.examples import CropExamples
from diachron.training.autoencoder.network import TrainedAutoencoder
from diachron.training.autoencoder.options import AutoencoderOptions
from diachron.training.inpainting.places import PlaceSet
from diachron.training.runs.shown import as_shown


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
    pairs = zip(batch.picture.numpy(), given.numpy(), strict=True)
    return [Shown(as_shown(real * 0.5 + 0.5), as_shown(one * 0.5 + 0.5)) for real, one in pairs]
