"""The encoder of a published model as a detector's, by model id or folder, through `transformers`.

Models with levels are meant (ResNet, ConvNeXt, Swin and their kin, `AutoBackbone` of transformers):
features that halve in size from level to level.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from diachron.core.errors import RecipeError
from diachron.training.detectors.normalisation import MEAN, STD

# What these models were trained with: mean and spread of ImageNet's colours.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# Side of a picture on which the sizes of the levels are read off.
_PROBE_PX = 64


class HubEncoder(nn.Module):
    """Features of all levels of a published model.

    Args:
        model: id on the hub, or a folder in its layout.
        bands: of a date; these models see three.
        pretrained: False takes the model's shape only, for weights that are loaded afterwards.

    Raises:
        RecipeError: `transformers` is not installed, the model cannot be had, or it does not fit.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: str, bands: int, *, pretrained: bool) -> None:
        super().__init__()
        if bands != 3:
            raise RecipeError(f"hub:{model} sees 3 bands, not {bands}; take siamese-unet-resnet18")
        self.backbone = _backbone(model, pretrained=pretrained)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)
        with torch.no_grad():
            probe = self.forward(torch.zeros(1, 3, _PROBE_PX, _PROBE_PX))
        self.widths = tuple(int(level.shape[1]) for level in probe)
        self.strides = tuple(_PROBE_PX // int(level.shape[2]) for level in probe)
        expected = tuple(self.strides[0] * 2**level for level in range(len(self.strides)))
        if len(self.strides) < 2 or self.strides != expected:
            raise RecipeError(
                f"hub:{model}: its levels shrink by {self.strides}, a decoder needs levels that halve; take "
                "a model such as ResNet, ConvNeXt or Swin"
            )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of (N, 3, H, W) pictures, finest first."""
        pixels = (image * STD + MEAN - self.mean) / self.std
        return list(self.backbone(pixels).feature_maps)


def _backbone(model: str, *, pretrained: bool) -> Any:
    try:
        from transformers import AutoBackbone, AutoConfig  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise RecipeError(
            f"hub:{model} needs transformers, which is not installed: `pip install 'diachron[transformers]'`"
        ) from None
    try:
        config = AutoConfig.from_pretrained(model)
        levels = [name for name in config.stage_names if name.startswith("stage")]
        config.out_features = levels
        shaped = AutoBackbone.from_config(config)
        # AutoBackbone.from_pretrained of transformers 5 takes ids only; the model's own class folders, too.
        return type(shaped).from_pretrained(model, config=config) if pretrained else shaped
    except (OSError, ValueError, AttributeError) as error:
        raise RecipeError(f"hub:{model}: no encoder can be made of it ({error})") from None
