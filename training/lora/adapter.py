"""What is learned beside a U-Net, and the folder in which it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from diachron.core.errors import PackageError
from diachron.core.streams import noise_seed, stream
from diachron.generators.models.weights_folder import write_card
from diachron.training.runs.beside import Frozen

DESCRIPTION = "lora.json"
WEIGHTS = "pytorch_lora_weights.safetensors"
FORMAT = 1
# All projections of the attention, as in the public examples of diffusers.
BESIDE = ("to_q", "to_k", "to_v", "to_out.0")
_PREFIX = "unet."


class Adapted(nn.Module):
    """A U-Net as what is learned beside it: its own weights are neither counted nor kept nor averaged.

    Args:
        unet: of diffusers; is changed.
        rank: of the matrices.
        seed: of their first weights; the second of each two begins with zeros, so nothing changes at first.
    """

    def __init__(self, unet: Any, rank: int, seed: int) -> None:
        from peft import LoraConfig  # type: ignore[import-not-found,unused-ignore]

        super().__init__()
        # As much as it is deep: the scale of what is added is 1, which is what a file without one means.
        how = LoraConfig(r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=list(BESIDE))
        # Layers draw their first weights from the global generator, which is handed back as it was.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.manual_seed(noise_seed(stream(seed, 0, "lora/weights")))
            unet.add_adapter(how)
        self._whole = Frozen(unet)
        # The same parameters as in the U-Net: what changes here changes there.
        self.beside = nn.ParameterList(
            values.requires_grad_(True) for name, values in unet.named_parameters() if "lora_" in name
        )

    def forward(self, latents: Tensor, step: Tensor, told: Tensor) -> Tensor:
        """Return (N, channels, h, w) noise or velocity.

        Args:
            latents: (N, 2 channels + 1, h, w) noisy ones, the mask, those of the masked picture.
            step: (N,) of the scheduler.
            told: (N, T, width) words, encoded.
        """
        whole = self._whole.on(latents.device)
        answer: Tensor = whole(latents, step, encoder_hidden_states=told).sample
        return answer

    def layers(self) -> dict[str, Tensor]:
        """Return name -> weights, named as diffusers names them, on the CPU."""
        from diffusers.utils import convert_state_dict_to_diffusers
        from peft import get_peft_model_state_dict  # type: ignore[import-not-found,unused-ignore]

        found = convert_state_dict_to_diffusers(get_peft_model_state_dict(self._whole.network))
        return {name: values.detach().cpu().contiguous() for name, values in found.items()}


@dataclass
class TrainedLora:
    """A LoRA with the record of its training.

    Args:
        layers: name -> weights, named as in diffusers' U-Net.
        training: JSON-ready.
    """

    layers: dict[str, Tensor]
    training: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: str | Path) -> None:
        """Write what `load_lora_weights` of diffusers reads and, last, `lora.json`; what is there goes.

        Args:
            folder: made if it is missing.
        """
        from diffusers import StableDiffusionInpaintPipeline

        target = Path(folder)
        StableDiffusionInpaintPipeline.save_lora_weights(target, self.layers, weight_name=WEIGHTS)
        write_card(target, DESCRIPTION, {"format": FORMAT, "training": self.training})

    @classmethod
    def load(cls, folder: str | Path) -> TrainedLora:
        """Return a LoRA that `save` has written.

        Raises:
            PackageError: there is none, or it cannot be read.
        """
        path = Path(folder)
        try:
            described = json.loads((path / DESCRIPTION).read_text(encoding="utf-8"))
            if described["format"] != FORMAT:
                raise PackageError(f"{path}: format {described['format']}, this Diachron reads {FORMAT}")
            stored = load_file(path / WEIGHTS)
            return cls(
                {name.removeprefix(_PREFIX): values for name, values in stored.items()},
                dict(described["training"]),
            )
        except PackageError:
            raise
        except (OSError, LookupError, TypeError, ValueError, SafetensorError) as error:
            raise PackageError(
                f"{path}: no LoRA of `diachron train lora` can be read there ({error})"
            ) from None
