"""The straight path between a picture and where it starts from."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Velocity(Protocol):
    """What moves a batch along its path: a network with its conditions, or a formula."""

    def __call__(self, x: Tensor, time: Tensor) -> Tensor:
        """Return dx/dt, in the shape of `x`.

        Args:
            x: (N, ...) points on the path.
            time: (N,) from 1, the start, to 0, the picture.
        """
        ...


def point(picture: Tensor, start: Tensor, time: Tensor) -> Tensor:
    """Return `(1 - t) picture + t start`, in their shape and dtype.

    Source: Liu, Gong, Liu 2023, "Flow Straight and Fast", eq. 1, with time reversed; Lipman et al. 2023,
    "Flow Matching for Generative Modeling", eq. 22, with sigma_min 0.

    Args:
        picture, start: (N, ...).
        time: (N,) in [0, 1].
    """
    t = _beside(time, picture)
    return (1.0 - t) * picture + t * start


def velocity(picture: Tensor, start: Tensor) -> Tensor:
    """Return dx/dt of the straight path; it is the same all along it."""
    return start - picture


def picture_at_end(x: Tensor, moving: Tensor, time: Tensor) -> Tensor:
    """Return the picture that a point leads to if it keeps its velocity: `x - t v`."""
    return x - _beside(time, x) * moving


def start_of(x: Tensor, moving: Tensor, time: Tensor) -> Tensor:
    """Return the start that a point came from if it kept its velocity: `x + (1 - t) v`."""
    return x + (1.0 - _beside(time, x)) * moving


def noised(proposal: Tensor, noise: Tensor, strength: Tensor) -> Tensor:
    """Return a proposal buried in noise to some part: the start of a painting that need not begin at nothing.

    The point at time `strength` between the two, as in SDEdit (Meng et al. 2022) on a straight path. With
    strength 1 nothing of the proposal is left.

    Args:
        proposal, noise: (N, ...).
        strength: (N,) in [0, 1].
    """
    return point(proposal, noise, strength)


def _beside(time: Tensor, x: Tensor) -> Tensor:
    """Return times with as many axes as `x`, to multiply with it."""
    return time.reshape(-1, *([1] * (x.ndim - 1))).to(x.dtype)
