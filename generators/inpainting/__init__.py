"""A network repaints what copy_paste proposes, so that light, colour and texture go on into the hole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from diachron.core.distributions import check_quantity, draw_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import noise_seed
from diachron.generators import copy_paste
from diachron.generators.weights import INPAINTING

REGISTERED = True
NEEDS_DONORS = True

SOLVER_NAMES = ("adaptive", "euler", "heun")
PRECISIONS = ("fp32", "bf16")


@dataclass(frozen=True)
class NetworkParameters:
    """A network and how it is asked: what all renderers that paint through one of ours have in common.

    Args:
        weights: name of weights that come with Diachron, or folder that `diachron train inpainting` has
            written, relative to where the command runs. What decides the samples is the hash of the weights,
            not where they lie.
        strength: share of noise that the proposal is buried in, 0.05 to 1, drawn once a sample; with 1
            nothing is left of it, which wants a large network. Weights know the range of their training, and
            1 where that left proposals out.
        steps: of the solver, 1 to 100.
        solver: `euler` looks once a step, `heun` twice; `adaptive` is Heun's with steps as long as the error
            allows, the first and the last as long as given.
        guidance: above 1 heeds the labels more, at twice the cost; 1 is off.
        precision: `fp32`, or `bf16`, which is faster on processors that have it and whose bytes differ from
            one kind of processor to another.
    """

    weights: str = INPAINTING
    strength: Any = (0.1, 0.3)
    steps: int = 4
    solver: str = "euler"
    guidance: float = 1.0
    precision: str = "fp32"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.strength, key="strength", low=0.05, high=1)
        check_quantity(self.guidance, key="guidance", low=0)
        if not 1 <= self.steps <= 100:
            raise RecipeError(f"steps: {self.steps}, expected 1 to 100")
        for key, known in (("solver", SOLVER_NAMES), ("precision", PRECISIONS)):
            given = getattr(self, key)
            if given not in known:
                raise RecipeError(f"{key}: '{given}'; {nearest_names(given, known)}")


@dataclass(frozen=True)
class Parameters(NetworkParameters):
    """Whose hand, and how far it may leave the proposal.

    Args:
        weights, strength, steps, solver, guidance, precision: as of `NetworkParameters`. Six steps leave as
            much of the error in holes of places that `inpainting-3` has not seen as four do
            (`benchmarks/held_out_holes.py --steps`).
        detail: share of the proposal's own grain and fine lines that is kept away from borders, 0 to 1.
        most_shift: that the local mean may leave that of the proposal by, a share of full scale, 0 to 1:
            small networks take a dark roof on pale ground for a fault of light.

    With strength 1 nothing is proposed, and neither of the last two is looked at.
    """

    detail: float = 1.0
    most_shift: float = 0.04

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("detail", "most_shift"):
            if not 0.0 <= getattr(self, key) <= 1.0:
                raise RecipeError(f"{key}: {getattr(self, key)} is not between 0 and 1")


def weights_hash(parameters: Parameters) -> str:
    """Return the SHA-256 of the network's weights.

    Raises:
        PackageError: there are none, or they cannot be read; the text says how to get some.
        RecipeError: they were not trained with such a strength.
    """
    from diachron.generators.inpainting.painter import load_painter

    painter, digest = load_painter(parameters.weights)
    painter.check_strength(parameters.strength)
    return digest


def draw(
    rng: np.random.Generator, request: RenderRequest, parameters: Parameters | None = None
) -> dict[str, object]:
    """Return the random part of a painting: that of the proposal, the noise by its seed, and the strength.

    The same record for all dates of a series gives an object the same look at each of them.

    Args:
        rng: everything is drawn from it.
        request: as for `copy_paste`.
        parameters: of the recipe; None for the defaults.

    Raises:
        PackageError: as `weights_hash`.
        RecipeError: the weights were not trained with such a strength.
    """
    how = parameters or Parameters()
    return {
        **copy_paste.draw(rng, request),
        "noise_seed": noise_seed(rng),
        "strength": min(1.0, max(0.05, draw_quantity(rng, how.strength))),
        "steps": how.steps,
        "solver": how.solver,
        "guidance": how.guidance,
        "precision": how.precision,
        "detail": how.detail,
        "most_shift": how.most_shift,
        "weights": how.weights,
        "sha256": weights_hash(how),
    }


def paint(request: RenderRequest, params: Mapping[str, object]) -> Painted:
    """Return the scene's picture in the target state.

    `copy_paste` makes a proposal, and the network repaints all that it has touched, and nothing else: `edit`
    and `effects` are those of the proposal, outside `edit` every band keeps its bytes. Red, green and blue
    are repainted, or the first three bands where none has that name; further bands stay as proposed.

    Args:
        request: scene, target state, log and donors.
        params: from `draw`.

    Raises:
        RenderError: as `copy_paste.paint`.
        PackageError: the weights are gone, or are not those of the record.
    """
    proposal = copy_paste.paint(request, params)
    if not proposal.edit.any():
        return proposal
    from diachron.generators.inpainting.layers import repaint
    from diachron.generators.inpainting.painter import Manner, load_painter
    from diachron.generators.models.weights_folder import check_recorded

    given: Any = params
    painter, digest = load_painter(given["weights"])
    check_recorded(given["weights"], digest, given["sha256"])
    keys = ("strength", "steps", "solver", "guidance", "precision", "detail", "most_shift")
    manner = Manner(*(given[key] for key in keys))
    image = repaint(request, proposal, painter, manner, seed=given["noise_seed"])
    return Painted(image, proposal.edit, proposal.effects)
