"""How a detector is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from diachron.core.errors import RecipeError, UnknownNameError, nearest_names
from diachron.training.detectors.crops import CropOptions

PRECISIONS = ("auto", "bf16", "fp32")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class TrainingOptions:
    """Everything a training run depends on besides its pairs and its config.

    Args:
        steps: batches to learn from.
        batch: crops a step.
        crop_px: side of a crop.
        learning_rate: highest of the one-cycle schedule.
        weight_decay: of AdamW.
        seed: of weights, crops and augmentation.
        gsd_m: (finest, coarsest) metres a pixel of the crops, None for each pair's own.
        augment: mirror, turn, swap the dates, change colours.
        precision: `auto`, `bf16` or `fp32`; see `precision.choose_precision`.
        device: `auto` takes a GPU where there is one.
        weights: how often each set is drawn from, None for every pair as often as any other.
        cache_mb: decoded pairs kept in memory.
        checkpoint_every: steps between checkpoints, where the run has a folder; 0 writes none.
        tensorboard: write the loss where TensorBoard finds it, where the run has a folder.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown precision or device.
    """

    steps: int = 500
    batch: int = 32
    crop_px: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0
    gsd_m: tuple[float, float] | None = None
    augment: bool = True
    precision: str = "auto"
    device: str = "auto"
    weights: tuple[float, ...] | None = None
    cache_mb: int = 1024
    checkpoint_every: int = 100
    tensorboard: bool = False

    def __post_init__(self) -> None:
        if min(self.steps, self.learning_rate) <= 0 or min(self.seed, self.checkpoint_every) < 0:
            raise RecipeError(
                f"steps {self.steps}, learning rate {self.learning_rate}, seed {self.seed}, checkpoint every "
                f"{self.checkpoint_every}: expected the first two above 0, the others 0 or more"
            )
        for what, value, known in (
            ("precision", self.precision, PRECISIONS),
            ("device", self.device, DEVICES),
        ):
            if value not in known:
                raise UnknownNameError(f"no {what} is called '{value}'; {nearest_names(value, known)}")
        self.crops()

    def crops(self) -> CropOptions:
        """Return how crops are drawn."""
        return CropOptions(self.batch, self.crop_px, self.gsd_m, self.weights, self.cache_mb)

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        return asdict(self)
