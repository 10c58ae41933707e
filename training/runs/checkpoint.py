"""A training run as it stands, so that it goes on after a stop as if it had never stopped."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from diachron.core.errors import PackageError, RunRefusedError

FOLDER = "checkpoint"
_WEIGHTS = "weights.safetensors"
_STATE = "state.pt"


@dataclass
class Run:
    """What a step changes.

    Args:
        network: its weights and running statistics.
        optimizer, scheduler: their state.
        losses: of the steps done; their number is the number of the next step.
    """

    network: nn.Module
    optimizer: Optimizer
    scheduler: LRScheduler
    losses: list[float]


def save_checkpoint(run: Run, out: Path, plan: dict[str, Any]) -> None:
    """Write the run to `out/checkpoint`; the one that was there is removed when the new one is whole.

    Args:
        run: as it stands.
        out: folder of the run.
        plan: JSON-ready; what the run must be given again to go on.
    """
    fresh, old = out / f".{FOLDER}-new", out / f".{FOLDER}-old"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in run.network.state_dict().items()}
    save_file(weights, fresh / _WEIGHTS)
    state = {
        "plan": plan,
        "losses": run.losses,
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler.state_dict(),
    }
    torch.save(state, fresh / _STATE)
    # After a stop between the two names `old` is all there is: it stays until the new one has its name.
    if (out / FOLDER).exists():
        shutil.rmtree(old, ignore_errors=True)
        (out / FOLDER).rename(old)
    fresh.rename(out / FOLDER)
    shutil.rmtree(old, ignore_errors=True)


def has_checkpoint(out: Path) -> bool:
    """Return whether a run was stopped in this folder."""
    return _found(out) is not None


def load_checkpoint(run: Run, out: Path, plan: dict[str, Any]) -> None:
    """Put the run back to where `out/checkpoint` has it.

    Raises:
        RunRefusedError: the checkpoint is one of another plan; the text names what differs.
        PackageError: it cannot be read.
    """
    folder = _found(out)
    if folder is None:
        raise PackageError(f"{out}: no checkpoint is there")
    try:
        state = torch.load(folder / _STATE, weights_only=True, map_location="cpu")
        weights = load_file(folder / _WEIGHTS)
        stored: dict[str, Any] = state["plan"]
    except Exception as error:
        raise PackageError(
            f"{folder}: the checkpoint cannot be read ({error}); remove it to start anew"
        ) from None
    differing = sorted(key for key in plan.keys() | stored.keys() if plan.get(key) != stored.get(key))
    if differing:
        key = differing[0]
        raise RunRefusedError(
            f"{folder}: this run was started with {key} {stored.get(key)}, not {plan.get(key)}; "
            "give the same, or another --out"
        )
    run.network.load_state_dict(weights)
    run.optimizer.load_state_dict(state["optimizer"])
    run.scheduler.load_state_dict(state["scheduler"])
    run.losses[:] = state["losses"]


def remove_checkpoint(out: Path) -> None:
    """Remove what a finished run needs no more."""
    for name in (FOLDER, f".{FOLDER}-new", f".{FOLDER}-old"):
        shutil.rmtree(out / name, ignore_errors=True)


def _found(out: Path) -> Path | None:
    """Return the folder of the last whole checkpoint; the old one where a kill fell between two renames."""
    candidates = (out / FOLDER, out / f".{FOLDER}-old")
    return next((folder for folder in candidates if (folder / _STATE).is_file()), None)
