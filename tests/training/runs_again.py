"""What every training must do, whatever it trains: go on as if it had never stopped, refuse another plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from diachron.core.errors import RunRefusedError


class _Stopped(Exception):
    pass


def losses(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / "losses.jsonl").read_text().splitlines()]


def all_weights(network: nn.Module) -> Tensor:
    return torch.cat([value.float().flatten() for value in network.state_dict().values()])


def check_goes_on(train: Callable[..., Any], folder: Path, *, at: int, card: str) -> tuple[Any, Any]:
    """Stop a training at a step, resume it, and return what that and an undisturbed one have made.

    Args:
        train: takes `out`, `resume` and `progress`.
        folder: empty.
        at: number of steps done when it is stopped.
        card: file that is written last.
    """
    whole = train(out=folder / "whole")

    def stop(done: int, _: int) -> None:
        if done == at:
            raise _Stopped

    with pytest.raises(_Stopped):
        train(out=folder / "cut", progress=stop)
    assert not (folder / "cut" / card).exists()
    seen: list[int] = []
    resumed = train(out=folder / "cut", resume=True, progress=lambda done, _: seen.append(done))
    assert 1 < seen[0] <= at, "it began anew"
    assert losses(folder / "cut") == losses(folder / "whole")
    assert not (folder / "cut" / "checkpoint").exists()
    with pytest.raises(RunRefusedError, match="there already; go on with --resume"):
        train(out=folder / "cut")
    return resumed, whole
