"""Two looks at the same ground: another window, another date where there is one, turned, in other colours.

Each place comes twice: as it is, and spoilt in one way. Both looks at spoilt ground are spoilt alike, so
that the features must say how a crop looks and not only what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from diachron.core.streams import stream
from diachron.training.detectors.averaging import average_down

CROP_PX = 64
# A crop spans up to this many pixels of its picture, so that one network serves several distances.
WIDEST_PX = 160
# The second window lies within this share of the side from the first: most of the ground is the same.
SHIFT = 0.3
# Spreads of the colours. Small: what a sensor does to colours should stay visible in the features.
GAIN, BAND_GAIN, GAMMA = 0.15, 0.05, 0.15
# Ranges of what spoils a crop: blur in pixels, noise over full scale.
BLUR_PX, NOISE = (0.6, 2.0), (0.01, 0.05)


@dataclass(frozen=True)
class Place:
    """Ground that was seen once or several times.

    Args:
        name: of the place.
        dates: (3, H, W) uint8 pictures on one grid, at least `CROP_PX` on each side.
    """

    name: str
    dates: tuple[NDArray[np.uint8], ...]


def draw_views(places: Sequence[Place], number: int, seed: int, step: int) -> tuple[Tensor, Tensor]:
    """Return two views each of `number` places, as they are and spoilt, (2 N, 3, CROP_PX, CROP_PX) in 0-1.

    Args:
        places: to draw from, at least `number`.
        number: of different places.
        seed: of the run.
        step: its batch depends on seed and step alone.
    """
    rng = stream(seed, step, "features/views")
    chosen = rng.choice(len(places), number, replace=False)
    rows = []
    for index in chosen:
        rows.append(_two_views(places[int(index)], rng))
        blur = float(rng.uniform(*BLUR_PX)) if rng.random() < 0.5 else 0.0
        noise = 0.0 if blur else float(rng.uniform(*NOISE))
        one, other = (_spoilt(view, blur, noise, rng) for view in _two_views(places[int(index)], rng))
        rows.append((one, other))
    first, second = (torch.from_numpy(np.stack(views)) for views in zip(*rows, strict=True))
    return first, second


def _spoilt(
    view: NDArray[np.float32], blur_px: float, noise: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    if blur_px:
        soft: NDArray[np.float32] = ndimage.gaussian_filter(view, (0, blur_px, blur_px))
        return soft
    grain = np.float32(noise) * rng.standard_normal(view.shape, np.float32)
    return np.clip(view + grain, 0.0, 1.0)


def _two_views(place: Place, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, cols = place.dates[0].shape[1:]
    side = int(np.exp(rng.uniform(np.log(CROP_PX), np.log(min(WIDEST_PX, rows, cols)))))
    room = np.array([rows - side, cols - side])
    start = np.floor(rng.random(2) * (room + 1))
    near = np.clip(np.round(start + rng.uniform(-SHIFT, SHIFT, 2) * side), 0, room)
    dates = rng.permutation(len(place.dates))
    return (
        _view(place.dates[dates[0]], start.astype(int), side, rng),
        _view(place.dates[dates[-1]], near.astype(int), side, rng),
    )


def _view(
    picture: NDArray[np.uint8], start: NDArray[np.int_], side: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    window = picture[:, start[0] : start[0] + side, start[1] : start[1] + side]
    unit = average_down(window.astype(np.float32) / np.float32(255.0), CROP_PX)
    turned = np.rot90(unit, int(rng.integers(4)), axes=(1, 2))
    if rng.random() < 0.5:
        turned = turned[:, :, ::-1]
    gain = np.exp(rng.normal(0.0, GAIN) + rng.normal(0.0, BAND_GAIN, (3, 1, 1)))
    gamma = np.exp(rng.normal(0.0, GAMMA))
    coloured: NDArray[np.float32] = turned ** np.float32(gamma) * gain.astype(np.float32)
    return np.clip(coloured, 0.0, 1.0, out=coloured)
