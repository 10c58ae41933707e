"""What a network knows besides the noisy picture, and numbers turned into waves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Conditions:
    """What is known of a batch.

    Args:
        hole: (N, 1, H, W) float, 1 where the picture is to be painted; elsewhere the noisy picture is the
            real one, so the masked picture is not given a second time.
        labels: (N, H, W) hub ids of what is to be seen, see `hub_map`.
        gsd_m: (N,) metres a pixel.
        strength: (N,) how much of the start is noise, 1 where there was no proposal.
        proposal: (N, 3, H, W) what stands in the hole before it is painted, and the real picture around it;
            0 in the hole where nothing was proposed. None for networks that are not shown it.
    """

    hole: Tensor
    labels: Tensor
    gsd_m: Tensor
    strength: Tensor
    proposal: Tensor | None = None

    def without_labels(self) -> Conditions:
        """Return the same with nothing known of the labels, for guidance."""
        return replace(self, labels=torch.zeros_like(self.labels))

    def to(self, device: torch.device) -> Conditions:
        """Return the same on a device."""
        proposal = None if self.proposal is None else self.proposal.to(device)
        return Conditions(
            self.hole.to(device),
            self.labels.to(device),
            self.gsd_m.to(device),
            self.strength.to(device),
            proposal,
        )


def waves(values: Tensor, width: int) -> Tensor:
    """Return (N, width) cosines and sines of (N,) values at wavelengths from 2 pi to 0.006.

    Source: Vaswani et al. 2017, section 3.5, with frequencies for values of about 1.

    Args:
        values: about 0 to 1 in size.
        width: even.
    """
    half = width // 2
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), half, device=values.device))
    angles = values.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class Situation(nn.Module):
    """Time, strength and gsd as one vector.

    Args:
        width: of the vector.
    """

    WAVES = 64

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(3 * self.WAVES, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, time: Tensor, strength: Tensor, gsd_m: Tensor) -> Tensor:
        """Return (N, width) of three (N,) numbers; gsd counts by its logarithm, 1 m being 0."""
        # From 0.1 to 10 m the logarithm, over that of 10, goes from -1 to 1.
        scale = gsd_m.float().log10()
        seen = torch.cat([waves(value, self.WAVES) for value in (time, strength, scale)], dim=1)
        out: Tensor = self.mlp(seen)
        return out
