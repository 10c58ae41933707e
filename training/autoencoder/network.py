"""An autoencoder as it is trained, and the folder in which it is kept."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diachron.core.errors import PackageError
from diachron.core.streams import noise_seed, stream
from diachron.generators.hub.autoencoder import load_autoencoder
from diachron.generators.models.weights_folder import write_card
from diachron.training.autoencoder.options import GROUPS, AutoencoderOptions

DESCRIPTION = "autoencoder.json"
FOLDER = "vae"
FORMAT = 1


class Coder(nn.Module):
    """Encoder and decoder in one pass, with noise from outside: no draw is hidden in it.

    Args:
        vae: of diffusers.
    """

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, pictures: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the pictures given back, (N, 3, H, W), and mean and log-variance of their latents.

        Args:
            pictures: (N, 3, H, W) from -1 to 1.
            noise: (N, channels, h, w) standard normal.
        """
        found = self.vae.encode(pictures).latent_dist
        drawn = found.mean + found.std * noise
        return self.vae.decode(drawn).sample, found.mean, found.logvar


@dataclass
class TrainedAutoencoder:
    """An autoencoder with the record of its training.

    Args:
        vae: of diffusers.
        training: JSON-ready.
    """

    vae: Any
    training: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def untrained(cls, options: AutoencoderOptions) -> TrainedAutoencoder:
        """Return one whose weights are drawn from the seed."""
        from diffusers import AutoencoderKL

        levels = len(options.widths)
        # Layers draw their first weights from the global generator, which is handed back as it was.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.manual_seed(
                noise_seed(stream(options.seed, 0, "autoencoder/weights"))
            )
            vae = AutoencoderKL(
                down_block_types=("DownEncoderBlock2D",) * levels,
                up_block_types=("UpDecoderBlock2D",) * levels,
                block_out_channels=options.widths,
                layers_per_block=options.blocks,
                latent_channels=options.latent_channels,
                norm_num_groups=math.gcd(GROUPS, *options.widths),
                sample_size=options.crop_px,
                scaling_factor=1.0,
            )
        return cls(vae)

    def save(self, folder: str | Path) -> None:
        """Write `vae/`, a folder of diffusers, and, last, `autoencoder.json`; what is there is replaced.

        Args:
            folder: made if it is missing.
        """
        target = Path(folder)
        self.vae.save_pretrained(target / FOLDER, safe_serialization=True)
        write_card(target, DESCRIPTION, {"format": FORMAT, "training": self.training})

    @classmethod
    def load(cls, folder: str | Path) -> TrainedAutoencoder:
        """Return an autoencoder that `save` has written.

        Raises:
            PackageError: there is none, or it cannot be read.
        """
        path = Path(folder)
        try:
            described = json.loads((path / DESCRIPTION).read_text(encoding="utf-8"))
            if described["format"] != FORMAT:
                raise PackageError(f"{path}: format {described['format']}, this Diachron reads {FORMAT}")
            training = dict(described["training"])
        except PackageError:
            raise
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise PackageError(
                f"{path}: no {DESCRIPTION} can be read there ({error}); train one with "
                "`diachron train autoencoder`"
            ) from None
        return cls(load_autoencoder(path / FOLDER), training)
