"""How a segmenter is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from diachron.core.errors import RecipeError, UnknownNameError, nearest_names
from diachron.training.detectors.options import DEVICES, PRECISIONS
from diachron.training.segmenters.roles import HALVES


@dataclass(frozen=True)
class SegmenterOptions:
    """Everything a training run depends on besides its tiles.

    Args:
        steps: batches to learn from.
        batch: crops a step. Sets differ so much that many small crops teach more than few large ones: after
            100 steps the loss was 0.64 with 32 crops of 64 px, and 0.76 with 8 of 128 px.
        crop_px: side of a crop, a multiple of 16.
        gsd_m: (finest, coarsest) metres a pixel, between which each crop draws its own, even in its
            logarithm; a crop is never finer than its tile.
        learning_rate: highest of the one-cycle schedule.
        weight_decay: of AdamW.
        seed: of weights, crops and augmentation.
        places: `A` or `B`, the half of the places to learn at; None for all.
        augment: mirror, turn, change colours.
        precision: `auto`, `bf16` or `fp32`.
        device: `auto` takes a GPU where there is one.
        cache_mb: decoded tiles kept in memory.
        checkpoint_every: steps between checkpoints, where the run has a folder; 0 writes none.

    Raises:
        RecipeError: an option is out of range.
        UnknownNameError: an unknown half, precision or device.
    """

    steps: int = 800
    batch: int = 24
    crop_px: int = 80
    gsd_m: tuple[float, float] = (0.3, 1.2)
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    seed: int = 0
    places: str | None = None
    augment: bool = True
    precision: str = "auto"
    device: str = "auto"
    cache_mb: int = 1024
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        positive = min(self.steps, self.batch, self.learning_rate) > 0
        if not positive or min(self.seed, self.checkpoint_every, self.cache_mb, self.weight_decay) < 0:
            raise RecipeError(
                f"steps {self.steps}, batch {self.batch}, learning rate {self.learning_rate}, seed "
                f"{self.seed}, checkpoint every {self.checkpoint_every}, cache {self.cache_mb} MB: expected "
                "the first three above 0, the others 0 or more"
            )
        if self.crop_px < 16 or self.crop_px % 16:
            raise RecipeError(f"crops of {self.crop_px} px: expected a multiple of 16")
        if not 0 < self.gsd_m[0] <= self.gsd_m[1]:
            raise RecipeError(f"gsd {self.gsd_m}: expected two lengths in metres, the finer first")
        for what, value, known in (
            ("half of the places", self.places or "A", tuple(HALVES)),
            ("precision", self.precision, PRECISIONS),
            ("device", self.device, DEVICES),
        ):
            if value not in known:
                raise UnknownNameError(f"no {what} is called '{value}'; {nearest_names(value, known)}")

    @property
    def role(self) -> str:
        """Role of who learns at these places; who learns at all of them is a labeller."""
        return HALVES[self.places or "A"]

    def to_json(self) -> dict[str, Any]:
        """Return the options as stored."""
        return {**asdict(self), "gsd_m": list(self.gsd_m)}
