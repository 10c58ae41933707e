"""Masks of anything in a picture: a published SAM, by model id or folder, through `transformers`.

A grid of points is put to the network one by one, and it answers each with three masks and how good it thinks
they are (Kirillov et al., "Segment Anything", ICCV 2023, section 5 and appendix B). Sizing of the picture and
the choice among masks are done here: the pipeline of transformers for it demands torchvision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from diachron.core.errors import RecipeError
from diachron.core.scene import Footprint
from diachron.generators.models.threads import one_thread
from diachron.simulators.mask_things import Proposal
from diachron.training.detectors.hub_encoder import IMAGENET_MEAN, IMAGENET_STD

# As wide as a usual house, and in 512 pixels of 0.5 m the 32 x 32 points of the paper; smaller ones are hit
# by chance.
SPACING_M = 8.0
FEWEST_POINTS, MOST_POINTS = 4, 64
POINTS_AT_ONCE = 64
# Thresholds and offset of the paper's mask generator: what the network thinks of a mask, and the overlap of
# the mask with itself where the logits are cut a little higher and a little lower.
LEAST_IOU = 0.88
LEAST_STABILITY = 0.95
STABILITY_OFFSET = 1.0


@dataclass
class MaskProposer:
    """A network that proposes masks.

    Args:
        network: a `SamModel`.
        model: id or folder that it came from.
        least_iou, least_stability: masks below are not proposed.
    """

    network: Any
    model: str
    least_iou: float = LEAST_IOU
    least_stability: float = LEAST_STABILITY

    @classmethod
    def load(cls, model: str) -> MaskProposer:
        """Return the network of a model id or folder; weights are safetensors, nothing is unpickled.

        What was downloaded before is taken from the cache; with HF_HUB_OFFLINE=1 nothing else is. It computes
        on a GPU where there is one.

        Raises:
            RecipeError: `transformers` is not installed, the model cannot be had, or is of another kind.
        """
        try:
            from transformers import AutoConfig, SamModel  # type: ignore[import-not-found,unused-ignore]
            from transformers.utils import logging  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise RecipeError(
                f"--objects {model} needs transformers, which is not installed: "
                "`pip install 'diachron[transformers]'`; then give a model id or the folder of one"
            ) from None
        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            kind = AutoConfig.from_pretrained(model, trust_remote_code=False).model_type
            network = SamModel.from_pretrained(model, use_safetensors=True) if kind == "sam" else None
        except (OSError, ValueError) as error:
            why = " ".join(str(error).split())
            raise RecipeError(
                f"--objects {model}: cannot be had ({why}); give the folder of a SAM "
                "with config.json and model.safetensors, or a model id such as facebook/sam-vit-base, which "
                "`hf download` fetches where there is a network"
            ) from None
        finally:
            if shown:
                logging.enable_progress_bar()
        if network is None:
            raise RecipeError(
                f"--objects {model}: a model of type '{kind}'; take one of type 'sam', such as "
                "facebook/sam-vit-base"
            )
        return cls(network.float().eval().to("cuda" if torch.cuda.is_available() else "cpu"), model)

    @property
    def device(self) -> str:
        """`cpu` or `cuda`."""
        return str(next(self.network.parameters()).device.type)

    def fingerprint(self) -> str:
        """Return the SHA-256 of all weights and of what shapes the network, in hexadecimal."""
        digest = hashlib.sha256()
        config = self.network.config.to_dict()
        shape = {key: config[key] for key in config if key.endswith("_config")}
        digest.update(json.dumps(shape, sort_keys=True, default=str).encode())
        for name, values in sorted(self.network.state_dict().items()):
            digest.update(name.encode())
            digest.update(values.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def propose(self, rgb: NDArray[np.float32], gsd_m: float) -> list[Proposal]:
        """Return the masks that the network proposes for a picture, the same for any number of threads.

        Args:
            rgb: (3, H, W) float32, 0-1 as a screen would show it.
            gsd_m: ground sampling distance; it decides how many points are asked for.
        """
        found: list[Proposal] = []
        with one_thread(), torch.inference_mode():
            pixels, scale = self._sized(torch.from_numpy(rgb).to(self.device))
            embedding = self.network.get_image_embeddings(pixels)
            shape = (int(rgb.shape[-2]), int(rgb.shape[-1]))
            points = torch.from_numpy(point_grid(shape, gsd_m)).to(self.device) * scale
            for some in points.split(POINTS_AT_ONCE):
                answer = self.network(image_embeddings=embedding, input_points=some[None, :, None, :])
                found += self._kept(answer.pred_masks[0].flatten(0, 1), answer.iou_scores[0].flatten(), shape)
        return found

    def _sized(self, rgb: Tensor) -> tuple[Tensor, float]:
        """Return (1, 3, S, S) as the network wants it, padded at the right and below, and the scale to it."""
        side = int(self.network.config.vision_config.image_size)
        rows, cols = rgb.shape[-2:]
        scale = side / max(rows, cols)
        height, width = _scaled((rows, cols), scale)
        sized = functional.interpolate(rgb[None], (height, width), mode="bilinear", antialias=True)
        mean, std = (
            torch.tensor(values, device=rgb.device).view(1, 3, 1, 1)
            for values in (IMAGENET_MEAN, IMAGENET_STD)
        )
        return functional.pad((sized.clamp(0, 1) - mean) / std, (0, side - width, 0, side - height)), scale

    def _kept(self, logits: Tensor, scores: Tensor, shape: tuple[int, int]) -> Iterator[Proposal]:
        """Yield the good ones of (N, h, w) logits of the padded picture, in pixels of the picture."""
        good = scores > self.least_iou
        side = int(self.network.config.vision_config.image_size)
        height, width = _scaled(shape, side / max(shape))
        for score, mask in zip(scores[good].tolist(), logits[good], strict=True):
            whole = functional.interpolate(mask[None, None], (side, side), mode="bilinear")
            own = (
                functional.interpolate(whole[..., :height, :width], shape, mode="bilinear")[0, 0]
                .cpu()
                .numpy()
            )
            surely = np.count_nonzero(own > STABILITY_OFFSET)
            at_most = np.count_nonzero(own > -STABILITY_OFFSET)
            if surely and surely > self.least_stability * at_most:
                yield Proposal(float(score), _footprint(own > 0))


def point_grid(shape: tuple[int, int], gsd_m: float) -> NDArray[np.float32]:
    """Return (N, 2) points x, y in pixels, evenly over a picture, about `SPACING_M` apart."""
    rows, cols = (
        int(np.clip(np.ceil(length * gsd_m / SPACING_M), FEWEST_POINTS, MOST_POINTS)) for length in shape
    )
    down = (np.arange(rows) + 0.5) * shape[0] / rows
    right = (np.arange(cols) + 0.5) * shape[1] / cols
    return np.stack(np.meshgrid(right, down), axis=-1).reshape(-1, 2).astype(np.float32)


def _scaled(shape: tuple[int, int], scale: float) -> tuple[int, int]:
    height, width = (int(length * scale + 0.5) for length in shape)
    return height, width


def _footprint(mask: NDArray[np.bool_]) -> Footprint:
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    row, col = int(rows[0]), int(cols[0])
    return Footprint(row, col, mask[row : rows[-1] + 1, col : cols[-1] + 1].copy())
