"""The training loop of a LoRA, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from diachron.generators.hub.autoencoder import encoded
from diachron.generators.hub.machine import machine_of
from diachron.training.inpainting.crop_options import check_crop
from diachron.training.inpainting.places import PlaceSet
from diachron.training.inpainting.record import plan_of, record_of, running_mean
from diachron.training.lora.adapter import DESCRIPTION, Adapted, TrainedLora
from diachron.training.lora.base import Base, load_base
from diachron.training.lora.examples import PromptedBatch, PromptedExamples
from diachron.training.lora.options import LoraOptions
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import Answer, run_steps


def train_lora(
    sets: Sequence[PlaceSet],
    options: LoraOptions,
    weights: str,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> TrainedLora:
    """Return a LoRA trained on real scenes; its weights are a running mean of those of the last steps.

    Args:
        sets: of scenes.
        options: of the training.
        weights: folder or hub id of a Stable Diffusion for inpainting, which is not changed.
        out: folder that receives the LoRA, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`, a crop that does not fit, xformers where it cannot be, or
            transformers or peft is not installed.
        SourceError, LabelError: as `PromptedExamples`.
        PackageError: `weights`, or what is in `out`, cannot be read.
    """
    machine_of(options.device, "fp32", options.attention)
    base = load_base(weights)
    check_crop(options.crop_px, base.multiple_px)
    examples = PromptedExamples(sets, options, base)
    plan = plan_of(sets, options, weights=base.digest)
    done = finished_run(out, plan, TrainedLora.load, description=DESCRIPTION, what="a LoRA is", resume=resume)
    if done is not None:
        return done

    network = Adapted(base.unet, options.rank, options.seed)
    if options.attention == "xformers":
        base.unet.enable_xformers_memory_efficient_attention()

    def loss_of(answers: Answer, batch: PromptedBatch) -> Tensor:
        return noise_loss(answers, batch, base)

    ended = run_steps(
        network,
        examples.__getitem__,
        loss_of,
        options,
        plan,
        out=out,
        resume=resume,
        progress=progress,
        averaged=running_mean(options),
        clip=1.0,
    )
    trained = TrainedLora(network.layers(), record_of(ended, sets))
    ended.keep(trained.save, out)
    return trained


def noise_loss(answers: Answer, batch: PromptedBatch, base: Base) -> Tensor:
    """Return how far the noise is off, or the velocity where the network answers that, one number.

    As the network was trained: over the whole crop, in and around the hole, where there is image data.

    Source: Ho, Jain, Abbeel 2020, "Denoising Diffusion Probabilistic Models", eq. 14; Salimans and Ho 2022,
    "Progressive Distillation", appendix D, for the velocity.
    """
    device = batch.picture.device
    with torch.no_grad():
        vae = base.vae.on(device)
        # The mask is that of the renderer: every cell with a pixel of the hole, and those pixels are grey.
        open_ = functional.max_pool2d(batch.hole, base.cell_px)
        covered = functional.interpolate(open_, scale_factor=base.cell_px, mode="nearest")
        picture = encoded(vae, batch.picture).float()
        masked = encoded(vae, batch.picture * (1.0 - covered)).float()
        told = base.text_encoder.on(device)(batch.tokens)[0]
    scheduler = base.scheduler
    steps = int(scheduler.config.num_train_timesteps)
    step = (batch.time * steps).long().clamp(max=steps - 1)
    noisy = scheduler.add_noise(picture, batch.noise, step)
    velocity = scheduler.config.prediction_type == "v_prediction"
    wanted = scheduler.get_velocity(picture, batch.noise, step) if velocity else batch.noise
    answer: Tensor = answers(torch.cat([noisy, open_, masked], dim=1), step, told)
    known = 1.0 - functional.max_pool2d(1.0 - batch.known, base.cell_px)
    squared = (answer.float() - wanted).square() * known
    return squared.sum() / (known.sum() * base.channels).clamp(min=1.0)
