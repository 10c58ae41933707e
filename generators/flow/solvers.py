"""Solvers: each walks a batch along its velocity through given times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor

from diachron.core.errors import RecipeError
from diachron.generators.flow.path import Velocity

# Called with the time reached and the batch there.
Watcher = Callable[[float, Tensor], None]


def euler(velocity: Velocity, x: Tensor, times: Sequence[float], watch: Watcher | None = None) -> Tensor:
    """Return where a batch is at the last time, by Euler's rule: one look a step, error of first order.

    Args:
        velocity: looked at once a step.
        x: (N, ...) at the first time; it is not changed.
        times: decreasing, see `schedule.times`.
        watch: told after every step.

    Raises:
        RecipeError: the times do not decrease.
    """
    _check(times)
    for now, then in pairwise(times):
        x = x + (then - now) * velocity(x, _each(now, x))
        if watch is not None:
            watch(then, x)
    return x


def heun(velocity: Velocity, x: Tensor, times: Sequence[float], watch: Watcher | None = None) -> Tensor:
    """Return where a batch is at the last time, by Heun's rule: two looks a step, error of second order.

    The second look is at the end of an Euler step, and the mean of both is walked. At time 0 no look is
    taken, since a network knows no velocity of a finished picture: the step to it is Euler's, which keeps the
    order.

    Args:
        velocity: looked at twice a step, but for the last.
        x, times, watch: as for `euler`.

    Raises:
        RecipeError: the times do not decrease.

    Source: Karras et al. 2022, "Elucidating the Design Space", algorithm 1.
    """
    _check(times)
    for now, then in pairwise(times):
        first = velocity(x, _each(now, x))
        if then == 0.0:
            x = x + (then - now) * first
        else:
            second = velocity(x + (then - now) * first, _each(then, x))
            x = x + (then - now) * 0.5 * (first + second)
        if watch is not None:
            watch(then, x)
    return x


SOLVERS: dict[str, Callable[..., Tensor]] = {"euler": euler, "heun": heun}


def _each(time: float, x: Tensor) -> Tensor:
    """Return one time for every member of the batch."""
    return x.new_full((x.shape[0],), time)


def _check(times: Sequence[float]) -> None:
    if len(times) < 2 or any(then >= now for now, then in pairwise(times)):
        raise RecipeError(f"times {list(times)}: expected two or more, each below the one before")
