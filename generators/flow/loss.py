"""What a network learns from: how far its velocity is from that of the straight path."""

from __future__ import annotations

from torch import Tensor

from diachron.generators.flow.path import Velocity, point, velocity


def flow_loss(
    predict: Velocity, picture: Tensor, start: Tensor, time: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Return the mean squared error of a predicted velocity, one number.

    Any way to pair pictures with starts is allowed: noise alone, or a proposal of the same picture.

    Source: Lipman et al. 2023, eq. 23 (conditional flow matching); Tong et al. 2024, "Improving and
    Generalizing Flow-Based Generative Models", for paired starts.

    Args:
        predict: the network with its conditions.
        picture, start: (N, C, H, W).
        time: (N,) in [0, 1].
        weight: (N, 1, H, W) how much each pixel counts, at least one above 0; None for all alike.
    """
    error = predict(point(picture, start, time), time) - velocity(picture, start)
    squared = error.float().square()
    if weight is None:
        return squared.mean()
    return (squared * weight).sum() / (weight.sum() * picture.shape[1])
