"""How a painter of sketches is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diachron.core.errors import RecipeError
from diachron.training.inpainting.options import InpaintingOptions


@dataclass(frozen=True)
class SemanticOptions(InpaintingOptions):
    """Everything a training run depends on besides its tiles.

    Args:
        detail_px: sigma of the smoothing inside regions, in pixels of the crop.
        whole: share of crops that are painted over all of them; in the others only holes are, as where a
            photograph is edited.
        tint: spread of a change of brightness; half of it for each band. It is the same for the sketch and
            for the picture: colours are to be kept, not guessed.
        strength, without_labels ...: as of `InpaintingOptions`. A sketch is always shown: `without_proposal`
            is 0.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision or device.
    """

    strength: tuple[float, float] = (0.3, 0.8)
    without_proposal: float = 0.0
    detail_px: float = 2.0
    whole: float = 0.6
    tint: float = 0.15

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.5 <= self.detail_px <= 8:
            raise RecipeError(f"detail {self.detail_px} px: expected 0.5 to 8")
        if not 0 <= self.whole <= 1 or not 0 <= self.tint <= 1:
            raise RecipeError(f"whole {self.whole}, tint {self.tint}: expected 0 to 1")
        if self.without_proposal != 0:
            raise RecipeError("a sketch is always shown: without_proposal is 0")

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        stored = super().to_json()
        del stored["without_proposal"]
        return stored
