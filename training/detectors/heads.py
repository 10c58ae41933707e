"""What a detector answers: change alone, change with the classes of both dates, or change given the first
map."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.training.detectors.config import DetectorConfig

# What a network returns: "change" (N, 1, H, W) and, from the semantic head, "classes_t1" and "classes_t2"
# (N, K, H, W), all logits.
Answer = dict[str, Tensor]


class Head(nn.Module):
    """Logits at full size from features at `stride` times the pixel size.

    The features are widened by stride² and unfolded to full size (sub-pixel convolution, Shi et al. 2016): no
    convolution runs on full-size maps, which is where a small network would spend half its time.

    Args:
        config: of the detector.
        width: channels of the features of change, and of each date's.
        stride: pixels a feature covers.
    """

    def __init__(self, config: DetectorConfig, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.change = nn.Conv2d(width, stride**2, 1)
        self.classes = nn.Conv2d(width, config.classes * stride**2, 1) if config.head == "semantic" else None

    def forward(self, change: Tensor, date1: Tensor | None, date2: Tensor | None) -> Answer:
        """Return the logits; the features of the dates are needed by the semantic head only."""
        answer = {"change": functional.pixel_shuffle(self.change(change), self.stride)}
        if self.classes is not None and date1 is not None and date2 is not None:
            answer["classes_t1"] = functional.pixel_shuffle(self.classes(date1), self.stride)
            answer["classes_t2"] = functional.pixel_shuffle(self.classes(date2), self.stride)
        return answer


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Return (N, K, H, W) float32 of (N, H, W) label values; others are zero in all planes."""
    known = torch.arange(classes, device=labels.device).view(1, -1, 1, 1)
    return (labels.long().unsqueeze(1) == known).float()
