"""An encoder of the size of ResNet-18, for machines with a GPU.

Source: He, Zhang, Ren, Sun 2016, "Deep residual learning", table 1: the basic blocks of the 18-layer
network. The stem is space-to-depth and a 3 × 3 convolution instead of 7 × 7 with stride, as in the small
encoder.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.training.detectors.siamese_unet import convolutions

# Channels and blocks of each level behind the stem.
RESNET18 = ((64, 2), (128, 2), (256, 2), (512, 2))


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.shortcut = (
            nn.Identity()
            if inputs == width and stride == 1
            else nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        )

    def forward(self, x: Tensor) -> Tensor:
        joined: Tensor = functional.relu(self.second(self.first(x)) + self.shortcut(x))
        return joined


class ResidualEncoder(nn.Module):
    """Five levels of features, from half the pixels' size to a thirty-second.

    Args:
        bands: of a date.
        levels: (channels, blocks) of each level behind the stem.
    """

    def __init__(self, bands: int, levels: tuple[tuple[int, int], ...] = RESNET18) -> None:
        super().__init__()
        stem = levels[0][0]
        self.widths = (stem, *(width for width, _ in levels))
        self.strides = tuple(2 ** (level + 1) for level in range(len(self.widths)))
        self.stem = convolutions(4 * bands, stem, 1)
        # The first level is made smaller by pooling, as in the paper, the others by their first convolution.
        self.levels = nn.ModuleList(
            nn.Sequential(
                *(
                    ResidualBlock(before if block == 0 else width, width, 2 if block == 0 and level else 1)
                    for block in range(count)
                )
            )
            for level, (before, (width, count)) in enumerate(zip(self.widths[:-1], levels, strict=True))
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of (N, C, H, W) pictures, finest first."""
        folded = functional.pixel_unshuffle(image, 2).contiguous(memory_format=torch.channels_last)
        features = [self.stem(folded)]
        x = functional.max_pool2d(features[0], 2)
        for level in self.levels:
            x = level(x)
            features.append(x)
        return features
