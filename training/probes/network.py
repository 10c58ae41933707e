"""The network of a probe: a crop in, one logit out, above 0 for made."""

from __future__ import annotations

from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.streams import noise_seed
from diachron.training.detectors.normalisation import normalise

# Networks draw their first weights from the one global generator: one at a time.
_DRAWING = Lock()
BATCH = 128


class ProbeNet(nn.Module):
    """Four convolutions and two ways of pooling; 50 thousand parameters.

    Args:
        bands: of a crop.
    """

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.first = _convolution(4 * bands, 24)
        self.second = nn.Sequential(_convolution(24, 48), _convolution(48, 48))
        self.third = _convolution(48, 48)
        self.head = nn.Linear(2 * 48, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (N,) logits of (N, C, S, S) crops; S is a multiple of 8."""
        x = self.first(functional.pixel_unshuffle(crops, 2))
        x = self.second(functional.max_pool2d(x, 2))
        x = self.third(functional.max_pool2d(x, 2))
        # The mean sees what the whole crop shares, such as contrast; the maximum one tell-tale edge.
        return self.head(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], 1)).squeeze(1)


def _convolution(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
    )


def new_network(bands: int, rng: np.random.Generator) -> ProbeNet:
    """Return a network whose first weights depend on the generator alone."""
    with _DRAWING, torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(rng))
        return ProbeNet(bands).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def logits_of(network: ProbeNet, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N,) logits of (N, C, S, S) crops from 0 to 1; the network is in `eval` mode, N is 1 or more."""
    with torch.inference_mode():
        parts = [network(as_input(part)) for part in np.array_split(crops, max(1, len(crops) // BATCH))]
    found: NDArray[np.float32] = torch.cat(parts).numpy()
    return found


def as_input(crops: NDArray[np.float32]) -> Tensor:
    """Return crops from 0 to 1 as the network takes them."""
    unit = torch.from_numpy(np.ascontiguousarray(crops))
    return normalise(unit).contiguous(memory_format=torch.channels_last)
