"""A diffusion transformer, Changen2's or one of ours, repaints what copy_paste proposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from diachron.core.distributions import check_quantity, draw_quantity
from diachron.core.errors import RecipeError
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import noise_seed
from diachron.generators import copy_paste
from diachron.generators.hub.machine import check_switches, machine_of

REGISTERED = True
NEEDS_DONORS = True


@dataclass(frozen=True)
class Parameters:
    """Which network, and how far it may leave the proposal.

    Args:
        weights: folder that `diachron convert rsdit` has written, relative to where the command runs.
        vae: folder of its autoencoder (AutoencoderKL of diffusers), or an id of the hub whose model lies in
            the cache; None for the folder `vae` in that of the weights.
        strength: share of noise that the proposal is buried in, 0.05 to 1, drawn once a sample; with 1
            nothing is left of it.
        steps: of the walk, 2 to 1000. Of a network that answers noise `strength` of them are done.
        guidance: above 1 heeds the labels more, at twice the cost; 1 is off. Published weights were not
            trained for it.
        window_px: side of a window, at least, 32 to 2048: what the network was trained at.
        device: `cpu`, `cuda`, or `auto`. Bytes differ from one to the other.
        precision: `fp32` or `bf16`, whose bytes differ from one kind of processor to another.
        attention: `sdpa`, or `xformers` where it is installed and there is a GPU.
    """

    weights: str = "rsdit"
    vae: str | None = None
    strength: Any = (0.5, 0.9)
    steps: int = 100
    guidance: float = 1.0
    window_px: int = 256
    device: str = "cpu"
    precision: str = "fp32"
    attention: str = "sdpa"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.strength, key="strength", low=0.05, high=1)
        check_quantity(self.guidance, key="guidance", low=0)
        if not 2 <= self.steps <= 1000:
            raise RecipeError(f"steps: {self.steps}, expected 2 to 1000")
        if not 32 <= self.window_px <= 2048:
            raise RecipeError(f"window_px: {self.window_px}, expected 32 to 2048")
        check_switches(self.device, self.precision, self.attention)


def weights_hash(parameters: Parameters) -> str:
    """Return the SHA-256 of the files of the network and of its autoencoder.

    Raises:
        PackageError: there are none; the text says how to get some.
        RecipeError: xformers is asked for and missing, or a GPU.
    """
    from diachron.generators.hub.rsdit_painter import rsdit_hash

    machine_of(parameters.device, parameters.precision, parameters.attention)
    return rsdit_hash(parameters.weights, parameters.vae)


def device(parameters: Parameters) -> str:
    """Return where it is computed here, `cpu` or `cuda`.

    Raises:
        RecipeError: there is no GPU, or xformers is missing, and it is asked for.
    """
    return machine_of(parameters.device, parameters.precision, parameters.attention).device


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
        PackageError, RecipeError: as `weights_hash`.
    """
    how = parameters or Parameters()
    return {
        **vars(how),
        **copy_paste.draw(rng, request),
        "noise_seed": noise_seed(rng),
        "strength": min(1.0, max(0.05, draw_quantity(rng, how.strength))),
        "device": device(how),
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
        PackageError: the weights are gone, cannot be read, or are not those of the record.
        RecipeError: as `weights_hash`.
    """
    proposal = copy_paste.paint(request, params)
    if not proposal.edit.any():
        return proposal
    from diachron.generators.hub.layers import repaint
    from diachron.generators.hub.rsdit_painter import RSDiTBrush, load_rsdit
    from diachron.generators.models.weights_folder import check_recorded

    given: Any = params
    machine = machine_of(given["device"], given["precision"], given["attention"])
    saved, vae, digest = load_rsdit(given["weights"], given["vae"], machine)
    check_recorded(given["weights"], digest, given["sha256"])
    brush = RSDiTBrush(saved, vae, machine, given["strength"], given["steps"], given["guidance"])
    image = repaint(request, proposal, brush, seed=given["noise_seed"], window_px=given["window_px"])
    return Painted(image, proposal.edit, proposal.effects)
