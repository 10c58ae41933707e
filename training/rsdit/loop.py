"""The training loop of an RSDiT, from top to bottom."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from diachron.core import hub
from diachron.core.streams import noise_seed, stream
from diachron.generators.flow.loss import flow_loss
from diachron.generators.flow.path import noised
from diachron.generators.hub.autoencoder import cell_side, encoded, load_autoencoder
from diachron.generators.hub.folders import files_hash, model_files, model_folder
from diachron.generators.hub.machine import machine_of
from diachron.generators.hub.rsdit_folder import DESCRIPTION, Planes, SavedRSDiT
from diachron.generators.models.hub_map import VALUES
from diachron.generators.models.rsdit import RSDiT, RSDiTConfig, label_planes
from diachron.training.inpainting.crop_options import check_crop
from diachron.training.inpainting.places import PlaceSet
from diachron.training.inpainting.record import plan_of, record_of, running_mean
from diachron.training.rsdit.examples import LatentBatch, LatentExamples
from diachron.training.rsdit.options import RSDiTOptions
from diachron.training.runs.beside import Frozen
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import Answer, run_steps

# Plane n is where hub id n is seen; 0 is nothing known, and is not shown.
HUB_PLANES: Planes = tuple((n,) if n in hub.NAMES and n != hub.IGNORE else () for n in range(VALUES))


def train_rsdit(
    sets: Sequence[PlaceSet],
    options: RSDiTOptions,
    vae: str,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> SavedRSDiT:
    """Return an RSDiT trained on real scenes; its weights are a running mean of those of the last steps.

    Args:
        sets: of scenes.
        options: of the training.
        vae: folder or hub id of its autoencoder, which is not changed; its files are copied to `out/vae`.
        out: folder that receives the network, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`, a crop that does not fit, or xformers where it cannot be.
        SourceError, LabelError: as `LatentExamples`.
        PackageError: the autoencoder, or what is in `out`, cannot be read.
    """
    machine_of(options.device, "fp32", options.attention)
    folder = model_folder(vae, key="vae")
    plan = plan_of(sets, options, vae=files_hash([("vae", folder)]))
    autoencoder = load_autoencoder(folder)
    channels, cell_px = autoencoder.config.latent_channels, cell_side(autoencoder)
    check_crop(options.crop_px, cell_px * options.network.patch)
    examples = LatentExamples(sets, options, channels=channels, cell_px=cell_px)
    done = finished_run(
        out, plan, SavedRSDiT.load, description=DESCRIPTION, what="an RSDiT is", resume=resume
    )
    if done is not None:
        return done

    size = replace(options.network, channels=channels, answers=channels, told_gsd=True)
    network = build_rsdit(size, options.seed)
    network.attend_by(options.attention)
    frozen = Frozen(autoencoder)

    def loss_of(answers: Answer, batch: LatentBatch) -> Tensor:
        return latent_loss(answers, batch, frozen)

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
    network.attend_by("sdpa")
    trained = SavedRSDiT(network, HUB_PLANES, "velocity", record_of(ended, sets))

    def save(target: Path) -> None:
        copy_autoencoder(folder, target / "vae")
        trained.save(target)

    ended.keep(save, out)
    return trained


def latent_loss(answers: Answer, batch: LatentBatch, vae: Frozen) -> Tensor:
    """Return how far the velocities are off, one number: everywhere in crops that are painted whole, in the
    cells of the holes in the others.

    The network is told no hole and no strength. So that it meets what renderer `rsdit` shows it, the whole
    crop is as noisy as its time says, and the way from a proposal with strength s takes the times s to 0.
    """
    with torch.no_grad():
        network = vae.on(batch.picture.device)
        picture = encoded(network, batch.picture).float()
        proposal = encoded(network, batch.proposal).float()
    side = cell_side(network)
    strength = batch.strength[:, None, None, None]
    whole = (strength >= 1.0).float()
    # Cells with any pixel of a hole are painted; cells with any pixel without data teach nothing.
    open_ = functional.max_pool2d(batch.hole, side)
    known = 1.0 - functional.max_pool2d(1.0 - batch.known, side)
    around = noised(picture, batch.noise, batch.strength)
    start = torch.where(open_ > 0, noised(proposal, batch.noise, batch.strength), around)
    weight = torch.maximum(open_, whole) * known
    # Nothing may count where a few crops have gaps in all their holes.
    weight = torch.where(weight.sum() > 0, weight, torch.ones_like(weight))
    planes = label_planes(batch.labels)

    def predict(x: Tensor, time: Tensor) -> Tensor:
        # The network answers in the time of the noise, which the walk passes `strength` times as slowly.
        answer: Tensor = answers(x, batch.strength * time, planes, batch.gsd_m)
        return strength * answer.float()

    return flow_loss(predict, picture, start, batch.time, weight)


def build_rsdit(config: RSDiTConfig, seed: int) -> RSDiT:
    """Return a network whose first weights depend on the seed alone."""
    # Layers draw their first weights from the global generator, which is handed back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(stream(seed, 0, "rsdit/weights")))
        return RSDiT(config)


def copy_autoencoder(folder: Path, target: Path) -> None:
    """Copy the files of an autoencoder that are read; nothing where they lie there already."""
    if folder.resolve() == target.resolve():
        return
    for path in model_files(folder):
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
