"""A run of steps: each is seen once, by its number, and nothing but the network comes out changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.training.runs import checkpoint
from diachron.training.runs.batches import TensorBatch
from diachron.training.runs.checkpoint import has_checkpoint
from diachron.training.runs.steps import REPORTED, Answer, Ended, run_steps


@dataclass(frozen=True)
class Options:
    """The least that a run has to know."""

    steps: int = 30
    learning_rate: float = 0.05
    weight_decay: float = 0.0
    precision: str = "fp32"
    device: str = "cpu"
    checkpoint_every: int = 4


@dataclass(frozen=True)
class Points:
    """Points of a straight line."""

    x: Tensor

    def part(self, rank: int, ranks: int) -> Points:
        return Points(self.x[rank::ranks])

    def to(self, device: torch.device) -> Points:
        return Points(self.x.to(device))


def points(step: int) -> Points:
    return Points(torch.linspace(-1, 1, 8)[:, None] + step % 3)


def off(answers: Answer, batch: Points) -> Tensor:
    error: Tensor = (answers(batch.x) - 2.0 * batch.x).square().mean()
    return error


def line() -> nn.Linear:
    layer = nn.Linear(1, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


PLAN = {"of": "points"}


def test_a_line_is_learned_and_the_network_answers_afterwards() -> None:
    network = line()
    ended = run_steps(network, points, off, Options(steps=200, learning_rate=0.3), PLAN)
    assert network.weight.item() == pytest.approx(2.0, abs=0.05)
    assert not network.training
    assert ended.plan == {"of": "points", "precision": "fp32"}
    assert "precision" not in PLAN
    assert ended.loss == pytest.approx(sum(ended.losses[-REPORTED:]) / REPORTED)


def test_every_step_is_asked_for_once_and_in_order() -> None:
    asked: list[int] = []

    def noted(step: int) -> Points:
        asked.append(step)
        return points(step)

    seen: list[tuple[int, int]] = []
    run_steps(line(), noted, off, Options(steps=3), PLAN, progress=lambda *done: seen.append(done))
    assert asked == [0, 1, 2]
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("averaged", [None, 5.0])
def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, averaged: float | None) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, _: int) -> None:
        if done == 10:
            raise Stopped

    whole, parts = line(), line()
    straight = run_steps(whole, points, off, Options(), PLAN, averaged=averaged)
    with pytest.raises(Stopped):
        run_steps(line(), points, off, Options(), PLAN, out=tmp_path, averaged=averaged, progress=stop)
    with pytest.raises(RunRefusedError, match="started with of points, not lines"):
        run_steps(line(), points, off, Options(), {"of": "lines"}, out=tmp_path, resume=True)
    resumed = run_steps(parts, points, off, Options(), PLAN, out=tmp_path, resume=True, averaged=averaged)
    assert resumed.steps_timed == 22
    assert resumed.losses == straight.losses
    assert torch.equal(whole.weight, parts.weight)
    written = [json.loads(row)["loss"] for row in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert written == straight.losses


def test_the_mean_of_the_last_weights_lags_behind_them() -> None:
    last, mean = line(), line()
    run_steps(last, points, off, Options(), PLAN)
    run_steps(mean, points, off, Options(), PLAN, averaged=10.0)
    assert 0.0 < mean.weight.item() < last.weight.item()


def test_a_gradient_is_cut_to_a_length() -> None:
    # Gradients are read before they are put back to nothing: by AdamW, whose steps do not tell their length.
    lengths: list[float] = []
    before = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, *rest: object) -> object:
        grads = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        lengths.append(float(torch.cat([grad.flatten() for grad in grads]).norm()))
        return before(self, *rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        run_steps(line(), points, off, Options(steps=2), PLAN)
        run_steps(line(), points, off, Options(steps=2), PLAN, clip=0.1)
    assert min(lengths[:2]) > 0.5
    assert max(lengths[2:]) <= 0.1001


def test_only_who_writes_keeps_what_was_trained(tmp_path: Path) -> None:
    run_steps(line(), points, off, Options(steps=5), PLAN, out=tmp_path)
    assert has_checkpoint(tmp_path)
    kept: list[Path] = []
    ended = Ended({}, [1.0], 0.0, 1, writes=False)
    ended.keep(kept.append, tmp_path)
    assert kept == []
    replace(ended, writes=True).keep(kept.append, None)
    assert kept == []
    replace(ended, writes=True).keep(kept.append, tmp_path)
    assert kept == [tmp_path]
    assert not has_checkpoint(tmp_path)


def test_a_stop_between_two_names_and_another_while_writing_leave_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    def stop_at_3(done: int, _: int) -> None:
        if done == 3:
            raise Stopped

    options = Options(steps=9, checkpoint_every=2)
    with pytest.raises(Stopped):
        run_steps(line(), points, off, options, PLAN, out=tmp_path, progress=stop_at_3)
    (tmp_path / "checkpoint").rename(tmp_path / ".checkpoint-old")
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(checkpoint.torch, "save", stop)
        run_steps(line(), points, off, options, PLAN, out=tmp_path, resume=True)
    assert has_checkpoint(tmp_path)
    straight = run_steps(line(), points, off, options, PLAN)
    resumed = run_steps(line(), points, off, options, PLAN, out=tmp_path, resume=True)
    assert resumed.losses == straight.losses
    assert resumed.steps_timed == 7


def test_every_process_has_a_crop_of_every_batch() -> None:
    @dataclass
    class Crops(TensorBatch):
        x: torch.Tensor

    batch = Crops(torch.arange(3.0))
    assert [len(batch.part(rank, 3).x) for rank in range(3)] == [1, 1, 1]
    with pytest.raises(RecipeError, match="3 crops are shared by 4 processes"):
        batch.part(0, 4)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_not_stood_in_for() -> None:
    with pytest.raises(RecipeError, match="torch finds no GPU here"):
        run_steps(line(), points, off, Options(device="cuda"), PLAN)
