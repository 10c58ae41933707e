"""Flow matching: equations with known answers, the published scheduler, and promises of path and guidance."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import RecipeError, RenderError
from diachron.core.streams import stream
from diachron.generators.flow.guidance import Guided
from diachron.generators.flow.loss import flow_loss
from diachron.generators.flow.path import noised, picture_at_end, point, start_of, velocity
from diachron.generators.flow.schedule import times
from diachron.generators.flow.solvers import SOLVERS, adaptive, euler, heun

some_steps = st.integers(1, 40)
some_shifts = st.floats(0.2, 8.0)
some_seeds = st.integers(0, 2**20)


def batch(seed: int, name: str) -> torch.Tensor:
    return torch.from_numpy(stream(seed, 0, name).standard_normal((3, 2, 4, 4)))


def growth(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """Return the velocity of `x(t) = x(1) exp(sin 3t - sin 3)`, which also depends on the time."""
    return 3.0 * torch.cos(3.0 * time)[:, None] * x


def error_of(solver, steps: int) -> float:
    start = torch.ones((1, 1), dtype=torch.float64)
    found = solver(growth, start, times(steps))
    return abs(found.item() - math.exp(-math.sin(3.0)))


@pytest.mark.parametrize(("solver", "order"), [(euler, 1), (heun, 2)])
def test_the_error_falls_with_the_order_of_the_solver(solver, order) -> None:
    errors = [error_of(solver, steps) for steps in (40, 80, 160)]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.15)


def test_an_adaptive_solver_looks_as_often_as_the_error_asks() -> None:
    def tried(tolerance: float) -> tuple[int, float]:
        looks: list[float] = []

        def moving(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
            looks.append(float(time[0]))
            return growth(x, time)

        start = torch.ones((1, 1), dtype=torch.float64)
        found = adaptive(moving, start, (1.0, 0.9, 1e-5, 0.0), tolerance=tolerance)
        return len(looks), abs(found.item() - math.exp(-math.sin(3.0)))

    (few, rough), (many, fine) = tried(1e-2), tried(1e-5)
    assert few < many / 5
    assert fine < rough / 5
    # Errors of the steps add up.
    assert fine < 1e-5 * many


def test_an_adaptive_solver_says_when_a_velocity_is_no_number() -> None:
    with pytest.raises(RenderError, match="is no number"):
        adaptive(lambda x, _: x * float("nan"), torch.ones((2, 3)), times(4))


def test_an_adaptive_solver_does_short_steps_where_much_happens() -> None:
    seen: list[float] = []

    def late(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        return 0.0 * x + 50.0 * torch.exp(-(((time - 0.3) / 0.1) ** 2))[:, None]

    adaptive(late, torch.zeros((1, 1)), times(8), lambda time, _: seen.append(time))
    walked = [1.0, *seen]
    assert walked[-1] == 0.0
    lengths = {now: now - then for now, then in pairwise(walked)}
    near = [length for now, length in lengths.items() if 0.2 < now < 0.4]
    assert max(near) < 0.02 < max(lengths.values())


def test_a_tolerance_of_nothing_is_refused() -> None:
    with pytest.raises(RecipeError, match="tolerance 0"):
        adaptive(growth, torch.ones((1, 1)), times(4), tolerance=0.0)


@given(steps=some_steps, shift=some_shifts, seed=some_seeds, name=st.sampled_from(sorted(SOLVERS)))
def test_the_true_velocity_leads_back_to_the_picture(steps, shift, seed, name) -> None:
    picture, start = batch(seed, "picture"), batch(seed, "start")
    found = SOLVERS[name](lambda x, t: velocity(picture, start), start, times(steps, shift=shift))
    torch.testing.assert_close(found, picture)


@given(seed=some_seeds, time=st.floats(0.0, 1.0))
def test_a_point_and_its_velocity_tell_both_ends(seed, time) -> None:
    picture, start = batch(seed, "picture"), batch(seed, "start")
    when = torch.full((3,), time, dtype=torch.float64)
    x, moving = point(picture, start, when), velocity(picture, start)
    torch.testing.assert_close(picture_at_end(x, moving, when), picture)
    torch.testing.assert_close(start_of(x, moving, when), start)


def test_time_one_is_the_start_and_zero_the_picture() -> None:
    picture, start = batch(0, "picture"), batch(0, "start")
    assert torch.equal(point(picture, start, torch.ones(3)), start)
    assert torch.equal(point(picture, start, torch.zeros(3)), picture)
    assert torch.equal(noised(picture, start, torch.ones(3)), start)
    assert torch.equal(noised(picture, start, torch.zeros(3)), picture)


@given(steps=some_steps, shift=some_shifts)
def test_times_fall_from_one_to_zero(steps, shift) -> None:
    found = times(steps, shift=shift)
    assert (found[0], found[-1], len(found)) == (1.0, 0.0, steps + 1)
    assert all(now > then for now, then in pairwise(found))
    even = times(steps)
    assert all((a >= b) if shift >= 1 else (a <= b) for a, b in zip(found, even, strict=True))


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_every_step_agrees_with_diffusers(shift) -> None:
    from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler

    ours = times(7, shift=shift)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    # Its own grid ends above 0; given our times, it walks them.
    scheduler.set_timesteps(sigmas=np.array(ours[:-1]))
    np.testing.assert_allclose(scheduler.sigmas.numpy(), ours, atol=1e-7)
    field = batch(1, "field").float()
    theirs = batch(1, "start").float()
    seen: list[torch.Tensor] = []

    def moving(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        return torch.tanh(field + x) * (0.5 + time[:, None, None, None])

    last = euler(moving, theirs, ours, lambda _, x: seen.append(x))
    for step, at in enumerate(scheduler.timesteps):
        time = torch.full((3,), float(at) / scheduler.config.num_train_timesteps)
        theirs = scheduler.step(moving(theirs, time), at, theirs).prev_sample
        torch.testing.assert_close(seen[step], theirs, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(last, theirs, rtol=1e-5, atol=1e-6)


def test_a_shift_is_that_of_diffusers() -> None:
    from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler

    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(sigmas=np.array(times(5)[:-1]))
    np.testing.assert_allclose(scheduler.sigmas.numpy(), times(5, shift=3.0), atol=1e-6)


@given(seed=some_seeds, scale=st.floats(0.0, 8.0))
def test_guidance_is_a_line_through_both_answers(seed, scale) -> None:
    one, other = batch(seed, "with"), batch(seed, "without")
    found = Guided(lambda x, t: one, lambda x, t: other, scale)(one, torch.ones(3))
    torch.testing.assert_close(found, other + scale * (one - other))


def test_guidance_of_one_asks_the_network_once() -> None:
    def never(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        raise AssertionError("asked")

    one = batch(0, "with")
    assert Guided(lambda x, t: one, never, 1.0)(one, torch.ones(3)) is one


def test_the_true_velocity_costs_nothing_and_weights_leave_pixels_out() -> None:
    picture, start = batch(0, "picture"), batch(0, "start")
    when = torch.tensor([0.1, 0.5, 0.9])
    assert flow_loss(lambda x, t: velocity(picture, start), picture, start, when) == 0.0
    counted = torch.zeros(3, 1, 4, 4)
    counted[:, :, :2] = 1.0

    def wrong_below(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        return velocity(picture, start) + 5.0 * (1.0 - counted)

    assert flow_loss(wrong_below, picture, start, when, counted) == 0.0
    # The error is 5 on half of the pixels, so 25 on average over them and 12.5 over all.
    assert flow_loss(wrong_below, picture, start, when).item() == pytest.approx(12.5)
    assert flow_loss(wrong_below, picture, start, when, 1.0 - counted).item() == pytest.approx(25.0)


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps_are_refused(steps) -> None:
    with pytest.raises(RecipeError, match=f"steps {steps}, shift 1.0: expected at least 1 step"):
        times(steps)


@pytest.mark.parametrize("solver", SOLVERS.values())
def test_times_that_do_not_fall_are_refused(solver) -> None:
    with pytest.raises(RecipeError, match="each below the one before"):
        solver(growth, torch.ones(1, 1), (0.0, 1.0))
