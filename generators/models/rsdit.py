"""RSDiT: a transformer for any size, whose tokens know their place from the label map.

As in Changen2: most blocks attend within windows, every fourth over the whole picture; there is no table of
positions, a depthwise convolution in each block and the label map, added to every token, stand for it. It is
large: its sizes are for a GPU, and for published weights.

Source: Zheng et al. 2024, "Changen2: Multi-Temporal Remote Sensing Generative Change Foundation Model",
section 3.3; sizes, windows and names of layers after its public code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.errors import UnknownNameError, nearest_names
from diachron.generators.models.attention import attended
from diachron.generators.models.conditions import waves
from diachron.generators.models.hub_map import VALUES

# Width of the waves that tell the time, and what a time of 1 counts there: steps of the published training.
WAVES = 256
TIME_STEPS = 1000.0


@dataclass(frozen=True)
class RSDiTConfig:
    """The size of a network.

    Args:
        depth: blocks.
        width: of a token.
        heads: of attention.
        patch: cells a side of a token.
        window: tokens a side within which most blocks attend.
        every: each block of so many attends over the whole picture, the last of them.
        channels, answers: of a cell, in and out.
        label_planes: of the label map.
        told_gsd: whether it is told how many metres a pixel is; the published ones are not.
    """

    depth: int
    width: int
    heads: int
    patch: int = 2
    window: int = 8
    every: int = 4
    channels: int = 4
    answers: int = 4
    label_planes: int = VALUES
    told_gsd: bool = False


# Name -> depth, width and heads.
SIZES: dict[str, tuple[int, int, int]] = {
    "S": (12, 384, 6),
    "B": (12, 768, 12),
    "L": (24, 1024, 16),
    "XL": (28, 1152, 16),
}


def rsdit_config(size: str, *, channels: int = 4, answers: int = 4) -> RSDiTConfig:
    """Return the config of a published size.

    Args:
        size: S, B, L or XL.
        channels, answers: as in `RSDiTConfig`; the published weights answer 8, noise and its spread.

    Raises:
        UnknownNameError: there is no such size.
    """
    if size not in SIZES:
        raise UnknownNameError(f"no size of RSDiT is called '{size}'; {nearest_names(size, SIZES)}")
    return RSDiTConfig(*SIZES[size], channels=channels, answers=answers)


class RSDiT(nn.Module):
    """Predicts a velocity, or whatever else it was trained for, from noisy cells and a label map.

    Args:
        config: its size.
    """

    def __init__(self, config: RSDiTConfig) -> None:
        super().__init__()
        self.config = config
        width, patch = config.width, config.patch
        self.x_embedder = _PatchEmbedder(config.channels, width, patch)
        self.t_embedder = _TimeEmbedder(width)
        self.y_embedder = _LabelEmbedder(config.label_planes, width)
        if config.told_gsd:
            self.g_embedder = _GsdEmbedder(width)
        self.blocks = nn.ModuleList(
            _Block(width, config.heads, None if number % config.every == config.every - 1 else config.window)
            for number in range(config.depth)
        )
        self.final_layer = _FinalLayer(width, patch**2 * config.answers)

    def attend_by(self, kind: str) -> None:
        """Choose how tokens attend: `sdpa`, as at first, or `xformers`; see `attention.attended`."""
        for module in self.modules():
            if isinstance(module, _Attention):
                module.kind = kind

    def forward(self, x: Tensor, time: Tensor, labels: Tensor, gsd_m: Tensor | None = None) -> Tensor:
        """Return (N, answers, h, w).

        Args:
            x: (N, channels, h, w) noisy cells; h and w are multiples of the patch.
            time: (N,) from 1 to 0, see `generators.flow`.
            labels: (N, label_planes, H, W) float, at the full size of the picture: sixteen pixels a side of a
                token as published, but any size is laid over the tokens.
            gsd_m: (N,) metres a pixel of the picture; not looked at by a network that is not told.
        """
        tokens = self.x_embedder(x)
        shape = (int(tokens.shape[2]), int(tokens.shape[3]))
        told = self.y_embedder(labels, shape) + self.t_embedder(time)[:, None]
        if self.config.told_gsd:
            if gsd_m is None:
                raise ValueError("this network is told the gsd, and none is given")
            told = told + self.g_embedder(gsd_m)[:, None]
        tokens = tokens.flatten(2).transpose(1, 2)
        for block in self.blocks:
            tokens = block(tokens, told, shape)
        cells: Tensor = self.final_layer(tokens, told)
        patch = self.config.patch
        # Channels come last within a token, rows and columns of the patch first, as published.
        cells = cells.unflatten(2, (patch, patch, self.config.answers)).unflatten(1, shape)
        return cells.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)


def label_planes(labels: Tensor) -> Tensor:
    """Return (N, VALUES, H, W) float planes of (N, H, W) hub ids; all 0 where nothing is known."""
    planes = functional.one_hot(labels.long(), VALUES).movedim(-1, 1).float()
    planes[:, 0] = 0.0
    return planes


class _PatchEmbedder(nn.Module):
    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.proj(x)
        return out


class _TimeEmbedder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(WAVES, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, time: Tensor) -> Tensor:
        half = WAVES // 2
        rates = torch.exp(-math.log(10000.0) * torch.arange(half, device=time.device) / half)
        angles = TIME_STEPS * time.float()[:, None] * rates
        out: Tensor = self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))
        return out


class _GsdEmbedder(nn.Module):
    """As that of the time; it begins with nothing to say."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(WAVES, width), nn.SiLU(), nn.Linear(width, width))
        _silence(self.mlp[2])

    def forward(self, gsd_m: Tensor) -> Tensor:
        # By its logarithm, as in `conditions.Situation`.
        out: Tensor = self.mlp(waves(gsd_m.float().log10(), WAVES))
        return out


class _LabelEmbedder(nn.Module):
    """Convolutions on the label map down to an eighth of its size, then the nearest at each token."""

    def __init__(self, planes: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = planes
        for number, part in enumerate((8, 8, 4, 4, 2, 2, 1, 1)):
            # Where the width grows the size halves.
            stride = 2 if number in (2, 4, 6) else 1
            layers += [
                nn.Conv2d(before, width // part, 3, stride=stride, padding=1),
                _LayerNorm2d(width // part, eps=1e-6),
                nn.SiLU(),
            ]
            before = width // part
        # As published nothing bends the last one.
        self.convs = nn.Sequential(*layers[:-1])

    def forward(self, labels: Tensor, shape: tuple[int, int]) -> Tensor:
        seen = functional.interpolate(self.convs(labels), size=shape, mode="nearest")
        return seen.flatten(2).transpose(1, 2)


class _LayerNorm2d(nn.LayerNorm):
    """Normalises the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class _Block(nn.Module):
    """Attention and a perceptron, each shifted, scaled and weighed by what its token is told (adaLN-Zero)."""

    def __init__(self, width: int, heads: int, window: int | None) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attn = _Attention(width, heads, window)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.mlp = _Perceptron(width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        _silence(self.adaLN_modulation[1])

    def forward(self, x: Tensor, told: Tensor, shape: tuple[int, int]) -> Tensor:
        shift1, scale1, weight1, shift2, scale2, weight2 = self.adaLN_modulation(told).chunk(6, dim=-1)
        x = x + weight1 * self.attn(self.norm1(x) * (1.0 + scale1) + shift1, shape)
        out: Tensor = x + weight2 * self.mlp(self.norm2(x) * (1.0 + scale2) + shift2, shape)
        return out


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int, window: int | None) -> None:
        super().__init__()
        self.heads, self.window, self.kind = heads, window, "sdpa"
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, shape: tuple[int, int]) -> Tensor:
        if self.window is None:
            return self._among(x)
        side, (rows, cols), width = self.window, shape, x.shape[-1]
        grid = x.unflatten(1, shape)
        # Windows at the edge are filled up with zeros, which are attended to like others, as published.
        grid = functional.pad(grid, (0, 0, 0, -cols % side, 0, -rows % side))
        down, right = grid.shape[1] // side, grid.shape[2] // side
        windows = grid.unflatten(2, (right, side)).unflatten(1, (down, side)).transpose(2, 3)
        seen = self._among(windows.reshape(-1, side * side, width))
        seen = seen.view(len(x), down, right, side, side, width).transpose(2, 3)
        return seen.flatten(3, 4).flatten(1, 2)[:, :rows, :cols].flatten(1, 2)

    def _among(self, x: Tensor) -> Tensor:
        """Return (N, T, width) tokens after each has attended to all T."""
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        seen = attended(query, key, value, self.kind)
        out: Tensor = self.proj(seen.transpose(1, 2).flatten(2))
        return out


class _Perceptron(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.dwconv = nn.Conv2d(4 * width, 4 * width, 3, padding=1, groups=4 * width, bias=False)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, shape: tuple[int, int]) -> Tensor:
        inner = self.dwconv(self.fc1(x).transpose(1, 2).unflatten(2, shape))
        out: Tensor = self.fc2(functional.gelu(inner.flatten(2).transpose(1, 2), approximate="tanh"))
        return out


class _FinalLayer(nn.Module):
    def __init__(self, width: int, answers: int) -> None:
        super().__init__()
        self.norm_final = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.linear = nn.Linear(width, answers)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        _silence(self.linear)
        _silence(self.adaLN_modulation[1])

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        shift, scale = self.adaLN_modulation(told).chunk(2, dim=-1)
        out: Tensor = self.linear(self.norm_final(x) * (1.0 + scale) + shift)
        return out


def _silence(layer: nn.Module) -> None:
    """Let a layer begin with zeros, so that its block begins as a short cut."""
    for values in layer.parameters():
        nn.init.zeros_(values)
