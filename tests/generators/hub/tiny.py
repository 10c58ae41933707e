"""Folders of published kinds with a few thousand random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from diachron.core.streams import stream
from diachron.generators.hub.rsdit_folder import SavedRSDiT, planes_of
from diachron.generators.models.rsdit import RSDiT, RSDiTConfig

LETTERS = [*"abcdefghijklmnopqrstuvwxyz,"]


def pipeline_folder(folder: Path, *, channels: int = 9, levels: int = 4, seed: int = 0) -> Path:
    """Write a Stable Diffusion folder and return it.

    Args:
        folder: to write to.
        channels: of the U-Net: 9 for an inpainting one, 4 for one that makes whole pictures.
        levels: of the autoencoder.
        seed: of the weights.
    """
    pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(8, 8),
        norm_num_groups=4,
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=2,
    )
    pipe = StableDiffusionInpaintPipeline(
        vae=learned(autoencoder(levels), seed),
        text_encoder=learned(_text_encoder(), seed),
        tokenizer=_tokenizer(folder),
        unet=learned(unet, seed),
        # As the published folders have it: without these two a first step is one too many.
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)
    return folder


def xl_folder(folder: Path) -> Path:
    """Write a Stable Diffusion XL folder and return it: two text encoders, sizes as conditions."""
    pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    from diffusers import DDIMScheduler, StableDiffusionXLInpaintPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        in_channels=9,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 8),
        norm_num_groups=4,
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=2,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        # Six numbers on sizes and cuts, and the text as a whole.
        projection_class_embeddings_input_dim=6 * 4 + 8,
    )
    tokenizer = _tokenizer(folder)
    pipe = StableDiffusionXLInpaintPipeline(
        vae=learned(autoencoder(2)),
        text_encoder=learned(_text_encoder()),
        text_encoder_2=learned(_text_encoder(whole=True)),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=learned(unet),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        add_watermarker=False,
    )
    pipe.save_pretrained(folder)
    return folder


def controlnet_folder(folder: Path, *, channels: int = 4, levels: int = 4, seed: int = 0) -> Path:
    """Write a ControlNet for `pipeline_folder` and return its folder; as there, but for the channels.

    Pipelines show it four, whatever the U-Net takes.
    """
    from diffusers import ControlNetModel

    control = ControlNetModel(
        in_channels=channels,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        block_out_channels=(8, 8),
        norm_num_groups=4,
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=2,
        conditioning_embedding_out_channels=(4,) * levels,
    )
    learned(control, seed).save_pretrained(folder)
    return folder


def rsdit_folder(folder: Path, *, aim: str = "noise", levels: int = 4, seed: int = 0) -> Path:
    """Write a small RSDiT that knows the hub's classes, with its autoencoder, and return its folder.

    Args:
        folder: to write to.
        aim: `noise` or `velocity`.
        levels: of the autoencoder.
        seed: of the weights.
    """
    config = RSDiTConfig(depth=2, width=16, heads=2, answers=8 if aim == "noise" else 4, label_planes=17)
    SavedRSDiT(learned(RSDiT(config), seed), planes_of("hub", 17), aim).save(folder)
    learned(autoencoder(levels), seed).save_pretrained(folder / "vae")
    return folder


def autoencoder(levels: int = 4) -> Any:
    """Return an autoencoder of cells of 8 pixels, as the published ones are, or of smaller cells."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=(4,) * levels,
        norm_num_groups=2,
        latent_channels=4,
        mid_block_add_attention=False,
    )


def learned(network: Any, seed: int = 0) -> Any:
    """Return a network with weights from a seed, none of which is zero."""
    rng = stream(seed, 0, "tests/hub")
    with torch.no_grad():
        for values in network.parameters():
            spread = max(int(values[0].numel()), 1) ** -0.5 if values.ndim > 1 else 0.1
            centre = 1.0 if values.ndim == 1 and bool((values == 1).all()) else 0.0
            values.copy_(torch.from_numpy(centre + spread * rng.standard_normal(values.shape)))
    return network.eval()


def _text_encoder(*, whole: bool = False) -> Any:
    """Return an encoder of words, or one that also gives the text as a whole."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    return (CLIPTextModelWithProjection if whole else CLIPTextModel)(
        CLIPTextConfig(
            projection_dim=8,
            vocab_size=64,
            hidden_size=8,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=160,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )


def _tokenizer(folder: Path) -> Any:
    """Return a tokenizer that spells: no two letters are ever joined."""
    from transformers import CLIPTokenizer

    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: number for number, word in enumerate(words)}))
    merges.write_text("#version: 0.2\n")
    made = CLIPTokenizer(str(vocabulary), str(merges), model_max_length=160)
    vocabulary.unlink()
    merges.unlink()
    return made
