"""What a detector is: its network, what it answers and what it is shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from diachron.core.errors import RecipeError, UnknownNameError, nearest_names

# Architecture -> what it is, in a line.
ARCHITECTURES: dict[str, str] = {
    "siamese-unet-small": "shared encoder of four levels, differences as skips, 0.95 million parameters",
    "siamese-unet-resnet18": "the same with an encoder of the size of ResNet-18, 12 million parameters",
    "fc-siam-diff": "FC-Siam-diff as published, 1.35 million parameters",
}
HEADS: dict[str, str] = {
    "binary": "changed or not",
    "semantic": "changed or not, and the class at each date",
    "conditional": "changed or not, given the label map of the first date",
}
# A model of the hub follows this word, or a folder that holds one.
HUB = "hub:"
# The label value that no network learns from and no class may have.
IGNORED = 255


@dataclass(frozen=True)
class DetectorConfig:
    """The shape of a detector.

    Args:
        architecture: a name of `ARCHITECTURES`, or `hub:` with a model id or folder.
        head: a name of `HEADS`.
        bands: how many bands of each date it sees.
        classes: label values of the semantic and conditional heads run from 0 to `classes` - 1; 0 for binary.

    Raises:
        UnknownNameError: an unknown architecture or head, with the nearest name.
        RecipeError: bands or classes do not fit.
    """

    architecture: str = "siamese-unet-small"
    head: str = "binary"
    bands: int = 3
    classes: int = 0

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES and not self.hub_model:
            raise UnknownNameError(
                f"no detector is called '{self.architecture}'; "
                f"{nearest_names(self.architecture, (*ARCHITECTURES, HUB + 'MODEL_ID'))}"
            )
        if self.head not in HEADS:
            raise UnknownNameError(f"no head is called '{self.head}'; {nearest_names(self.head, HEADS)}")
        if self.bands < 1:
            raise RecipeError(f"a detector of {self.bands} bands: expected at least 1")
        if (self.head == "binary") != (self.classes == 0) or not 0 <= self.classes <= IGNORED:
            raise RecipeError(
                f"head '{self.head}' with {self.classes} classes: binary takes 0, the others the number of "
                f"label values (1 to {IGNORED})"
            )

    @property
    def hub_model(self) -> str:
        """Id or folder of the hub's model; empty for a network of ours."""
        return self.architecture.removeprefix(HUB) if self.architecture.startswith(HUB) else ""

    @property
    def needs_labels(self) -> bool:
        """Whether training reads label maps."""
        return self.head != "binary"

    def to_json(self) -> dict[str, Any]:
        """Return the config as stored."""
        return asdict(self)
