"""Networks that a training uses and does not change."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Frozen:
    """A network beside the one that is trained: not learned, not averaged, not in checkpoints.

    It is no module on purpose: what holds it does not count its weights as its own, and a copy of what holds
    it shares it.

    Args:
        network: gets no gradients from here on.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network: Any = network.requires_grad_(False).eval()

    def on(self, device: torch.device) -> Any:
        """Return the network, moved to a device if it is elsewhere."""
        return self.network.to(device)

    def __deepcopy__(self, memo: dict[int, Any]) -> Frozen:
        return self
