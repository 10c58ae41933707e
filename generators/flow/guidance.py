"""Guidance: a velocity that heeds its conditions more than the network alone does."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diachron.generators.flow.path import Velocity


@dataclass(frozen=True)
class Guided:
    """A velocity pushed away from what the network says without conditions; itself a `Velocity`.

    `v = v_without + scale (v_with - v_without)`. Scale 1 is the network with its conditions, and then the
    other one is not asked; scale 0 is the one without.

    Source: Ho and Salimans 2022, "Classifier-Free Diffusion Guidance", eq. 6, with scale = 1 + w.

    Args:
        conditioned: the network with its conditions.
        free: the same network with empty ones.
        scale: 0 or more.
    """

    conditioned: Velocity
    free: Velocity
    scale: float

    def __call__(self, x: Tensor, time: Tensor) -> Tensor:
        """Return the guided velocity, in the shape of `x`."""
        if self.scale == 1.0:
            return self.conditioned(x, time)
        without = self.free(x, time)
        return without + self.scale * (self.conditioned(x, time) - without)
