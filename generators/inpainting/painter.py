"""A network that paints holes, with all that is needed to use it, and the folder it is kept in."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diachron.core.distributions import Quantity, ends_of
from diachron.core.errors import PackageError, RecipeError
from diachron.generators.flow.guidance import Guided
from diachron.generators.flow.path import noised
from diachron.generators.flow.schedule import times
from diachron.generators.flow.solvers import SOLVERS
from diachron.generators.inpainting.trust import within_bounds
from diachron.generators.models.conditions import Conditions
from diachron.generators.models.pixels import MEAN, SPREAD
from diachron.generators.models.threads import one_thread
from diachron.generators.models.unet import PaintingUNet, UNetConfig, build_unet
from diachron.generators.models.weights_folder import (
    WEIGHTS,
    folder_of,
    read_card,
    read_weights,
    save_weights,
)
from diachron.generators.noise_field import grain_at, noise_at
from diachron.generators.weights import INPAINTING

DESCRIPTION = "inpainting.json"
PIXELS = {"mean": MEAN, "spread": SPREAD}
_MISSING = (
    f"'{INPAINTING}' comes with Diachron; train others with `diachron train inpainting --source TILES "
    "--out DIR`, and name the folder with --set 'renderer={name: inpainting, weights: DIR}'"
)


@dataclass(frozen=True)
class Holes:
    """Windows of one size with holes in them.

    Args:
        picture: (N, 3, S, S) float32 as of `pixels.to_network`: what is real around the holes.
        proposal: (N, 3, S, S) the same with something in the holes to begin from.
        hole: (N, S, S) bool.
        labels: (N, S, S) uint8 hub ids of what is to be seen.
        noise: (N, 3, S, S) float32 of unit spread, as of `Painter.noise`.
        gsd_m: metres a pixel.
    """

    picture: NDArray[np.float32]
    proposal: NDArray[np.float32]
    hole: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    noise: NDArray[np.float32]
    gsd_m: float


@dataclass(frozen=True)
class Manner:
    """How holes are painted.

    Args:
        strength: share of noise at the start, above 0; with 1 the proposal is not looked at.
        steps: of the solver.
        solver: name in `flow.solvers.SOLVERS`.
        guidance: 1 for none.
        precision: `fp32` or `bf16`; bytes of bf16 differ from one kind of processor to another.
        detail, most_shift: as of `trust.within_bounds`, the latter as a share of full scale; with the
            defaults all is as the network paints it.
    """

    strength: float
    steps: int
    solver: str = "euler"
    guidance: float = 1.0
    precision: str = "fp32"
    detail: float = 0.0
    most_shift: float = math.inf


@dataclass
class Painter:
    """A network with the record of its training.

    Args:
        network: predicts velocities.
        training: JSON-ready: what it was trained on, how long, under which terms.
    """

    network: PaintingUNet
    training: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def untrained(cls, config: UNetConfig, seed: int) -> Painter:
        """Return a painter whose weights are drawn from the seed."""
        return cls(build_unet(config, seed))

    def noise(self, seed: int, row: int, col: int, size: int) -> NDArray[np.float32]:
        """Return the (3, size, size) noise of a window that the network has learned to begin from."""
        return (grain_at if self.network.config.grain else noise_at)(seed, row, col, size)

    def check_strength(self, strength: Quantity) -> None:
        """Raise unless the network has learned to paint from so much noise, where its card tells.

        Args:
            strength: number, pair or distribution that has passed `check_quantity`.

        Raises:
            RecipeError: it has not, or that cannot be told before it is drawn; the text says what it has.
        """
        options = self.training.get("plan", {}).get("options", {})
        if "strength" not in options:
            return
        low, high = options["strength"]
        from_nothing = options.get("without_proposal", 0.0) > 0.0
        ends = ends_of(strength)
        # 1 is a point apart: a pair that reaches up to it draws what lies between, too.
        alone = from_nothing and not isinstance(strength, (list, tuple))
        if not ends or any(not low <= end <= high and not (alone and end == 1.0) for end in ends):
            known = f"numbers from {low} to {high}{', or 1' if from_nothing else ''}"
            raise RecipeError(
                f"strength: {strength}, and these weights were trained with {known}; give such a one, or "
                "train others"
            )

    def paint(self, holes: Holes, manner: Manner) -> NDArray[np.float32]:
        """Return (N, 3, S, S) pictures with the holes painted; around them they are `holes.picture`.

        It is computed on one thread: sums depend on the number of threads in their last bits.

        Args:
            holes: windows of one size, a multiple of the network's stride.
            manner: how.
        """
        count = len(holes.picture)
        hole = torch.from_numpy(holes.hole).unsqueeze(1)
        strength = torch.full((count,), manner.strength)
        picture, proposal = torch.from_numpy(holes.picture), torch.from_numpy(holes.proposal)
        known = Conditions(
            hole.float(),
            torch.from_numpy(holes.labels),
            torch.full((count,), holes.gsd_m),
            strength,
            torch.where(hole, proposal if manner.strength < 1.0 else torch.zeros_like(proposal), picture),
        )
        start = noised(proposal, torch.from_numpy(holes.noise), strength)
        start = torch.where(hole, start, picture)

        def with_known(conditions: Conditions) -> Any:
            def moving(x: Tensor, time: Tensor) -> Tensor:
                # What is known stands still.
                return self.network(x, time, conditions).float() * known.hole

            return moving

        guided = Guided(with_known(known), with_known(known.without_labels()), manner.guidance)
        self.network.eval()
        with (
            one_thread(),
            torch.inference_mode(),
            torch.autocast("cpu", torch.bfloat16, enabled=manner.precision == "bf16"),
        ):
            painted = SOLVERS[manner.solver](guided, start, times(manner.steps))
            found: NDArray[np.float32] = torch.where(hole, painted.float(), picture).numpy()
        # From nothing at all there is nothing to be kept.
        return _as_taken(found, holes, manner) if manner.strength < 1.0 else found

    def save(self, folder: str | Path) -> None:
        """Write `weights.safetensors` and, last, `inpainting.json`; what is there is replaced.

        Args:
            folder: made if it is missing.
        """
        card = {
            "network": {"name": "unet", **self.network.config.to_json()},
            "pixels": PIXELS,
            "training": self.training,
        }
        save_weights(self.network, folder, DESCRIPTION, card)

    @classmethod
    def load(cls, path: str | Path) -> Painter:
        """Return a painter that `save` has written.

        Args:
            path: the folder, one of its two files, or the name of weights that come along.

        Raises:
            PackageError: there is none, it is of another kind, or its weights do not fit.
        """
        card = read_card(path, DESCRIPTION, {"pixels": PIXELS}, _MISSING)
        painter = cls.untrained(network_size(card, path), 0)
        painter.training = dict(card.get("training", {}))
        read_weights(painter.network, path, DESCRIPTION, _MISSING)
        painter.network.eval()
        return painter


def _as_taken(painted: NDArray[np.float32], holes: Holes, manner: Manner) -> NDArray[np.float32]:
    """Return (N, 3, S, S) windows of which as much is taken as the manner says."""
    if manner.detail == 0.0 and math.isinf(manner.most_shift):
        return painted
    return np.stack(
        [
            within_bounds(*each, detail=manner.detail, most_shift=manner.most_shift / SPREAD)
            for each in zip(painted, holes.proposal, holes.hole, strict=True)
        ]
    )


def network_size(card: Mapping[str, Any], path: str | Path) -> UNetConfig:
    """Return the size that a card tells.

    Raises:
        PackageError: it tells none, or that of another kind of network.
    """
    try:
        size = dict(card["network"])
        name = size.pop("name")
        if name == "unet":
            return UNetConfig(**size)
    except (LookupError, TypeError, ValueError, RecipeError) as error:
        raise PackageError(f"{path}: the card tells no network ({error})") from None
    raise PackageError(f"{path}: the network is {name}, this Diachron reads unet")


@cache
def load_painter(path: str) -> tuple[Painter, str]:
    """Return a painter and the SHA-256 of its weights; read once a process, which paints thousands of dates.

    Raises:
        PackageError: as `Painter.load`.
    """
    painter = Painter.load(path)
    return painter, hashlib.sha256((folder_of(path, DESCRIPTION) / WEIGHTS).read_bytes()).hexdigest()
