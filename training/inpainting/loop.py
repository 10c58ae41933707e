"""The training loop of a painter, from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.generators.flow.loss import flow_loss
from diachron.generators.inpainting.painter import DESCRIPTION, Painter
from diachron.training.detectors.checkpoint import (
    Run,
    has_checkpoint,
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)
from diachron.training.detectors.journal import Journal
from diachron.training.detectors.precision import choose_precision
from diachron.training.inpainting.examples import Examples
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.places import PlaceSet

# Steps over which the loss that is reported is averaged: one batch says little.
REPORTED = 20
# Steps that the weights which paint are the running mean of, at most; in a short run a tenth of it.
AVERAGED = 1000


def train_inpainting(
    sets: Sequence[PlaceSet],
    options: InpaintingOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Painter:
    """Return a painter trained on real scenes; its weights are a running mean of those of the last steps.

    What a step sees depends on the seed and the number of the step, so a run that was stopped and resumed
    ends with the same weights as one that was not.

    Args:
        sets: of scenes.
        options: of the training.
        out: folder that receives the painter, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`.
        SourceError, LabelError: as `Examples`.
    """
    examples = Examples(sets, options)
    plan: dict[str, Any] = {
        "options": options.to_json(),
        "sets": [[places.name, len(places), places.licence] for places in sets],
    }
    if _is_finished(out, plan, resume=resume):
        return Painter.load(out)  # type: ignore[arg-type]

    accelerator = Accelerator(cpu=options.device == "cpu")
    precision = choose_precision(options.precision, accelerator.device)
    plan["precision"] = precision
    painter = Painter.untrained(options.network, options.seed)
    average = AveragedModel(painter.network, multi_avg_fn=get_ema_multi_avg_fn(_decay(options.steps)))
    optimizer = torch.optim.AdamW(
        painter.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    # 30 % of the steps to warm up, at least one of each phase: a run of one step is a run, too.
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=max(options.steps, 4)
    )
    network, optimizer = accelerator.prepare(painter.network, optimizer)
    average = average.to(accelerator.device)
    both = nn.ModuleDict({"network": painter.network, "average": average})
    run = Run(both, optimizer, scheduler, [])
    if out is not None and resume and has_checkpoint(out):
        load_checkpoint(run, out, plan)

    started = time.monotonic()
    first = len(run.losses)
    network.train()
    journal = Journal(out if accelerator.is_main_process else None, run.losses, tensorboard=False)
    with ThreadPoolExecutor(1) as background, journal:
        upcoming = background.submit(examples.__getitem__, first)
        for step in range(first, options.steps):
            batch = upcoming.result().part(accelerator.process_index, accelerator.num_processes)
            if step + 1 < options.steps:
                upcoming = background.submit(examples.__getitem__, step + 1)
            batch = batch.to(accelerator.device)
            known = batch.known
            # Times its time, an error of the velocity is one of the picture at the end. Near the end velocity
            # can hardly be told from texture: with even weights that drowned all else.
            weight = batch.hole * batch.time[:, None, None, None].square()
            with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=precision == "bf16"):
                loss = flow_loss(
                    lambda x, when, known=known: network(x, when, known),
                    batch.picture,
                    batch.start,
                    batch.time,
                    weight,
                )
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            average.update_parameters(painter.network)

            mean = float(accelerator.reduce(loss.detach(), "mean").item())
            run.losses.append(mean)
            journal.note(step, mean, float(scheduler.get_last_lr()[0]))
            if progress is not None:
                progress(step + 1, options.steps)
            due = options.checkpoint_every and (step + 1) % options.checkpoint_every == 0
            if out is not None and due and step + 1 < options.steps and accelerator.is_main_process:
                save_checkpoint(run, out, plan)

    last = run.losses[-REPORTED:]
    painter.network.load_state_dict(average.module.state_dict())
    painter.network.to("cpu").eval()
    painter.training = {
        "plan": plan,
        "licences": sorted({places.licence or "not stated" for places in sets}),
        "loss": float(sum(last) / len(last)),
        "seconds": round(time.monotonic() - started, 1),
        "steps_timed": options.steps - first,
    }
    if out is not None and accelerator.is_main_process:
        painter.save(out)
        remove_checkpoint(out)
    return painter


def _decay(steps: int) -> float:
    """Return the share of the running mean that a step keeps."""
    return 1.0 - 1.0 / min(AVERAGED, max(1.0, steps / 10))


def _is_finished(out: Path | None, plan: dict[str, Any], *, resume: bool) -> bool:
    """Return whether `out` holds the trained painter of this plan."""
    if out is None:
        if resume:
            raise RecipeError("a run is resumed from its folder: give `out`")
        return False
    finished = (out / DESCRIPTION).is_file()
    if not resume and (finished or has_checkpoint(out)):
        raise RunRefusedError(f"{out}: weights are there already; go on with --resume, or give another --out")
    if not finished:
        return False
    stored = Painter.load(out).training.get("plan", {})
    for key, value in plan.items():
        if stored.get(key) != value:
            raise RunRefusedError(
                f"{out}: the weights there were trained with {key} {stored.get(key)}, not {value}; "
                "give another --out"
            )
    return True
