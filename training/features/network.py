"""The feature network: a crop in, a short vector out, cheap enough for thousands of crops on a processor."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.streams import noise_seed, stream

WIDTHS = (64, 128, 160)
FEATURES = 128
# The stem folds FOLD × FOLD pixels into channels: no pixel is lost, and the first layer costs a sixteenth.
FOLD = 4


class FeatureNet(nn.Module):
    """Five convolutions behind a space-to-depth stem, averaged over the crop; 0.7 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (3 * FOLD**2, *WIDTHS[:-1])
        self.levels = nn.ModuleList(
            nn.Sequential(*_convolution(before, width), *_convolution(width, width))
            for before, width in zip(inputs, WIDTHS, strict=True)
        )
        self.last = nn.Conv2d(WIDTHS[-1], FEATURES, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (N, FEATURES) vectors of (N, 3, S, S) normalised crops; S is a multiple of 16."""
        x = functional.pixel_unshuffle(crops, FOLD).contiguous(memory_format=torch.channels_last)
        for number, level in enumerate(self.levels):
            x = level(functional.max_pool2d(x, 2) if number else x)
        return self.last(x).mean(dim=(2, 3))


def _convolution(inputs: int, width: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]


def new_network(seed: int) -> FeatureNet:
    """Return a network whose first weights depend on the seed alone."""
    # Layers draw their first weights from the global generator, which is handed back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(stream(seed, 0, "features/weights")))
        return FeatureNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
