"""Autoencoders of diffusers (AutoencoderKL): pictures to latents and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from diachron.core.errors import PackageError


def load_autoencoder(folder: Path) -> Any:
    """Return the `AutoencoderKL` of a folder, ready to be asked, on the CPU.

    Raises:
        PackageError: there is none that can be read without unpickling.
    """
    from diffusers import AutoencoderKL

    try:
        vae: Any = AutoencoderKL.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise PackageError(f"{folder}: no autoencoder of diffusers can be read there ({error})") from None
    return vae.eval()


def cell_side(vae: Any) -> int:
    """Return how many pixels a side of a cell spans: each level but the last halves."""
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def encoded(vae: Any, pictures: Tensor) -> Tensor:
    """Return (N, channels, h, w) latents, scaled as networks see them, of about unit spread.

    Args:
        vae: the autoencoder.
        pictures: (N, 3, H, W) from -1 to 1, on its device.
    """
    # The middle of the distribution: drawn from it, the picture around a hole would be noisy.
    middle: Tensor = vae.encode(pictures).latent_dist.mode()
    return (middle - (vae.config.shift_factor or 0.0)) * vae.config.scaling_factor


def decoded(vae: Any, latents: Tensor) -> Tensor:
    """Return (N, 3, H, W) pictures, about -1 to 1, of latents as `encoded` returns them."""
    pixels: Tensor = vae.decode(latents / vae.config.scaling_factor + (vae.config.shift_factor or 0.0)).sample
    return pixels
