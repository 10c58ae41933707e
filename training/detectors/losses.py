"""What training makes small; pixels marked 255 take no part."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from diachron.training.detectors.config import IGNORED
from diachron.training.detectors.crops import Batch
from diachron.training.detectors.heads import Answer


def detector_loss(answer: Answer, batch: Batch) -> Tensor:
    """Return the loss of a batch: change, and with the semantic head the classes of both dates."""
    loss = change_loss(answer["change"].squeeze(1), batch.change, batch.weight)
    for date, labels in ((1, batch.labels_t1), (2, batch.labels_t2)):
        if f"classes_t{date}" in answer and labels is not None:
            loss = loss + class_loss(answer[f"classes_t{date}"], labels) / 2
    return loss


def change_loss(logits: Tensor, change: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return binary cross entropy plus Dice loss over the known pixels of a batch.

    Cross entropy is the mean over pixels; Dice is taken over the whole batch, so that crops without change do
    not count as misses.

    Source: Milletari, Navab, Ahmadi 2016 (V-Net), eq. of the Dice loss with squared terms replaced by plain
    ones.

    Args:
        logits: (N, H, W).
        change: (N, H, W) uint8: 0 same, 1 changed, 255 unknown.
        weight: (N,) how much each crop counts, None for all the same.
    """
    known = (change != IGNORED).float()
    if weight is not None:
        known = known * weight[:, None, None]
    target = (change == 1).float()
    logits = logits.float()
    pixels = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    cross_entropy = (pixels * known).sum() / known.sum().clamp(min=1.0)
    probability = torch.sigmoid(logits) * known
    target = target * known
    overlap = (torch.sigmoid(logits) * target).sum()
    # One pixel on both sides: a batch without change has a Dice loss near zero where nothing is found.
    dice = 1.0 - (2.0 * overlap + 1.0) / (probability.sum() + target.sum() + 1.0)
    return cross_entropy + dice


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross entropy over known pixels, 0 where there is none.

    Args:
        logits: (N, K, H, W).
        labels: (N, H, W) uint8 below K, 255 unknown.
    """
    summed = functional.cross_entropy(logits.float(), labels.long(), ignore_index=IGNORED, reduction="sum")
    return summed / (labels != IGNORED).sum().clamp(min=1)
