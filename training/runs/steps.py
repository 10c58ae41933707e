"""The steps of a training run, from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from diachron.core.errors import RecipeError
from diachron.training.runs.checkpoint import (
    Run,
    has_checkpoint,
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)
from diachron.training.runs.journal import Journal
from diachron.training.runs.precision import choose_precision

# Steps over which the loss that is reported is averaged: one batch says little.
REPORTED = 20

# The network as a loss asks it: in the precision of the run, on whatever takes part in it.
Answer = Callable[..., Any]
B = TypeVar("B", bound="Batch")


class Batch(Protocol):
    """What a step learns from."""

    def part(self: B, rank: int, ranks: int) -> B:
        """Return every `ranks`-th crop, for one of several processes."""
        ...

    def to(self: B, device: torch.device) -> B:
        """Return the batch on a device."""
        ...


class RunOptions(Protocol):
    """What a run has to know of its options.

    Attributes:
        steps: batches to learn from.
        learning_rate: highest of the one-cycle schedule.
        weight_decay: of AdamW.
        precision: `auto`, `bf16` or `fp32`.
        device: `auto` takes a GPU where there is one.
        checkpoint_every: steps between checkpoints, where the run has a folder; 0 writes none.
    """

    @property
    def steps(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def precision(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def checkpoint_every(self) -> int: ...


@dataclass(frozen=True)
class Ended:
    """How a run went.

    Args:
        plan: that it had, with its precision.
        losses: of all steps, also of those before it was resumed.
        seconds: that the steps of this sitting took.
        steps_timed: their number.
        writes: whether this is the process, of several, that writes.
    """

    plan: dict[str, Any]
    losses: list[float]
    seconds: float
    steps_timed: int
    writes: bool

    @property
    def loss(self) -> float:
        """Mean of the last steps."""
        last = self.losses[-REPORTED:]
        return sum(last) / len(last)

    def keep(self, save: Callable[[Path], None], out: Path | None) -> None:
        """Write what was trained to the folder of the run, and then remove its checkpoint."""
        if out is not None and self.writes:
            save(out)
            remove_checkpoint(out)


def run_steps(
    network: nn.Module,
    batches: Callable[[int], B],
    loss_of: Callable[[Answer, B], Tensor],
    options: RunOptions,
    plan: dict[str, Any],
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    averaged: float | None = None,
    clip: float | None = None,
    tensorboard: bool = False,
) -> Ended:
    """Train a network, from the first step or from where a checkpoint has it, and return how it went.

    In the end the network is on the CPU and answers questions (`eval`).

    Args:
        network: its weights are changed.
        batches: what a step learns from, by its number alone; made ahead, in a thread of its own.
        loss_of: one number of (answers, batch), where answers is called like the network.
        options: of the run.
        plan: JSON-ready; a checkpoint of another plan is refused.
        out: folder for checkpoints and losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`, where there is one.
        progress: called with (steps done, all steps).
        averaged: in the end the weights are the running mean of about so many steps; None for the last ones.
        clip: longest gradient; None for any.
        tensorboard: write scalars for it, too.

    Raises:
        RunRefusedError, PackageError: as `load_checkpoint`.
        RecipeError: as `Journal`, or a GPU is asked for and there is none, or a process would get no crop.
    """
    if options.device == "cuda" and not torch.cuda.is_available():
        raise RecipeError("device: cuda, and torch finds no GPU here; take cpu or auto")
    accelerator = Accelerator(cpu=options.device == "cpu")
    precision = choose_precision(options.precision, accelerator.device)
    plan = {**plan, "precision": precision}
    average = None
    if averaged is not None:
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(1.0 - 1.0 / averaged))
        average = average.to(accelerator.device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    # 30 % of the steps to warm up, at least one of each phase: a run of one step is a run, too.
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=max(options.steps, 4)
    )
    spread, optimizer = accelerator.prepare(network, optimizer)
    kept = network if average is None else nn.ModuleDict({"network": network, "average": average})
    run = Run(kept, optimizer, scheduler, [])
    if out is not None and resume and has_checkpoint(out):
        load_checkpoint(run, out, plan)

    def answers(*inputs: Any) -> Any:
        with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=precision == "bf16"):
            return spread(*inputs)

    started = time.monotonic()
    first = len(run.losses)
    spread.train()
    journal = Journal(out if accelerator.is_main_process else None, run.losses, tensorboard=tensorboard)
    with ThreadPoolExecutor(1) as background, journal:
        upcoming = background.submit(batches, first)
        for step in range(first, options.steps):
            batch = upcoming.result().part(accelerator.process_index, accelerator.num_processes)
            if step + 1 < options.steps:
                upcoming = background.submit(batches, step + 1)
            loss = loss_of(answers, batch.to(accelerator.device))
            accelerator.backward(loss)
            if clip is not None:
                accelerator.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            if average is not None:
                average.update_parameters(network)

            mean = float(accelerator.reduce(loss.detach(), "mean").item())
            run.losses.append(mean)
            journal.note(step, mean, float(scheduler.get_last_lr()[0]))
            if progress is not None:
                progress(step + 1, options.steps)
            due = options.checkpoint_every and (step + 1) % options.checkpoint_every == 0
            if out is not None and due and step + 1 < options.steps and accelerator.is_main_process:
                save_checkpoint(run, out, plan)

    if average is not None:
        network.load_state_dict(average.module.state_dict())
    network.to("cpu").eval()
    seconds = round(time.monotonic() - started, 1)
    return Ended(plan, run.losses, seconds, options.steps - first, accelerator.is_main_process)
