"""Solvers: each walks a batch along its velocity through given times."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor

from diachron.core.errors import RecipeError, RenderError
from diachron.generators.flow.path import Velocity

# Error of a step of `adaptive`: one grey value of 8 bits, at the spread that pictures have for a network.
TOLERANCE = 0.02
# Steps are not made shorter than this.
SHORTEST = 1e-4
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


def adaptive(
    velocity: Velocity,
    x: Tensor,
    times: Sequence[float],
    watch: Watcher | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> Tensor:
    """Return where a batch is at the last time, by Heun's rule with steps as long as the error allows.

    Euler's step lies in Heun's; their difference is the error that is kept under the tolerance. A step that
    misses it is done again, shorter. The batch walks together, its worst member decides. No look is taken at
    time 0: the last of the given steps is Euler's and as long as given.

    Args:
        velocity: looked at twice a step, and again for each that is done anew.
        x: (N, ...) at the first time; it is not changed.
        times: as for `euler`; the first step is tried as long as given, then those between are left out.
        watch: told after every step.
        tolerance: root mean square error of a step, in units of x, above 0.

    Raises:
        RecipeError: the times do not decrease, or the tolerance is not above 0.
        RenderError: the velocity is no number, or infinite: no step is short enough then.

    Source: Hairer, Norsett, Wanner 1993, "Solving Ordinary Differential Equations I", section II.4; steps are
    0.9 times what the error allows, a fifth of the last at least and twice it at most.
    """
    _check(times)
    if not tolerance > 0:
        raise RecipeError(f"tolerance {tolerance}: expected more than 0")
    # The last step to 0 is apart; times that end earlier have none.
    now, until = times[0], times[-2] if times[-1] == 0.0 and len(times) > 2 else times[-1]
    length = now - times[1]
    while until > 0.0 and now > until:
        length = min(length, now - until)
        then = until if now - length <= until else now - length
        first = velocity(x, _each(now, x))
        second = velocity(x + (then - now) * first, _each(then, x))
        error = _worst(0.5 * (then - now) * (second - first)) / tolerance
        if not math.isfinite(error):
            raise RenderError(
                f"the network's answer at time {now:.3f} is no number: its weights are broken, or its "
                "precision is too low"
            )
        # A step that time can hardly tell from none is taken as it is.
        if error <= 1.0 or now - then < SHORTEST:
            x = x + (then - now) * 0.5 * (first + second)
            now = then
            if watch is not None:
                watch(then, x)
        length *= min(2.0, max(0.2, 0.9 / math.sqrt(max(error, 1e-9))))
    if now > times[-1]:
        x = x + (times[-1] - now) * velocity(x, _each(now, x))
        if watch is not None:
            watch(times[-1], x)
    return x


SOLVERS: dict[str, Callable[..., Tensor]] = {"adaptive": adaptive, "euler": euler, "heun": heun}


def _worst(difference: Tensor) -> float:
    """Return the largest root mean square of the members of a batch."""
    return float(difference.double().flatten(1).square().mean(dim=1).sqrt().max().item())


def _each(time: float, x: Tensor) -> Tensor:
    """Return one time for every member of the batch."""
    return x.new_full((x.shape[0],), time)


def _check(times: Sequence[float]) -> None:
    if len(times) < 2 or any(then >= now for now, then in pairwise(times)):
        raise RecipeError(f"times {list(times)}: expected two or more, each below the one before")
