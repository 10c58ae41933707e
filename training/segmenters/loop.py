"""The training loop of a segmenter, from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.training.detectors.checkpoint import (
    Run,
    has_checkpoint,
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)
from diachron.training.detectors.journal import Journal
from diachron.training.detectors.normalisation import normalise
from diachron.training.detectors.precision import choose_precision
from diachron.training.segmenters.crops import TileCrops
from diachron.training.segmenters.losses import marginal_loss
from diachron.training.segmenters.options import SegmenterOptions
from diachron.training.segmenters.segmenter import DESCRIPTION, Segmenter
from diachron.training.segmenters.tiles import TileSet

# Steps over which the loss that is reported is averaged: one batch says little.
REPORTED = 20


def train_segmenter(
    sets: Sequence[TileSet],
    options: SegmenterOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Segmenter:
    """Return a segmenter trained on partly labelled tiles.

    What a step sees depends on the seed, the role and the number of the step, so a run that was stopped and
    resumed ends with the same weights as one that was not.

    Args:
        sets: of tiles; those held out are not read.
        options: of the training; the half of the places decides the role.
        out: folder that receives the segmenter, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`.
        SourceError, LabelError: as `TileCrops`.
    """
    crops = TileCrops(sets, options)
    plan: dict[str, Any] = {
        "options": options.to_json(),
        "sets": [[tiles.name, tiles.weight, len(tiles.facts)] for tiles in sets],
        "places": crops.places,
    }
    if _is_finished(out, plan, options.role, resume=resume):
        return Segmenter.load(out, role=options.role)  # type: ignore[arg-type]

    accelerator = Accelerator(cpu=options.device == "cpu")
    precision = choose_precision(options.precision, accelerator.device)
    plan["precision"] = precision
    segmenter = Segmenter.untrained(options.role, options.seed)
    optimizer = torch.optim.AdamW(
        segmenter.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    # 30 % of the steps to warm up, at least one of each phase: a run of one step is a run, too.
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=max(options.steps, 4)
    )
    network, optimizer = accelerator.prepare(segmenter.network, optimizer)
    run = Run(segmenter.network, optimizer, scheduler, [])
    if out is not None and resume and has_checkpoint(out):
        load_checkpoint(run, out, plan)

    started = time.monotonic()
    first = len(run.losses)
    network.train()
    journal = Journal(out if accelerator.is_main_process else None, run.losses, tensorboard=False)
    with ThreadPoolExecutor(1) as background, journal:
        upcoming = background.submit(crops.__getitem__, first)
        for step in range(first, options.steps):
            batch = upcoming.result().part(accelerator.process_index, accelerator.num_processes)
            if step + 1 < options.steps:
                upcoming = background.submit(crops.__getitem__, step + 1)
            batch = batch.to(accelerator.device)
            with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=precision == "bf16"):
                logits = network(normalise(batch.images))
            loss = marginal_loss(logits, batch.allowed)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()

            mean = float(accelerator.reduce(loss.detach(), "mean").item())
            run.losses.append(mean)
            journal.note(step, mean, float(scheduler.get_last_lr()[0]))
            if progress is not None:
                progress(step + 1, options.steps)
            due = options.checkpoint_every and (step + 1) % options.checkpoint_every == 0
            if out is not None and due and step + 1 < options.steps and accelerator.is_main_process:
                save_checkpoint(run, out, plan)

    last = run.losses[-REPORTED:]
    segmenter.training = {
        "plan": plan,
        "loss": float(sum(last) / len(last)),
        "seconds": round(time.monotonic() - started, 1),
        "steps_timed": options.steps - first,
    }
    segmenter.network.eval()
    segmenter.to("cpu")
    if out is not None and accelerator.is_main_process:
        segmenter.save(out)
        remove_checkpoint(out)
    return segmenter


def _is_finished(out: Path | None, plan: dict[str, Any], role: str, *, resume: bool) -> bool:
    """Return whether `out` holds the trained segmenter of this plan."""
    if out is None:
        if resume:
            raise RecipeError("a run is resumed from its folder: give `out`")
        return False
    finished = (out / DESCRIPTION).is_file()
    if not resume and (finished or has_checkpoint(out)):
        raise RunRefusedError(
            f"{out}: a segmenter is there already; go on with --resume, or give another --out"
        )
    if not finished:
        return False
    stored = Segmenter.load(out, role=role).training.get("plan", {})
    for key, value in plan.items():
        if stored.get(key) != value:
            raise RunRefusedError(
                f"{out}: the segmenter there was trained with {key} {stored.get(key)}, not {value}; "
                "give another --out"
            )
    return True
