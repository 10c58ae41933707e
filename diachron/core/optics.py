"""How sharp and how noisy a picture is, measured from the picture itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from diachron.core.scene import Scene

Mask = NDArray[np.bool_]

# Where too few edges are found: between a sharp aerial (0.5) and a smoothed satellite picture (1).
USUAL_BLUR_PX = 0.7
FEWEST_EDGES = 60
# Pixels on each side of an edge that its step is measured over, and from an outline that edges are sought.
HALF_SPAN_PX = 3
NEAR_PX = 4
# An edge is one of the strongest steps, and falls or rises nearly all the way: the sum of its differences is
# hardly more than their total. Texture is neither.
STRONG_QUANTILE = 0.85
MONOTONE = 1.15
# Walls, eaves and kerbs mix sharp steps with slopes; the sharp ones tell the optics.
SHARP_QUANTILE = 0.3
# A pixel integrates over its own width: variance of a box of one pixel.
PIXEL_VARIANCE = 1.0 / 12.0
BLOCK_PX = 8
# The flattest blocks show the noise; the rest is what grows there.
FLAT_QUANTILE = 0.1


@dataclass(frozen=True)
class Optics:
    """Sharpness and noise of a picture.

    Args:
        blur_px: standard deviation of the Gaussian that a sharp edge was smoothed with, in pixels.
        noise: (C,) standard deviation of the noise, in the source's scale.
    """

    blur_px: float
    noise: tuple[float, ...]


_KEPT: WeakKeyDictionary[Scene, Optics] = WeakKeyDictionary()


def optics_of(scene: Scene) -> Optics:
    """Return the optics of a scene, measured at the first call."""
    kept = _KEPT.get(scene)
    if kept is None:
        bright = scene.image[:3].mean(axis=0, dtype=np.float32)
        near = _near_outlines(scene.instances)
        blur = edge_blur_px(bright, (near if near.any() else np.ones(bright.shape, bool)) & ~scene.ignored)
        kept = _KEPT[scene] = Optics(blur, noise_of(scene.image, scene.ignored, scene.full_scale))
    return kept


def edge_blur_px(bright: NDArray[np.float32], where: Mask) -> float:
    """Return the Gaussian blur of the sharp edges of a picture, in pixels.

    Across a step of height A that was smoothed with a Gaussian of variance v, the squares of the differences
    of neighbours sum to A^2 / (2 sqrt(pi v)), wherever the edge lies between pixels. That is solved for v; a
    slanted edge is wider along rows or columns by one over the cosine of its slant.

    Args:
        bright: (H, W) float32.
        where: (H, W) pixels at which edges are looked for.

    Returns:
        0 or more; `USUAL_BLUR_PX` where there are too few edges.
    """
    span = HALF_SPAN_PX
    if min(bright.shape) <= 2 * span:
        return USUAL_BLUR_PX
    found = []
    inside = (slice(span, -span), slice(span, -span))
    rows, cols = np.nonzero(where[inside])
    rows, cols = rows + span, cols + span
    if not rows.size:
        return USUAL_BLUR_PX
    steps = [bright[rows + span, cols] - bright[rows - span, cols]]
    steps.append(bright[rows, cols + span] - bright[rows, cols - span])
    height = np.hypot(steps[0], steps[1])
    strong = height >= max(float(np.quantile(height, STRONG_QUANTILE)), 1e-6)
    for axis in (0, 1):
        mine = strong & (np.abs(steps[axis]) >= np.abs(steps[1 - axis]))
        r, c, step = rows[mine], cols[mine], steps[axis][mine]
        at = np.arange(-span, span + 1)[:, None]
        profile = bright[r + at, c] if axis == 0 else bright[r, c + at]
        differences = np.diff(profile, axis=0)
        size = np.abs(step)
        # The steepest difference lies in the middle, so that neither side of the edge is cut off.
        middle = np.abs(differences)[span - 1 : span + 1].max(axis=0) >= np.abs(differences).max(axis=0)
        clean = middle & (np.abs(differences).sum(axis=0) <= MONOTONE * size)
        energy = np.maximum((differences**2).sum(axis=0), 1e-12)
        variance = (size**2 / (2.0 * math.sqrt(math.pi) * energy)) ** 2
        slant = size / np.maximum(height[mine], 1e-12)
        found.append((np.sqrt(np.maximum(variance - PIXEL_VARIANCE, 0.0)) * slant)[clean])
    blurs = np.concatenate(found)
    return float(np.quantile(blurs, SHARP_QUANTILE)) if blurs.size >= FEWEST_EDGES else USUAL_BLUR_PX


def noise_of(image: NDArray[np.generic], ignored: Mask, full_scale: float) -> tuple[float, ...]:
    """Return (C,) the noise of a picture, in its scale: what a Laplacian leaves of its flattest blocks.

    Args:
        image: (C, H, W).
        ignored: (H, W) pixels that do not count.
        full_scale: blocks that are burnt out show no noise.

    Source:
        J. Immerkaer, Fast noise variance estimation, CVIU 64 (1996), eq. 4: the mask
        [1 -2 1; -2 4 -2; 1 -2 1] has a response of 6 sigma to noise and none to planes.
    """
    height, width = ((n - 2) // BLOCK_PX * BLOCK_PX for n in image.shape[1:])
    if height <= 0 or width <= 0:
        return (0.0,) * len(image)
    hidden = _blocks(ignored[1 : height + 1, 1 : width + 1].astype(np.float32)) > 0
    found: list[float] = []
    for band in image:
        values: NDArray[Any] = band[: height + 2, : width + 2].astype(np.float32)
        second = values[:-2] - 2.0 * values[1:-1] + values[2:]
        left = np.abs(second[:, :-2] - 2.0 * second[:, 1:-1] + second[:, 2:])
        # Mean absolute value of a normal one is sigma * sqrt(2 / pi).
        sigma = _blocks(left) * math.sqrt(math.pi / 2.0) / 6.0
        lit = _blocks(values[1:-1, 1:-1]) < 0.95 * full_scale
        usable = sigma[lit & ~hidden]
        found.append(float(np.quantile(usable, FLAT_QUANTILE)) if usable.size else 0.0)
    return tuple(found)


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of blocks."""
    rows, cols = (n // BLOCK_PX for n in values.shape)
    means: NDArray[np.float32] = values.reshape(rows, BLOCK_PX, cols, BLOCK_PX).mean(axis=(1, 3))
    return means


def _near_outlines(instances: NDArray[np.int32]) -> Mask:
    """Return (H, W) pixels within `NEAR_PX` of where one object ends, in rows or columns."""
    near = np.zeros(instances.shape, bool)
    near[1:] |= instances[1:] != instances[:-1]
    near[:, 1:] |= instances[:, 1:] != instances[:, :-1]
    for _ in range(NEAR_PX):
        grown = near.copy()
        grown[1:] |= near[:-1]
        grown[:-1] |= near[1:]
        grown[:, 1:] |= near[:, :-1]
        grown[:, :-1] |= near[:, 1:]
        near = grown
    return near
