"""The training loop of a detector, from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.core.pair import PairSet
from diachron.core.streams import stream
from diachron.training.detectors.augmentation import augment
from diachron.training.detectors.checkpoint import (
    Run,
    has_checkpoint,
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.crops import Batch, CropStream
from diachron.training.detectors.detector import DESCRIPTION, Detector
from diachron.training.detectors.journal import Journal
from diachron.training.detectors.losses import detector_loss
from diachron.training.detectors.normalisation import normalise
from diachron.training.detectors.options import TrainingOptions
from diachron.training.detectors.precision import choose_precision

# Steps over which the loss that is reported is averaged: one batch says little.
REPORTED = 20


def train_detector(
    sets: Sequence[PairSet],
    config: DetectorConfig,
    options: TrainingOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    initial: Detector | None = None,
) -> Detector:
    """Return a detector trained on labelled pairs.

    What a step sees depends on the seed and the number of the step, so a run that was stopped and resumed
    ends with the same weights as one that was not; on one machine with one number of threads, to the last
    bit.

    Args:
        sets: of pairs.
        config: of the detector.
        options: of the training.
        out: folder that receives the detector, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).
        initial: its weights are where the training starts; it is not changed.

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `initial` is of another config, or `resume` without `out`.
        SourceError, LabelError: as `CropStream`.
    """
    plan = {"config": config.to_json(), **options.to_json(), "sets": [[s.name, len(s)] for s in sets]}
    if initial is not None and initial.config != config:
        raise RecipeError(f"the detector to start from is {initial.config}, not {config}")
    if _is_finished(out, plan, resume=resume):
        return Detector.load(out)  # type: ignore[arg-type]

    accelerator = Accelerator(cpu=options.device == "cpu")
    precision = choose_precision(options.precision, accelerator.device)
    plan["precision"] = precision
    detector = Detector.untrained(config, options.seed)
    if initial is not None:
        detector.network.load_state_dict(initial.network.state_dict())
    optimizer = torch.optim.AdamW(
        detector.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    # 30 % of the steps to warm up, at least one of each phase: a run of one step is a run, too.
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=max(options.steps, 4)
    )
    network, optimizer = accelerator.prepare(detector.network, optimizer)
    run = Run(detector.network, optimizer, scheduler, [])
    if out is not None and resume and has_checkpoint(out):
        load_checkpoint(run, out, plan)

    crops = CropStream(sets, config, options.crops(), options.seed)
    folder = out if accelerator.is_main_process else None
    journal = Journal(folder, run.losses, tensorboard=options.tensorboard)
    started = time.monotonic()
    first = len(run.losses)
    network.train()
    with ThreadPoolExecutor(1) as background, journal:
        upcoming = background.submit(prepare_batch, crops, options, first)
        for step in range(first, options.steps):
            batch = upcoming.result().part(accelerator.process_index, accelerator.num_processes)
            if step + 1 < options.steps:
                upcoming = background.submit(prepare_batch, crops, options, step + 1)
            batch = batch.to(accelerator.device)
            with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=precision == "bf16"):
                answer = network(*network_inputs(batch, config))
            loss = detector_loss(answer, batch)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()

            mean: torch.Tensor = accelerator.reduce(loss.detach(), "mean")
            run.losses.append(mean.item())
            journal.note(step, run.losses[-1], float(scheduler.get_last_lr()[0]))
            if progress is not None:
                progress(step + 1, options.steps)
            due = options.checkpoint_every and (step + 1) % options.checkpoint_every == 0
            if out is not None and due and step + 1 < options.steps and accelerator.is_main_process:
                save_checkpoint(run, out, plan)

    last = run.losses[-REPORTED:]
    detector.training = {
        "plan": plan,
        "loss": sum(last) / len(last),
        "last_loss": last[-1],
        "schema": crops.pairs.schema,
        "seconds": round(time.monotonic() - started, 1),
        "steps_timed": options.steps - first,
        "started_from": initial.training.get("plan") if initial is not None else None,
    }
    detector.network.eval()
    detector.to("cpu")
    if out is not None and accelerator.is_main_process:
        detector.save(out)
        remove_checkpoint(out)
    return detector


def prepare_batch(crops: CropStream, options: TrainingOptions, step: int) -> Batch:
    """Return what a step learns from."""
    batch = crops[step]
    if not options.augment:
        return batch
    return augment(batch, stream(options.seed, step, "detector/augmentation"))


def network_inputs(batch: Batch, config: DetectorConfig) -> list[torch.Tensor]:
    """Return what the network takes of a batch."""
    inputs = [normalise(batch.t1), normalise(batch.t2)]
    if config.head == "conditional" and batch.labels_t1 is not None:
        inputs.append(batch.labels_t1)
    return inputs


def _is_finished(out: Path | None, plan: dict[str, Any], *, resume: bool) -> bool:
    """Return whether `out` holds the trained detector of this plan."""
    if out is None:
        if resume:
            raise RecipeError("a run is resumed from its folder: give `out`")
        return False
    finished = (out / DESCRIPTION).is_file()
    if not resume and (finished or has_checkpoint(out)):
        raise RunRefusedError(
            f"{out}: a detector is there already; go on with --resume, or give another --out"
        )
    if not finished:
        return False
    stored = Detector.load(out).training.get("plan", {})
    for key, value in plan.items():
        if key != "precision" and stored.get(key) != _as_stored(value):
            raise RunRefusedError(
                f"{out}: the detector there was trained with {key} {stored.get(key)}, not {value}; "
                "give another --out"
            )
    return True


def _as_stored(value: Any) -> Any:
    """Return a value as it comes back from JSON, where a tuple is a list."""
    return list(value) if isinstance(value, tuple) else value
