"""The loss of labels that leave a choice."""

from __future__ import annotations

import torch
from torch import Tensor

from diachron.training.segmenters.classes import ANY


def marginal_loss(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return the mean of -log of the summed probability of the allowed classes.

    With one allowed class it is cross entropy; a pixel that may be anything has no part in it. The mean runs
    over the pixels that exclude some class; without such a pixel the loss is 0.

    Source: Jin and Ghahramani 2002, "Learning with multiple labels"; for label maps that draw a part of the
    classes each, Shi, Xiao, Chen, Zhou 2021, "Marginal loss and exclusion loss for partially supervised
    multi-organ segmentation".

    Args:
        logits: (N, 6, H, W).
        allowed: (N, H, W) uint8 sets of classes, none empty.
    """
    logits = logits.float()
    bits = torch.arange(logits.shape[1], device=logits.device).view(1, -1, 1, 1)
    member = (allowed.long().unsqueeze(1) >> bits) & 1 == 1
    chosen = logits.masked_fill(~member, -torch.inf)
    pixels = torch.logsumexp(logits, 1) - torch.logsumexp(chosen, 1)
    known = allowed != ANY
    return (pixels * known).sum() / known.sum().clamp(min=1)
