"""How an RSDiT is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from diachron.core.errors import RecipeError, UnknownNameError, nearest_names
from diachron.generators.hub.machine import ATTENTIONS
from diachron.generators.models.hub_map import VALUES
from diachron.generators.models.rsdit import RSDiTConfig, rsdit_config
from diachron.training.inpainting.crop_options import HoleOptions


@dataclass(frozen=True)
class RSDiTOptions(HoleOptions):
    """Everything a training run depends on besides its tiles and its autoencoder.

    Args:
        network: its size. Channels and answers are those of the autoencoder and it is told the gsd, whatever
            is said here; label planes are those of the hub's ids.
        attention: `sdpa`, or `xformers` where it is installed and there is a GPU.
        strength: shares of noise in the proposals, as the renderer draws them and a little to both sides.
        without_proposal: share of crops that are painted whole.
        steps, crop_px ...: as of `HoleOptions` and `CropOptions`; a side of a crop is a multiple of a
            token's.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision, device or attention.
    """

    batch: int = 64
    crop_px: int = 256
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    strength: tuple[float, float] = (0.4, 0.95)
    without_proposal: float = 0.5
    network: RSDiTConfig = field(default_factory=lambda: rsdit_config("B"))
    attention: str = "sdpa"

    def __post_init__(self) -> None:
        super().__post_init__()
        size = self.network
        if min(size.depth, size.width, size.heads) < 1 or size.width % size.heads:
            raise RecipeError(
                f"depth {size.depth}, width {size.width}, heads {size.heads}: expected all above 0, and a "
                "width that is a multiple of the heads"
            )
        if size.label_planes != VALUES:
            raise RecipeError(
                f"{size.label_planes} label planes: expected {VALUES}, one for each of the hub's ids"
            )
        if self.attention not in ATTENTIONS:
            raise UnknownNameError(
                f"no attention is called '{self.attention}'; {nearest_names(self.attention, ATTENTIONS)}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored; attention is the machine's matter, not the run's."""
        stored = {**super().to_json(), "network": asdict(self.network)}
        del stored["attention"]
        return stored
