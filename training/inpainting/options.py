"""How a painter is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from diachron.generators.models.unet import UNetConfig
from diachron.training.inpainting.crop_options import HoleOptions


@dataclass(frozen=True)
class InpaintingOptions(HoleOptions):
    """Everything a training run depends on besides its tiles.

    Args:
        network: its size.
        steps, crop_px, strength ...: as of `HoleOptions` and `CropOptions`; a side of a crop is a multiple of
            the network's stride.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision or device.
    """

    network: UNetConfig = field(default_factory=lambda: UNetConfig(shown_proposal=True, grain=True))

    @property
    def multiple_px(self) -> int:
        """The network's stride."""
        return self.network.stride

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        return {**super().to_json(), "network": self.network.to_json()}
