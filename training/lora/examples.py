"""What a step learns from, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diachron.core.streams import stream
from diachron.generators.hub.prompts import PROFILES, prompt_of
from diachron.training.autoencoder.examples import as_coded
from diachron.training.inpainting.examples import holed_crops
from diachron.training.inpainting.places import Places, PlaceSet
from diachron.training.lora.base import Base
from diachron.training.lora.options import LoraOptions
from diachron.training.runs.batches import TensorBatch


@dataclass
class PromptedBatch(TensorBatch):
    """Crops of one step, with what is said of their holes.

    Args:
        picture: (N, 3, S, S) float32 from -1 to 1, real.
        hole: (N, 1, S, S) float32, 1 where it is to be painted.
        known: (N, 1, S, S) float32, 1 where there is image data.
        tokens: (N, T) int64 words of the prompts.
        noise: (N, channels, s, s) float32 standard normal.
        time: (N,) float32 from 0 to 1, as a share of the scheduler's steps.
    """

    picture: Tensor
    hole: Tensor
    known: Tensor
    tokens: Tensor
    noise: Tensor
    time: Tensor


class PromptedExamples:
    """Batches by the number of the step: in any order, at any time, the same.

    Args:
        sets: of scenes.
        options: of the training.
        base: that says how prompts become numbers, and how large a cell is.

    Raises:
        SourceError: no set holds a scene.
    """

    def __init__(self, sets: Sequence[PlaceSet], options: LoraOptions, base: Base) -> None:
        self.options = options
        self.places = Places(sets, options)
        self._base = base

    def __getitem__(self, step: int) -> PromptedBatch:
        """Return the crops of a step, 0 or more.

        Raises:
            SourceError, LabelError: a scene cannot be read.
        """
        options, base = self.options, self._base
        rng = stream(options.seed, step, "lora/crops")
        crops = holed_crops(rng, self.places, options.batch, without_labels=options.without_labels)
        openings = rng.integers(len(PROFILES[options.profile].openings), size=options.batch)
        prompts = [
            ""
            if each.hidden
            else prompt_of(
                options.profile,
                each.crop.labels,
                each.swapped.hole,
                opening=int(opening),
                text=options.text,
            )
            for each, opening in zip(crops, openings, strict=True)
        ]
        cells = options.crop_px // base.cell_px
        known = np.stack([~each.crop.void[np.newaxis] for each in crops])
        noise = rng.standard_normal((options.batch, base.channels, cells, cells), np.float32)
        return PromptedBatch(
            picture=torch.from_numpy(np.stack([as_coded(each.crop.pixels) for each in crops])),
            hole=torch.from_numpy(np.stack([each.hole for each in crops])),
            known=torch.from_numpy(known.astype(np.float32)),
            tokens=base.tokens(prompts),
            noise=torch.from_numpy(noise),
            time=torch.from_numpy(rng.random(options.batch).astype(np.float32)),
        )
