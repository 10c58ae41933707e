"""What a step learns from, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diachron.core.streams import stream
from diachron.training.autoencoder.examples import as_coded
from diachron.training.inpainting.examples import holed_crops, strengths
from diachron.training.inpainting.places import Places, PlaceSet
from diachron.training.rsdit.options import RSDiTOptions
from diachron.training.runs.batches import TensorBatch


@dataclass
class LatentBatch(TensorBatch):
    """Crops of one step, before they are made latents.

    Args:
        picture: (N, 3, S, S) float32 from -1 to 1, real.
        proposal: (N, 3, S, S) the same with swapped patches.
        hole: (N, 1, S, S) float32, 1 where they are.
        known: (N, 1, S, S) float32, 1 where there is image data.
        labels: (N, S, S) uint8 hub ids of the real picture, 0 where they are hidden.
        gsd_m: (N,) float32 metres a pixel.
        noise: (N, channels, s, s) float32 standard normal.
        strength: (N,) float32 share of noise over the proposal; with 1 the crop is painted whole.
        time: (N,) float32 from 1, the start, to 0, the picture.
    """

    picture: Tensor
    proposal: Tensor
    hole: Tensor
    known: Tensor
    labels: Tensor
    gsd_m: Tensor
    noise: Tensor
    strength: Tensor
    time: Tensor


class LatentExamples:
    """Batches by the number of the step: in any order, at any time, the same.

    Args:
        sets: of scenes.
        options: of the training.
        channels: of a cell of the autoencoder.
        cell_px: pixels a side of a cell.

    Raises:
        SourceError: no set holds a scene.
    """

    def __init__(
        self, sets: Sequence[PlaceSet], options: RSDiTOptions, *, channels: int, cell_px: int
    ) -> None:
        self.options = options
        self.places = Places(sets, options)
        cells = options.crop_px // cell_px
        self._shape = (options.batch, channels, cells, cells)

    def __getitem__(self, step: int) -> LatentBatch:
        """Return the crops of a step, 0 or more.

        Raises:
            SourceError, LabelError: a scene cannot be read.
        """
        options = self.options
        rng = stream(options.seed, step, "rsdit/crops")
        crops = holed_crops(rng, self.places, options.batch, without_labels=options.without_labels)
        known = np.stack([~each.crop.void[np.newaxis] for each in crops])
        return LatentBatch(
            picture=torch.from_numpy(np.stack([as_coded(each.crop.pixels) for each in crops])),
            proposal=torch.from_numpy(np.stack([as_coded(each.swapped.proposal) for each in crops])),
            hole=torch.from_numpy(np.stack([each.hole for each in crops])),
            known=torch.from_numpy(known.astype(np.float32)),
            labels=torch.from_numpy(np.stack([each.labels for each in crops])),
            gsd_m=torch.tensor([each.crop.gsd_m for each in crops], dtype=torch.float32),
            noise=torch.from_numpy(rng.standard_normal(self._shape, np.float32)),
            strength=torch.from_numpy(strengths(rng, options)),
            time=torch.from_numpy(rng.random(options.batch).astype(np.float32)),
        )
