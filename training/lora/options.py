"""How a LoRA is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diachron.core.errors import RecipeError, UnknownNameError, nearest_names
from diachron.generators.hub.machine import ATTENTIONS
from diachron.generators.hub.prompts import PROFILES
from diachron.training.inpainting.crop_options import CropOptions


@dataclass(frozen=True)
class LoraOptions(CropOptions):
    """Everything a training run depends on besides its tiles and the network that is built upon.

    Args:
        rank: of the matrices beside each projection.
        profile: how prompts are made: `plain` or `hyscdg`, as it will be in the renderer.
        text: put into every prompt.
        without_labels: share of crops with an empty prompt, which guidance asks for.
        attention: `sdpa`, or `xformers` where it is installed and there is a GPU.
        steps, crop_px ...: as of `CropOptions`; a side of a crop is a multiple of what the U-Net asks for.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision, device, attention or profile.
    """

    batch: int = 4
    crop_px: int = 512
    learning_rate: float = 1e-4
    rank: int = 16
    profile: str = "plain"
    text: str = ""
    without_labels: float = 0.1
    attention: str = "sdpa"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rank < 1:
            raise RecipeError(f"rank {self.rank}: expected 1 or more")
        if not 0 <= self.without_labels < 1:
            raise RecipeError(f"without labels: {self.without_labels}, expected a share of crops below 1")
        for what, value, known in (
            ("profile", self.profile, PROFILES),
            ("attention", self.attention, ATTENTIONS),
        ):
            if value not in known:
                raise UnknownNameError(f"no {what} is called '{value}'; {nearest_names(value, known)}")

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored; attention is the machine's matter, not the run's."""
        stored = super().to_json()
        del stored["attention"]
        return stored
