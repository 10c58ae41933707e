"""FC-Siam-diff: a fully convolutional Siamese encoder whose skips are feature differences.

Source: Daudt, Le Saux, Boulch 2018, "Fully convolutional Siamese networks for change detection", and the
authors' code for what the paper leaves open. As there, the decoder starts from the features of the second
date, so that swapping the dates changes the answer. Two things differ: one logit instead of two, and no
dropout, whose random numbers a resumed run could not repeat.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.errors import RecipeError
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.heads import Answer
from diachron.training.detectors.siamese_unet import convolutions

# Channels and convolutions of each level, finest first; and the widths of the decoder's convolutions.
ENCODER = ((16, 2), (32, 2), (64, 3), (128, 3))
DECODER = ((16,), (32, 16), (64, 64, 32), (128, 128, 64))


class FCSiamDiff(nn.Module):
    """The network of the paper, from the pixels' own size down to a sixteenth.

    Args:
        config: of the detector; the binary head only.

    Raises:
        RecipeError: another head is wanted.
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        if config.head != "binary":
            raise RecipeError(
                f"fc-siam-diff has no head '{config.head}', only 'binary'; take siamese-unet-small"
            )
        self.stride = 2 ** len(ENCODER)
        inputs = (config.bands, *(width for width, _ in ENCODER[:-1]))
        self.encoder = nn.ModuleList(
            convolutions(before, width, count, bias=True)
            for before, (width, count) in zip(inputs, ENCODER, strict=True)
        )
        enlarge, join = [], []
        for (width, _), widths in reversed(list(zip(ENCODER, DECODER, strict=True))):
            enlarge.append(nn.ConvTranspose2d(width, width, 3, stride=2, padding=1, output_padding=1))
            inputs = (2 * width, *widths[:-1])
            join.append(
                nn.Sequential(
                    *(convolutions(i, o, 1, bias=True) for i, o in zip(inputs, widths, strict=True))
                )
            )
        self.enlarge = nn.ModuleList(enlarge)
        self.join = nn.ModuleList(join)
        self.change = nn.Conv2d(DECODER[0][-1], 1, 3, padding=1)

    def forward(self, t1: Tensor, t2: Tensor) -> Answer:
        """Return the logits of change, (N, 1, H, W), of normalised (N, C, H, W) dates."""
        differences = []
        x = torch.cat([t1, t2]).contiguous(memory_format=torch.channels_last)
        for level in self.encoder:
            x = level(x)
            first, second = x.chunk(2)
            differences.append((first - second).abs())
            x = functional.max_pool2d(x, 2)
        x = x.chunk(2)[1]
        for enlarge, join, skip in zip(self.enlarge, self.join, reversed(differences), strict=True):
            x = join(torch.cat([enlarge(x), skip], 1))
        return {"change": self.change(x)}
