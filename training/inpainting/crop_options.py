"""What the trainings that learn from crops of tiles have in common: crops, holes, and how a run goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from diachron.core.errors import RecipeError, UnknownNameError, nearest_names
from diachron.training.detectors.options import DEVICES, PRECISIONS


@dataclass(frozen=True)
class CropOptions:
    """What crops are learned from, and how a run goes.

    Args:
        steps: batches to learn from.
        batch: crops a step, of all processes together.
        crop_px: side of a crop, a multiple of what the network asks for.
        gsd_m: (finest, coarsest) metres a pixel, between which each crop draws its own, even in its
            logarithm; a crop is never finer than its tile. None keeps the tile's.
        learning_rate: highest of the one-cycle schedule.
        weight_decay: of AdamW.
        seed: of weights, crops, holes and noise.
        turn: mirror and turn the crops.
        precision: `auto`, `bf16` or `fp32`.
        device: `auto` takes a GPU where there is one.
        cache_mb: decoded tiles kept in memory.
        checkpoint_every: steps between checkpoints, where the run has a folder; 0 writes none.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision or device.
    """

    steps: int = 2000
    batch: int = 16
    crop_px: int = 96
    gsd_m: tuple[float, float] | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    seed: int = 0
    turn: bool = True
    precision: str = "auto"
    device: str = "auto"
    cache_mb: int = 1024
    checkpoint_every: int = 200

    @property
    def multiple_px(self) -> int:
        """Of how many pixels a side of a crop is a multiple."""
        return 1

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.learning_rate) <= 0:
            raise RecipeError(
                f"steps {self.steps}, batch {self.batch}, learning rate {self.learning_rate}: expected all "
                "above 0"
            )
        if min(self.seed, self.checkpoint_every, self.cache_mb, self.weight_decay) < 0:
            raise RecipeError(
                f"seed {self.seed}, checkpoint every {self.checkpoint_every}, cache {self.cache_mb} MB, "
                f"weight decay {self.weight_decay}: expected 0 or more"
            )
        check_crop(self.crop_px, self.multiple_px)
        if self.gsd_m is not None and not 0 < self.gsd_m[0] <= self.gsd_m[1]:
            raise RecipeError(f"gsd {self.gsd_m}: expected two lengths in metres, the finer first")
        for what, value, known in (
            ("precision", self.precision, PRECISIONS),
            ("device", self.device, DEVICES),
        ):
            if value not in known:
                raise UnknownNameError(f"no {what} is called '{value}'; {nearest_names(value, known)}")

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        return {**asdict(self), "gsd_m": None if self.gsd_m is None else list(self.gsd_m)}


@dataclass(frozen=True)
class HoleOptions(CropOptions):
    """How crops get holes, and what is known of them, besides `CropOptions`.

    Args:
        strength: (lowest, highest) share of noise in the start, wider than what painting asks for.
        without_labels: share of crops whose labels are hidden, so that guidance has both answers.
        without_proposal: share of crops that are painted from noise alone.

    Raises:
        RecipeError, UnknownNameError: as `CropOptions`.
    """

    strength: tuple[float, float] = (0.05, 0.6)
    without_labels: float = 0.1
    without_proposal: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.strength[0] <= self.strength[1] <= 1:
            raise RecipeError(f"strength {self.strength}: expected two shares above 0, the lower first")
        for what, share in (("labels", self.without_labels), ("proposal", self.without_proposal)):
            if not 0 <= share < 1:
                raise RecipeError(f"without {what}: {share}, expected a share of crops below 1")

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        return {**super().to_json(), "strength": list(self.strength)}


def check_crop(crop_px: int, multiple_px: int) -> None:
    """Check that a network can take a crop.

    Raises:
        RecipeError: its side is no multiple, or below 16 pixels.
    """
    if crop_px < 16 or crop_px % multiple_px:
        raise RecipeError(f"crops of {crop_px} px: expected a multiple of {multiple_px}, 16 at least")
