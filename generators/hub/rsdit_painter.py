"""RSDiT as a brush: pictures to latents, a walk from noise that keeps what is around a hole, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from diachron.core.errors import PackageError
from diachron.generators.flow.path import point
from diachron.generators.flow.schedule import times
from diachron.generators.flow.solvers import euler
from diachron.generators.hub.autoencoder import cell_side, decoded, encoded, load_autoencoder
from diachron.generators.hub.folders import files_hash, model_folder
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.rsdit_folder import SavedRSDiT

# Source: the public code of DiT (Peebles and Xie 2023), whose training Changen2 took over: a thousand steps,
# noise on the way from 1e-4 to 0.02 in a straight line.
NOISE_STEPS = 1000
BETAS = (1e-4, 0.02)

# (x, time from 1 to 0) -> answer.
Network = Callable[[Tensor, float], Tensor]


@dataclass(frozen=True)
class Latents:
    """A hole as latents, (1, channels, h, w) each.

    Args:
        known: of the picture.
        start: of the picture with the proposal in the hole.
        open: (1, 1, h, w) 1 in each cell that holds a pixel of the hole.
        noise: standard normal.
    """

    known: Tensor
    start: Tensor
    open: Tensor
    noise: Tensor

    def joined(self, inside: Tensor, outside: Tensor) -> Tensor:
        """Return one latent inside the hole and another around it."""
        return self.open * inside + (1.0 - self.open) * outside


def denoised(
    network: Network, latents: Latents, *, strength: float, steps: int, rng: torch.Generator
) -> Tensor:
    """Return latents painted by a network that answers noise and its spread, step by step as it was trained.

    At each step what is around the hole is that of the picture, as noisy as the step, as in Changen2's masked
    sampling. The walk is the one of improved diffusion with a learned spread; diffusers has it.

    Source: Nichol and Dhariwal 2021, "Improved Denoising Diffusion Probabilistic Models", eq. 15; Lugmayr et
    al. 2022, "RePaint", eq. 8.

    Args:
        network: answers (1, 2 channels, h, w).
        latents: of the hole.
        strength: share of the steps that are done; with 1 the walk begins at noise alone.
        steps: that the thousand of the training are thinned to, at least 2.
        rng: of the noise of each step.
    """
    from diffusers import DDPMScheduler

    scheduler: Any = DDPMScheduler(
        num_train_timesteps=NOISE_STEPS,
        beta_start=BETAS[0],
        beta_end=BETAS[1],
        beta_schedule="linear",
        variance_type="learned_range",
        clip_sample=False,
        # First and last step are always among them, as in the public code that thins the steps.
        timestep_spacing="linspace",
    )
    scheduler.set_timesteps(steps)
    done = max(1, round(steps * strength))
    chosen = scheduler.timesteps[steps - done :]
    x = latents.noise if strength >= 1.0 else scheduler.add_noise(latents.start, latents.noise, chosen[:1])
    for step in chosen:
        x = latents.joined(x, scheduler.add_noise(latents.known, latents.noise, step[None]))
        answer = network(x, float(step) / NOISE_STEPS)
        x = scheduler.step(answer, step, x, generator=rng, return_dict=False)[0]
    return latents.joined(x, latents.known)


def walked(network: Network, latents: Latents, *, strength: float, steps: int) -> Tensor:
    """Return latents painted by a network that answers velocities, see `generators.flow`.

    Around the hole the picture moves along its own straight path, so that it is as noisy as the hole.

    Args:
        network: answers (1, channels, h, w).
        latents: of the hole.
        strength: time at which the walk begins.
        steps: of Euler's rule.
    """

    def velocity(x: Tensor, time: Tensor) -> Tensor:
        return latents.joined(network(x, float(time[0])), latents.noise - latents.known)

    at = torch.tensor([strength])
    start = latents.joined(point(latents.start, latents.noise, at), point(latents.known, latents.noise, at))
    x = euler(velocity, start, [strength * time for time in times(steps)])
    return latents.joined(x, latents.known)


@dataclass(frozen=True)
class RSDiTBrush:
    """A network and an autoencoder with the manner in which they are asked.

    Args:
        saved: the network.
        vae: autoencoder of diffusers with as many latent channels.
        machine: where they compute.
        strength: share of noise that the proposal is buried in.
        steps: of the walk.
        guidance: above 1 heeds the labels more, at twice the cost; 1 is off.
    """

    saved: SavedRSDiT
    vae: Any
    machine: Machine
    strength: float
    steps: int
    guidance: float

    @property
    def cell_px(self) -> int:
        """Pixels a side of a cell of the autoencoder."""
        return cell_side(self.vae)

    @property
    def multiple(self) -> int:
        """Side of a token in pixels."""
        return self.cell_px * self.saved.network.config.patch

    def paint(self, hole: Hole) -> NDArray[np.float32]:
        """Return (3, S, S) the window as the autoencoder gives it back, 0 to 1.

        Args:
            hole: S is a multiple of `multiple`.
        """
        device = torch.device(self.machine.device)
        # On the CPU, so that it is the same noise wherever the network computes.
        rng = torch.Generator().manual_seed(hole.seed)
        with self.machine.threads(), torch.inference_mode():
            mask = torch.from_numpy(hole.hole.astype(np.float32))[None, None].to(device)
            begun = np.where(hole.hole, hole.proposal, hole.picture)
            known, start = self._encoded(np.stack([hole.picture, begun])).split(1)
            latents = Latents(
                known=known,
                start=start,
                open=functional.max_pool2d(mask, self.cell_px),
                noise=torch.randn(known.shape, generator=rng).to(device),
            )
            planes = self.saved.shown(hole.labels).to(device)

            def network(x: Tensor, time: float) -> Tensor:
                return self._answer(x, time, planes, hole.gsd_m)

            if self.saved.aim == "noise":
                found = denoised(network, latents, strength=self.strength, steps=self.steps, rng=rng)
            else:
                found = walked(network, latents, strength=self.strength, steps=self.steps)
            return self._decoded(found)

    def _answer(self, x: Tensor, time: float, planes: Tensor, gsd_m: float) -> Tensor:
        """Return the network's answer; what is guided is noise or velocity, never the spread beside it."""
        at = torch.full((1,), time, device=x.device)
        gsd = torch.full((1,), gsd_m, device=x.device)
        network = self.saved.network
        kind = x.device.type
        with torch.autocast(kind, torch.bfloat16, enabled=self.machine.precision == "bf16"):
            told = network(x, at, planes, gsd).float()
            if self.guidance == 1.0:
                return told
            free = network(x, at, torch.zeros_like(planes), gsd).float()
        channels = network.config.channels
        aimed = free[:, :channels] + self.guidance * (told[:, :channels] - free[:, :channels])
        return torch.cat([aimed, told[:, channels:]], dim=1)

    def _encoded(self, pictures: NDArray[np.float32]) -> Tensor:
        return encoded(self.vae, torch.from_numpy(pictures).to(self.vae.device) * 2.0 - 1.0)

    def _decoded(self, latents: Tensor) -> NDArray[np.float32]:
        pixels = decoded(self.vae, latents)[0]
        unit: NDArray[np.float32] = (pixels * 0.5 + 0.5).clamp(0.0, 1.0).float().cpu().numpy()
        return unit


def folders_of(weights: str, vae: str | None) -> tuple[Path, Path]:
    """Return the folders of a network and of its autoencoder.

    Args:
        weights: folder or hub id.
        vae: the same; None for the folder `vae` in that of the network.

    Raises:
        PackageError: one is missing.
    """
    folder = model_folder(weights, key="weights")
    beside = folder / "vae"
    if vae is None and not beside.is_dir():
        raise PackageError(
            f"{folder}: holds no folder `vae`; put the autoencoder of the network there, or name it with "
            "--set renderer.vae=DIR: published RSDiT weights fit one of Stable Diffusion's with 4 channels, "
            "such as stabilityai/sd-vae-ft-mse"
        )
    return folder, beside if vae is None else model_folder(vae, key="vae")


def rsdit_hash(weights: str, vae: str | None) -> str:
    """Return the SHA-256 of the files of a network and of its autoencoder.

    Raises:
        PackageError: as `folders_of`.
    """
    folder, autoencoder = folders_of(weights, vae)
    own = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".safetensors"))
    if not any(path.suffix == ".safetensors" for path in own):
        raise PackageError(
            f"{folder}: holds no weights of an RSDiT; convert published ones with "
            "`diachron convert rsdit CHECKPOINT --labels SCHEME --out DIR`"
        )
    return files_hash([*((path.name, path) for path in own), ("vae", autoencoder)])


@cache
def load_rsdit(weights: str, vae: str | None, machine: Machine) -> tuple[SavedRSDiT, Any, str]:
    """Return a network, its autoencoder and the hash of their files; read once a process.

    Raises:
        PackageError: one is missing, cannot be read, or they do not fit each other.
    """
    digest = rsdit_hash(weights, vae)
    folder, beside = folders_of(weights, vae)
    saved = SavedRSDiT.load(folder)
    autoencoder = load_autoencoder(beside)
    channels = autoencoder.config.latent_channels
    if channels != saved.network.config.channels:
        raise PackageError(
            f"{beside}: has {channels} latent channels, the network {saved.network.config.channels}; give "
            "the autoencoder that it was trained with"
        )
    saved.network.to(machine.device)
    saved.network.attend_by(machine.attention)
    return saved, autoencoder.to(machine.device), digest
