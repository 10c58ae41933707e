"""How an autoencoder is trained, and its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diachron.core.errors import RecipeError
from diachron.training.inpainting.crop_options import CropOptions

# Channels of a level are normalised in groups of a number that divides all: 32 as in the published ones.
GROUPS = 32


@dataclass(frozen=True)
class AutoencoderOptions(CropOptions):
    """Everything a training run depends on besides its tiles.

    Args:
        widths: channels of each level, finest first; every level but the last halves the sides, so four make
            cells of 8 x 8 pixels. By default those of Stable Diffusion's, 84 million weights.
        latent_channels: numbers a cell.
        blocks: residual blocks a level.
        kl: weight of the KL divergence beside the absolute error, both a value of the picture.
        steps, crop_px ...: as of `CropOptions`; a side of a crop is a multiple of a cell's.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision or device.

    Source: Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models", appendix G,
    for a weight of 1e-6.
    """

    batch: int = 8
    crop_px: int = 256
    learning_rate: float = 1e-4
    widths: tuple[int, ...] = (128, 256, 512, 512)
    latent_channels: int = 4
    blocks: int = 2
    kl: float = 1e-6

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 1 or min(self.latent_channels, self.blocks) < 1:
            raise RecipeError(
                f"widths {self.widths}, latent channels {self.latent_channels}, blocks {self.blocks}: "
                "expected at least one level, and all above 0"
            )
        if self.kl < 0:
            raise RecipeError(f"kl {self.kl}: expected 0 or more")
        super().__post_init__()

    @property
    def multiple_px(self) -> int:
        """Pixels a side of a cell."""
        return int(2 ** (len(self.widths) - 1))

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        return {**super().to_json(), "widths": list(self.widths)}
