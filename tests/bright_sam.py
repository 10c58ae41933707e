"""A tiny SAM whose weights are set by hand: whatever point it is asked about, it answers with what is bright.

It goes through the real network of transformers: the way of a picture to it, and of a mask back, is tested
for every pixel.
"""

from __future__ import annotations

from pathlib import Path

import pytest

# Side of the pictures that it sees, of a patch, and the width of everything inside.
SIDE_PX, PATCH_PX, WIDTH = 128, 4, 16


def write_bright_sam(folder: Path) -> Path:
    """Write config.json and model.safetensors; skip the test where transformers is not installed."""
    transformers = pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    import torch

    shared = {"image_size": SIDE_PX, "patch_size": PATCH_PX, "hidden_size": WIDTH}
    network = transformers.SamModel(
        transformers.SamConfig(
            vision_config=shared
            | {"output_channels": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "mlp_dim": WIDTH}
            | {"window_size": 4, "global_attn_indexes": [0], "num_pos_feats": WIDTH // 2},
            prompt_encoder_config=shared | {"mask_input_channels": 4},
            mask_decoder_config={"hidden_size": WIDTH, "mlp_dim": WIDTH, "num_hidden_layers": 1}
            | {"num_attention_heads": 2, "iou_head_hidden_dim": WIDTH, "iou_head_depth": 2},
        )
    )
    with torch.no_grad():
        # Without attention and perceptrons, what enters a layer leaves it.
        for name, values in network.named_parameters():
            if any(
                part in name for part in ("attn.proj", "out_proj", ".mlp.", "no_mask", "proj_out", "conv")
            ):
                values.zero_()
        patches = network.vision_encoder.patch_embed.projection
        patches.weight.zero_()
        patches.bias.zero_()
        # Brightness over grey, and its negative: the norms over channels leave its sign.
        patches.weight[0], patches.weight[1] = 1.0, -1.0
        neck, decoder = network.vision_encoder.neck, network.mask_decoder
        for channel in (0, 1):
            neck.conv1.weight[channel, channel] = 1.0
            neck.conv2.weight[channel, channel, 1, 1] = 1.0
            decoder.upscale_conv1.weight[channel, channel] = 1.0
        decoder.upscale_conv2.weight[0, 0], decoder.upscale_conv2.weight[1, 0] = 1.0, -1.0
        for head in decoder.output_hypernetworks_mlps:
            head.proj_out.bias[0] = 100.0
        decoder.iou_prediction_head.proj_out.bias.fill_(1.0)
    network.save_pretrained(folder)
    return folder
