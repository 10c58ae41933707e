"""Training: it learns, a seed gives the same weights again, a stopped run goes on as if it never stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core.errors import PackageError, RecipeError, RunRefusedError, UnknownNameError
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.detector import Detector
from diachron.training.detectors.loop import train_detector
from diachron.training.detectors.options import TrainingOptions
from diachron.training.runs.checkpoint import has_checkpoint

BINARY = DetectorConfig()
SHORT = TrainingOptions(steps=6, batch=2, crop_px=32, precision="fp32", device="cpu", checkpoint_every=2)


class Stopped(Exception):
    """Stands for a kill."""


def stop_after(step: int) -> Callable[[int, int], None]:
    """Return a progress callback that ends the run when a step is done."""

    def progress(done: int, of: int) -> None:
        if done == step:
            raise Stopped

    return progress


def same_weights(one: Detector, other: Detector) -> bool:
    """Return whether two detectors are equal to the last bit."""
    first, second = one.network.state_dict(), other.network.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_pair_is_learned_by_heart(blocks: Callable) -> None:
    options = replace(SHORT, steps=60, batch=2, crop_px=48, augment=False)
    one = blocks(count=1, side=48)
    detector = train_detector([one], BINARY, options)
    found = detector.probability(one[0].t1, one[0].t2, one[0].full_scale) > 0.5
    changed = one[0].change == 1
    assert np.sum(found & changed) / np.sum(found | changed) > 0.9


def test_the_same_seed_gives_the_same_weights_and_another_does_not(blocks: Callable) -> None:
    state = torch.random.get_rng_state()
    first = train_detector([blocks()], BINARY, SHORT)
    assert torch.equal(torch.random.get_rng_state(), state), "the caller's random numbers were used"
    torch.rand(3)
    assert same_weights(first, train_detector([blocks()], BINARY, SHORT))
    assert not same_weights(first, train_detector([blocks()], BINARY, replace(SHORT, seed=1)))


def test_a_resumed_run_ends_with_the_same_loss_and_weights(blocks: Callable, tmp_path: Path) -> None:
    whole = train_detector([blocks()], BINARY, SHORT, out=tmp_path / "whole")
    # Stopped a step after the checkpoint: that step is done twice and counts once.
    with pytest.raises(Stopped):
        train_detector([blocks()], BINARY, SHORT, out=tmp_path / "parts", progress=stop_after(5))
    assert has_checkpoint(tmp_path / "parts")
    resumed = train_detector([blocks()], BINARY, SHORT, out=tmp_path / "parts", resume=True)
    assert resumed.training["steps_timed"] == 2
    assert resumed.training["last_loss"] == whole.training["last_loss"]
    assert same_weights(resumed, whole)
    lines = [(tmp_path / name / "losses.jsonl").read_text().splitlines() for name in ("whole", "parts")]
    assert lines[0] == lines[1]
    assert [json.loads(line)["step"] for line in lines[0]] == list(range(6))
    assert not has_checkpoint(tmp_path / "parts")
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == [
        "detector.json",
        "losses.jsonl",
        "weights.safetensors",
    ]


def test_a_finished_run_is_loaded_and_not_overwritten(blocks: Callable, tmp_path: Path) -> None:
    options = replace(SHORT, steps=1)
    done = train_detector([blocks()], BINARY, options, out=tmp_path)
    assert same_weights(train_detector([blocks()], BINARY, options, out=tmp_path, resume=True), done)
    with pytest.raises(RunRefusedError, match="--resume"):
        train_detector([blocks()], BINARY, options, out=tmp_path)
    with pytest.raises(RunRefusedError, match="trained with seed 0, not 5"):
        train_detector([blocks()], BINARY, replace(options, seed=5), out=tmp_path, resume=True)


def test_a_checkpoint_of_another_plan_is_refused_and_a_broken_one_named(
    blocks: Callable, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        train_detector([blocks()], BINARY, SHORT, out=tmp_path, progress=stop_after(3))
    with pytest.raises(RunRefusedError, match="started with batch 2, not 3"):
        train_detector([blocks()], BINARY, replace(SHORT, batch=3), out=tmp_path, resume=True)
    with pytest.raises(RunRefusedError, match="started with sets"):
        train_detector([blocks(count=5)], BINARY, SHORT, out=tmp_path, resume=True)
    (tmp_path / "checkpoint" / "state.pt").write_bytes(b"half")
    with pytest.raises(PackageError, match=r"checkpoint: the checkpoint cannot be read"):
        train_detector([blocks()], BINARY, SHORT, out=tmp_path, resume=True)


def test_training_may_start_from_another_detector(blocks: Callable) -> None:
    start = Detector.untrained(BINARY, 9)
    before = {name: value.clone() for name, value in start.network.state_dict().items()}
    # A learning rate of almost nothing: what comes out is what went in.
    options = replace(SHORT, steps=1, learning_rate=1e-12, weight_decay=0.0)
    tuned = train_detector([blocks()], BINARY, options, initial=start)
    after = tuned.network.state_dict()
    weights = [name for name in before if "running" not in name and "num_batches" not in name]
    assert all(torch.allclose(after[name], before[name], atol=1e-7) for name in weights)
    assert all(torch.equal(start.network.state_dict()[name], before[name]) for name in before)
    with pytest.raises(RecipeError, match="the detector to start from"):
        train_detector([blocks()], replace(BINARY, bands=4), options, initial=start)


def test_bf16_can_be_forced_and_is_recorded(blocks: Callable) -> None:
    detector = train_detector([blocks()], BINARY, replace(SHORT, steps=1, precision="bf16"))
    assert detector.training["plan"]["precision"] == "bf16"
    assert next(detector.network.parameters()).dtype == torch.float32


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(RecipeError, match="steps 0"):
        TrainingOptions(steps=0)
    with pytest.raises(UnknownNameError, match="no precision is called 'bf61'; did you mean 'bf16'"):
        TrainingOptions(precision="bf61")
    with pytest.raises(RecipeError, match="batch 0"):
        TrainingOptions(batch=0)
    with pytest.raises(RecipeError, match="resumed from its folder"):
        train_detector([], BINARY, SHORT, resume=True)
