"""A U-Net with one encoder for both dates, whose skips are the differences of its features.

Source: the difference skips of FC-Siam-diff (Daudt, Le Saux, Boulch 2018) in a shallower, wider network.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.heads import Answer, Head, one_hot

# Channels of a level, and convolutions in it: few at the fine levels, where each costs the most time.
SMALL = ((32, 1), (64, 2), (96, 2), (160, 3))


def convolutions(inputs: int, width: int, count: int, *, bias: bool = False) -> nn.Sequential:
    """Return `count` 3 × 3 convolutions, each with batch normalisation and ReLU."""
    layers: list[nn.Module] = []
    for number in range(count):
        layers += [
            nn.Conv2d(inputs if number == 0 else width, width, 3, padding=1, bias=bias),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class PlainEncoder(nn.Module):
    """Plain convolutions, pooling between the levels, behind a space-to-depth stem.

    The stem folds 2 × 2 pixels into channels: at half size a convolution costs a quarter and no pixel is
    lost.

    Args:
        bands: of a date.
        levels: (channels, convolutions) of each level, finest first.
    """

    def __init__(self, bands: int, levels: tuple[tuple[int, int], ...] = SMALL) -> None:
        super().__init__()
        self.widths = tuple(width for width, _ in levels)
        self.strides = tuple(2 ** (level + 1) for level in range(len(levels)))
        inputs = (4 * bands, *self.widths[:-1])
        self.levels = nn.ModuleList(
            convolutions(before, width, count) for before, (width, count) in zip(inputs, levels, strict=True)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of (N, C, H, W) pictures, finest first."""
        features = []
        x = functional.pixel_unshuffle(image, 2).contiguous(memory_format=torch.channels_last)
        for number, level in enumerate(self.levels):
            x = level(functional.max_pool2d(x, 2) if number else x)
            features.append(x)
        return features


class SiameseUNet(nn.Module):
    """Both dates through one encoder, the absolute differences of its features through a decoder.

    Args:
        config: of the detector.
        encoder: with `widths` and `strides`; the strides double from level to level.
    """

    def __init__(self, config: DetectorConfig, encoder: nn.Module) -> None:
        super().__init__()
        self.classes = config.classes if config.head == "conditional" else 0
        self.semantic = config.head == "semantic"
        self.encoder = encoder
        widths: tuple[int, ...] = encoder.widths  # type: ignore[assignment]
        strides: tuple[int, ...] = encoder.strides  # type: ignore[assignment]
        self.stride = strides[-1]
        self.decoder = _decoder(widths)
        self.dates = _decoder(widths) if self.semantic else None
        self.conditions = nn.ModuleList(
            nn.Conv2d(self.classes, width, 1, bias=False) for width in widths if self.classes
        )
        self.strides = strides
        self.head = Head(config, widths[0], strides[0])

    def forward(self, t1: Tensor, t2: Tensor, labels_t1: Tensor | None = None) -> Answer:
        """Return logits at full size.

        Args:
            t1, t2: (N, C, H, W) normalised; H and W are multiples of `stride`.
            labels_t1: (N, H, W) label values, for the conditional head.
        """
        # One pass for both dates: batch normalisation sees the mixture of both, in training too.
        both = self.encoder(torch.cat([t1, t2]))
        first, second = ([level.chunk(2)[date] for level in both] for date in (0, 1))
        differences = [(one - two).abs() for one, two in zip(first, second, strict=True)]
        if self.classes and labels_t1 is not None:
            planes = one_hot(labels_t1, self.classes)
            differences = [
                level + condition(functional.avg_pool2d(planes, stride))
                for level, condition, stride in zip(differences, self.conditions, self.strides, strict=True)
            ]
        change = _decode(self.decoder, differences)
        if self.dates is None:
            return self.head(change, None, None)
        return self.head(change, *_decode(self.dates, both).chunk(2))


class _Step(nn.Module):
    """From one level of the decoder to the next finer one.

    The coarse features are narrowed before they are enlarged and added to the skip, which takes half the time
    of joining them by concatenation.
    """

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(coarse, fine, 1)
        self.join = convolutions(fine, fine, 1)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        enlarged = functional.interpolate(self.narrow(coarse), scale_factor=2.0, mode="nearest")
        joined: Tensor = self.join(enlarged + skip)
        return joined


def _decoder(widths: tuple[int, ...]) -> nn.ModuleList:
    """Return the steps from the coarsest level to the finest."""
    return nn.ModuleList(_Step(coarse, fine) for fine, coarse in reversed(list(pairwise(widths))))


def _decode(steps: nn.ModuleList, levels: list[Tensor]) -> Tensor:
    x = levels[-1]
    for step, skip in zip(steps, reversed(levels[:-1]), strict=True):
        x = step(x, skip)
    return x
