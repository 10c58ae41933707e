"""The training loop of an autoencoder, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from diachron.training.autoencoder.examples import CropExamples, Crops
from diachron.training.autoencoder.network import DESCRIPTION, Coder, TrainedAutoencoder
from diachron.training.autoencoder.options import AutoencoderOptions
from diachron.training.inpainting.places import PlaceSet
from diachron.training.inpainting.record import plan_of, record_of, running_mean
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import Answer, run_steps


def train_autoencoder(
    sets: Sequence[PlaceSet],
    options: AutoencoderOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> TrainedAutoencoder:
    """Return an autoencoder trained on real scenes; its weights are a running mean of the last steps'.

    In the end `scaling_factor` is set so that the latents of new crops have unit spread.

    Args:
        sets: of scenes.
        options: of the training.
        out: folder that receives `vae/`, the card, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`.
        SourceError, LabelError: as `CropExamples`.
        PackageError: what is in `out` cannot be read.
    """
    examples = CropExamples(sets, options)
    plan = plan_of(sets, options)
    done = finished_run(
        out,
        plan,
        TrainedAutoencoder.load,
        description=DESCRIPTION,
        what="an autoencoder is",
        resume=resume,
    )
    if done is not None:
        return done

    trained = TrainedAutoencoder.untrained(options)

    def loss_of(answers: Answer, batch: Crops) -> Tensor:
        return coding_loss(answers, batch, kl=options.kl)

    ended = run_steps(
        Coder(trained.vae),
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
    spread = latent_spread(trained, examples[options.steps])
    trained.vae.register_to_config(scaling_factor=1.0 / spread)
    trained.training = record_of(ended, sets)
    ended.keep(trained.save, out)
    return trained


def coding_loss(answers: Answer, batch: Crops, *, kl: float) -> Tensor:
    """Return the mean absolute error where there is image data, and the KL divergence, one number.

    Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", appendix B, for the divergence from
    the standard normal.

    Args:
        answers: a `Coder`.
        batch: of crops.
        kl: weight of the divergence, which counts a value of the picture, too.
    """
    given, mean, logvar = (answer.float() for answer in answers(batch.picture, batch.noise))
    error = ((given - batch.picture).abs() * batch.known).sum() / (3.0 * batch.known.sum()).clamp(min=1.0)
    divergence = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).sum() / batch.picture.numel()
    return error + kl * divergence


def latent_spread(trained: TrainedAutoencoder, batch: Crops) -> float:
    """Return the standard deviation of the latents of some crops.

    Source: Rombach et al. 2022, appendix G: networks learn from latents of unit spread.
    """
    with torch.inference_mode():
        return float(trained.vae.encode(batch.picture).latent_dist.mode().std().clamp(min=1e-6))
