"""A compact U-Net on cells of 2 × 2 pixels: small enough for two cores, and no autoencoder is needed.

A cell is shown as its mean and three differences (a Haar transform). Noise fills the differences, and a
picture hardly does. From plain pixels side by side a network has to find that out first: after 130 steps of 8
crops all the noise was still there, with the transform and the short way beside the levels none was.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.errors import RecipeError
from diachron.core.streams import noise_seed, stream
from diachron.generators.models.conditions import Conditions, Situation
from diachron.generators.models.hub_map import VALUES

# Largest group of channels that are normalised together.
GROUP = 16
# The network tells how far a point is from the picture, and the velocity is that over the time, but over no
# less than this: a solver of 100 steps looks for the last time here.
SOONEST = 0.01
# Of a cell's pixels, row by row: mean, then differences across, down, and of both diagonals.
_TO_CELLS = ((0.25, 0.25, 0.25, 0.25), (0.5, -0.5, 0.5, -0.5), (0.5, 0.5, -0.5, -0.5), (0.5, -0.5, -0.5, 0.5))
_FROM_CELLS = ((1.0, 0.5, 0.5, 0.5), (1.0, -0.5, 0.5, -0.5), (1.0, 0.5, -0.5, -0.5), (1.0, -0.5, -0.5, 0.5))


@dataclass(frozen=True)
class UNetConfig:
    """The size of a network.

    Args:
        widths: channels of each level, finest first, multiples of 8.
        blocks: residual blocks of a level, on the way down and on the way up.
        label_width: numbers that a hub id becomes.
        situation: width of the vector of time, strength and gsd.
        shown_proposal: whether it is shown what stands in the hole as it is, too, and not in noise alone: the
            noise hides grain and fine lines that are to be kept.
        grain: whether the noise that it begins from is `noise_field.grain_of`, and not white.

    Raises:
        RecipeError: a number is out of range.
    """

    widths: tuple[int, ...] = (48, 96, 144, 192)
    blocks: int = 1
    label_width: int = 4
    situation: int = 128
    shown_proposal: bool = False
    grain: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        if min(self.blocks, self.label_width, self.situation) < 1 or not self.widths:
            raise RecipeError(f"{self}: expected numbers of at least 1 and one width or more")
        if any(width < 8 or width % 8 for width in self.widths):
            raise RecipeError(f"widths {list(self.widths)}: expected multiples of 8")

    @property
    def stride(self) -> int:
        """Sides of a picture are multiples of it."""
        return int(2 ** len(self.widths))

    def to_json(self) -> dict[str, Any]:
        """Return the size as stored."""
        return {**asdict(self), "widths": list(self.widths)}


class Block(nn.Module):
    """Two convolutions around the situation, beside a short cut.

    The situation scales and shifts what the first convolution gives (Dhariwal and Nichol 2021, section 3, in
    the form of Perez et al. 2018).
    """

    def __init__(self, before: int, width: int, situation: int) -> None:
        super().__init__()
        self.norm1 = _norm(before)
        self.conv1 = nn.Conv2d(before, width, 3, padding=1)
        self.situation = nn.Linear(situation, 2 * width)
        self.norm2 = _norm(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.short = nn.Identity() if before == width else nn.Conv2d(before, width, 1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, situation: Tensor) -> Tensor:
        """Return (N, width, h, w)."""
        scale, shift = self.situation(situation)[:, :, None, None].chunk(2, dim=1)
        inner = self.conv1(functional.silu(self.norm1(x)))
        inner = self.conv2(functional.silu(self.norm2(inner) * (1.0 + scale) + shift))
        out: Tensor = self.short(x) + inner
        return out


class PaintingUNet(nn.Module):
    """Predicts the velocity of a picture that is being painted.

    Args:
        config: its size.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.labels = nn.Embedding(VALUES, config.label_width)
        self.situation = Situation(config.situation)
        seen = 6 if config.shown_proposal else 3
        self.stem = nn.Conv2d((seen + 1 + config.label_width) * 4, widths[0], 3, padding=1)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        before = widths[0]
        kept = []
        for width in widths:
            level = nn.ModuleList()
            for _ in range(config.blocks):
                level.append(Block(before, width, config.situation))
                before = width
                kept.append(width)
            self.down.append(level)
        self.middle = Block(before, before, config.situation)
        for width in reversed(widths):
            level = nn.ModuleList()
            for _ in range(config.blocks):
                level.append(Block(before + kept.pop(), width, config.situation))
                before = width
            self.up.append(level)
        self.norm = _norm(before)
        self.paint = nn.Conv2d(before, 12, 3, padding=1)
        # A short way for what is plainly noise, weighed by the situation.
        self.straight = nn.Conv2d(4 * seen, 12, 3, padding=1)
        self.share = nn.Linear(config.situation, 12)
        # It begins as a network that leaves everything as it is.
        for layer in (self.paint, self.straight):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    @property
    def stride(self) -> int:
        """Sides of a picture are multiples of it."""
        return self.config.stride

    def forward(self, x: Tensor, time: Tensor, known: Conditions) -> Tensor:
        """Return (N, 3, H, W) velocities.

        Args:
            x: (N, 3, H, W) pictures as `pixels.to_network` gives them, noisy in the hole and real around it;
                sides are multiples of `stride`.
            time: (N,) see `generators.flow`.
            known: what else is known; with its proposal where the config asks for one.
        """
        situation = functional.silu(self.situation(time, known.strength, known.gsd_m))
        labels = self.labels(known.labels.long()).movedim(-1, 1)
        cells = to_cells(x)
        if self.config.shown_proposal:
            if known.proposal is None:
                raise ValueError("this network is shown the proposal, and none is among the conditions")
            cells = torch.cat([cells, to_cells(known.proposal.to(x.dtype))], dim=1)
        maps = functional.pixel_unshuffle(torch.cat([known.hole.to(x.dtype), labels.to(x.dtype)], dim=1), 2)
        x = self.stem(torch.cat([cells, maps], dim=1).contiguous(memory_format=torch.channels_last))
        kept = []
        for number, level in enumerate(self.down):
            if number:
                x = functional.avg_pool2d(x, 2)
            for block in level:  # type: ignore[attr-defined]
                x = block(x, situation)
                kept.append(x)
        x = self.middle(x, situation)
        for number, level in enumerate(self.up):
            if number:
                x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            for block in level:  # type: ignore[attr-defined]
                x = block(torch.cat([x, kept.pop()], dim=1), situation)
        share = self.share(situation)[:, :, None, None]
        ahead = self.paint(functional.silu(self.norm(x))) + share * self.straight(cells)
        away = from_cells(ahead.float())
        return away / time.float().clamp(min=SOONEST)[:, None, None, None]


def to_cells(picture: Tensor) -> Tensor:
    """Return (N, 4 C, H/2, W/2): of each band the mean of a cell and its three differences.

    White noise has the same spread in each difference as in the picture.
    """
    return _mixed(functional.pixel_unshuffle(picture, 2), _TO_CELLS)


def from_cells(cells: Tensor) -> Tensor:
    """Return the (N, C, H, W) picture of its cells; the inverse of `to_cells`."""
    return functional.pixel_shuffle(_mixed(cells, _FROM_CELLS), 2)


def _mixed(cells: Tensor, rows: tuple[tuple[float, ...], ...]) -> Tensor:
    """Return cells of which every four channels are mixed by a matrix."""
    by_band = cells.unflatten(1, (-1, 4))
    return torch.einsum("ij,nbjhw->nbihw", by_band.new_tensor(rows), by_band).flatten(1, 2)


def build_unet(config: UNetConfig, seed: int) -> PaintingUNet:
    """Return a network whose first weights depend on the seed alone."""
    # Layers draw their first weights from the global generator, which is handed back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(stream(seed, 0, "painting/weights")))
        network = PaintingUNet(config)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, width // GROUP) if width % GROUP == 0 else width // 8, width)
