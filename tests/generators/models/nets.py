"""Networks of a few thousand parameters, and conditions for them."""

from __future__ import annotations

import torch

from diachron.core.streams import stream
from diachron.generators.models.conditions import Conditions
from diachron.generators.models.unet import PaintingUNet, UNetConfig, build_unet

TINY = UNetConfig(widths=(16, 16), label_width=2, situation=16, shown_proposal=True)


def tiny_unet(seed: int = 0) -> PaintingUNet:
    """Return a small network in which no layer is zero, as if it had learned."""
    network = build_unet(TINY, seed)
    rng = stream(seed, 0, "tests/learned")
    with torch.no_grad():
        for values in network.parameters():
            if not values.any():
                values.copy_(torch.from_numpy(rng.standard_normal(values.shape) * 0.05))
    return network.eval()


def conditions(rows: int, cols: int, count: int = 2, seed: int = 0) -> Conditions:
    """Return a hole in the middle of random labels."""
    rng = stream(seed, 0, "tests/conditions")
    hole = torch.zeros(count, 1, rows, cols)
    hole[..., rows // 4 : -(rows // 4), cols // 4 : -(cols // 4)] = 1.0
    labels = torch.from_numpy(rng.integers(1, 10, (count, rows, cols)).astype("uint8"))
    scales, strengths = torch.full((count,), 0.5), torch.full((count,), 0.4)
    return Conditions(hole, labels, scales, strengths, noise(rows, cols, count, seed + 1))


def noise(rows: int, cols: int, count: int = 2, seed: int = 0) -> torch.Tensor:
    """Return (count, 3, rows, cols) float32 noise."""
    values = stream(seed, 0, "tests/noise").standard_normal((count, 3, rows, cols))
    return torch.from_numpy(values.astype("float32"))
