"""The parts of the pipeline that a LoRA is built upon."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diachron.core.errors import PackageError
from diachron.generators.hub.autoencoder import cell_side
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.pipeline import Model, needs, read_pipeline
from diachron.training.runs.beside import Frozen


@dataclass(frozen=True)
class Base:
    """A pipeline of Stable Diffusion that fills holes, taken apart.

    Args:
        unet: takes noisy latents, mask and latents of the masked picture.
        vae, text_encoder: frozen.
        tokenizer: of the text encoder.
        scheduler: adds noise as in the training of the U-Net.
        digest: hash of all its files.
    """

    unet: Any
    vae: Frozen
    text_encoder: Frozen
    tokenizer: Any
    scheduler: Any
    digest: str

    @property
    def channels(self) -> int:
        """Numbers a cell of the autoencoder."""
        return int(self.vae.network.config.latent_channels)

    @property
    def cell_px(self) -> int:
        """Pixels a side of a cell."""
        return cell_side(self.vae.network)

    @property
    def multiple_px(self) -> int:
        """Of how many pixels a side of a crop is a multiple."""
        return self.cell_px * int(2 ** (len(self.unet.config.block_out_channels) - 1))

    def tokens(self, prompts: Sequence[str]) -> Tensor:
        """Return (N, T) the numbers of the words of some prompts."""
        found: Tensor = self.tokenizer(
            list(prompts),
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return found


def load_base(weights: str) -> Base:
    """Return the parts of a folder or hub id.

    Raises:
        PackageError: it cannot be read, or is no Stable Diffusion for inpainting.
        RecipeError: transformers or peft is not installed.
    """
    needs("peft", "`pip install 'diachron[peft]'`")
    pipe, digest = read_pipeline(Model(weights), Machine())
    latent, taken = pipe.vae.config.latent_channels, pipe.unet.config.in_channels
    if type(pipe).__name__ != "StableDiffusionInpaintPipeline" or taken != 2 * latent + 1:
        raise PackageError(
            f"{weights}: a {type(pipe).__name__} whose U-Net takes {taken} channels; a LoRA is trained on "
            f"Stable Diffusion for inpainting (not XL, no ControlNet), whose U-Net takes {2 * latent + 1}"
        )
    from diffusers import DDPMScheduler

    # What schedulers have in common; it would remark on the rest.
    own = inspect.signature(DDPMScheduler.__init__).parameters
    shared = {key: value for key, value in pipe.scheduler.config.items() if key in own}
    return Base(
        unet=pipe.unet,
        vae=Frozen(pipe.vae),
        text_encoder=Frozen(pipe.text_encoder),
        tokenizer=pipe.tokenizer,
        scheduler=DDPMScheduler(**shared),
        digest=digest,
    )
