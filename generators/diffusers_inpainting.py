"""A published inpainting network of the Stable Diffusion family repaints what copy_paste proposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from diachron.core.distributions import check_quantity, draw_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import noise_seed
from diachron.generators import copy_paste
from diachron.generators.hub.machine import check_switches, machine_of
from diachron.generators.hub.prompts import PROFILES

if TYPE_CHECKING:
    from diachron.generators.hub.pipeline import Model

REGISTERED = True
NEEDS_DONORS = True


@dataclass(frozen=True)
class Parameters:
    """Which network, what it is told, and how far it may leave the proposal.

    Args:
        weights: folder of a diffusers pipeline, relative to where the command runs, or an id of the hub whose
            model lies in the cache: `ORG/MODEL`, `ORG/MODEL@REVISION` or `ORG/MODEL/FOLDER`.
        controlnet: the same of a ControlNet, which is shown the label map; None for none.
        lora: folder or file of a LoRA; None for none.
        lora_scale: how much of it is added.
        profile: how prompts and label maps are made: `plain`, or `hyscdg` for the weights of that name.
        text: put into every prompt, such as a place or a season.
        negative: what is not to be seen.
        strength: share of noise that the proposal is buried in, 0.05 to 1, drawn once a sample; with 1
            nothing is left of it. At least one step is done.
        steps: of the scheduler, 1 to 200, of which `strength` are done.
        guidance: above 1 heeds the prompt more, at twice the cost; 1 is off.
        control_scale: how much the ControlNet is heeded, 0 to 2.
        window_px: side of a window, at least, 32 to 2048. These networks know pictures of 512 pixels and
            paint badly below 256; cost grows with the square.
        device: `cpu`, `cuda`, or `auto`. Bytes differ from one to the other.
        precision: `fp32` or `bf16`, whose bytes differ from one kind of processor to another.
        attention: `sdpa`, or `xformers` where it is installed and there is a GPU.
    """

    weights: str = "diffusers-inpainting"
    controlnet: str | None = None
    lora: str | None = None
    lora_scale: float = 1.0
    profile: str = "plain"
    text: str = ""
    negative: str = ""
    strength: Any = (0.5, 0.9)
    steps: int = 20
    guidance: float = 7.5
    control_scale: float = 1.0
    window_px: int = 256
    device: str = "cpu"
    precision: str = "fp32"
    attention: str = "sdpa"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.strength, key="strength", low=0.05, high=1)
        check_quantity(self.guidance, key="guidance", low=1)
        check_quantity(self.control_scale, key="control_scale", low=0, high=2)
        check_quantity(self.lora_scale, key="lora_scale", low=-4, high=4)
        if not 1 <= self.steps <= 200:
            raise RecipeError(f"steps: {self.steps}, expected 1 to 200")
        if not 32 <= self.window_px <= 2048:
            raise RecipeError(f"window_px: {self.window_px}, expected 32 to 2048")
        if self.profile not in PROFILES:
            raise RecipeError(f"profile: '{self.profile}'; {nearest_names(self.profile, PROFILES)}")
        check_switches(self.device, self.precision, self.attention)


def weights_hash(parameters: Parameters) -> str:
    """Return the SHA-256 of all files that are read: pipeline, ControlNet, LoRA, scheduler, tokenizer.

    Raises:
        PackageError: there are none, or they are pickles; the text says how to get some.
        RecipeError: transformers, peft or xformers is needed and missing, or a GPU.
    """
    machine_of(parameters.device, parameters.precision, parameters.attention)
    return _model(vars(parameters)).fingerprint()


def device(parameters: Parameters) -> str:
    """Return where it is computed here, `cpu` or `cuda`.

    Raises:
        RecipeError: there is no GPU, or xformers is missing, and it is asked for.
    """
    return machine_of(parameters.device, parameters.precision, parameters.attention).device


def draw(
    rng: np.random.Generator, request: RenderRequest, parameters: Parameters | None = None
) -> dict[str, object]:
    """Return the random part of a painting: that of the proposal, noise by its seed, strength, prompt.

    The same record for all dates of a series gives an object the same look at each of them.

    Args:
        rng: everything is drawn from it.
        request: as for `copy_paste`.
        parameters: of the recipe; None for the defaults.

    Raises:
        PackageError, RecipeError: as `weights_hash`.
    """
    how = parameters or Parameters()
    proposal = copy_paste.draw(rng, request)
    seed = noise_seed(rng)
    # A hair above one step: diffusers rounds strength times steps down, and refuses 0.
    least = max(0.05, (1.0 + 1e-6) / how.steps)
    strength = min(1.0, max(least, draw_quantity(rng, how.strength)))
    opening = int(rng.integers(len(PROFILES[how.profile].openings)))
    return {
        **vars(how),
        **proposal,
        "noise_seed": seed,
        "strength": strength,
        "opening": opening,
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
    from diachron.generators.hub.pipeline import Manner, PipelineBrush, load_pipeline
    from diachron.generators.models.weights_folder import check_recorded

    given: Any = params
    machine = machine_of(given["device"], given["precision"], given["attention"])
    pipe, digest = load_pipeline(_model(given), machine)
    check_recorded(given["weights"], digest, given["sha256"])
    manner = Manner(**{key: given[key] for key in Manner.__dataclass_fields__})
    brush = PipelineBrush(pipe, machine, manner)
    image = repaint(request, proposal, brush, seed=given["noise_seed"], window_px=given["window_px"])
    return Painted(image, proposal.edit, proposal.effects)


def _model(given: Mapping[str, Any]) -> Model:
    from diachron.generators.hub.pipeline import Model

    return Model(**{key: given[key] for key in Model.__dataclass_fields__})
