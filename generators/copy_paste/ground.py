"""Patch-based synthesis: ground grown over a hole from blocks of the same ground.

Blocks are chosen so that they agree with what is there already (Efros and Freeman 2001), and joined so
that the grain keeps its strength: coarse parts are averaged, fine parts are added in energy. A smooth field
then carries the colours at the rim of the hole inwards.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import RenderError
from diachron.core.scene import Scene
from diachron.generators.copy_paste.palette import SUBSTITUTES, palette_of

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

BLOCK_SIZES = (40, 24, 16, 10, 6)
CANDIDATES = 160
# With fewer blocks to choose from, the filling would be a pattern.
FEWEST_BLOCKS = 24
# Among candidates, those within this factor of the best agreement are equally good.
TOLERANCE = 1.25
REPEAT_PENALTY = 1.0
# Width, in pixels, of the smooth part of a block.
COARSE_SIGMA = 2.5


def grow_ground(
    rng: np.random.Generator,
    scene: Scene,
    others: tuple[Scene, ...],
    surface: int,
    window: tuple[slice, slice],
    picture: Picture,
    hole: Mask,
    known: Mask,
    *,
    join: bool,
) -> Picture:
    """Return the window with its hole filled with ground of one kind.

    Args:
        rng: stream of this edit.
        scene: the scene that is painted; its own ground comes first.
        others: donor scenes, used where the scene has none.
        surface: hub id of the wanted ground.
        window: of the picture in the scene.
        picture: (C, h, w) float32 values as they are now, in the source's scale.
        hole: (h, w) pixels to fill.
        known: (h, w) pixels of the same ground that the filling should agree with.
        join: whether colours at the rim are carried inwards (not for a new kind of ground).

    Raises:
        RenderError: neither the scene nor the donors have a clear block of any fitting ground.
    """
    blocks, size = _find_blocks(rng, scene, others, surface, window, hole)
    blocks = _plain(blocks)
    # Ground at the rim that no block looks like is something else: a wall that the labels missed, a car.
    known = known & _like(picture, blocks) if join else np.zeros_like(known)
    filled = _quilt(rng, picture, hole, known, blocks, size)
    if join:
        rim = known & ndimage.binary_dilation(hole, iterations=3)
        if np.count_nonzero(rim) >= 8:
            return _carry_rim(picture, filled, hole, rim)
    return np.where(hole, filled, picture)


def _find_blocks(
    rng: np.random.Generator,
    scene: Scene,
    others: tuple[Scene, ...],
    surface: int,
    window: tuple[slice, slice],
    hole: Mask,
) -> tuple[Picture, int]:
    """Return (n, C, size, size) candidate blocks, as `_search_order` ranks them, and their size."""
    extent = max(BLOCK_SIZES[-1], min(hole.shape))
    middle = np.array([(s.start + s.stop) / 2 for s in window])
    pixels = int(np.count_nonzero(hole))
    # First with as much different ground as there is to fill, then with whatever there is: a few blocks over
    # and over would be a pattern.
    ranked = [
        (kind, origin, size) for kind, origin, size in _search_order(surface, scene, others) if size <= extent
    ]
    for enough, (kind, origin, size) in [(e, r) for e in (pixels, 0) for r in ranked]:
        found = palette_of(origin).blocks(kind, size)
        if found.shape[0] < FEWEST_BLOCKS:
            continue
        if origin is scene:
            # Near ground looks alike; the far half keeps a small neighbourhood from repeating.
            distance = np.hypot(*(found - middle).T)
            order = np.argsort(rng.exponential(size=found.shape[0]) * (40.0 + distance), kind="stable")
        else:
            order = rng.permutation(found.shape[0])
        chosen = order[_apart(found[order], size)][:CANDIDATES]
        if chosen.size * (size // 2) ** 2 < enough:
            continue
        picked = found[chosen]
        offsets = np.arange(size)
        rows = picked[:, 0, None, None] + offsets[:, None]
        cols = picked[:, 1, None, None] + offsets
        blocks = origin.image[:, rows, cols].swapaxes(0, 1).astype(np.float32)
        if origin is not scene:
            blocks = _to_levels_of(blocks, origin, scene)
        return blocks, size
    raise RenderError(
        f"{scene.source}: no clear ground of {BLOCK_SIZES[-1]} x {BLOCK_SIZES[-1]} pixels to fill a hole "
        "with, neither in the picture nor in its donors; larger windows or more tiles would help"
    )


def _apart(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return which places to keep, in order: the first in each cell of half a block."""
    cells = places // max(1, size // 2)
    _, first = np.unique(cells[:, 0] * (1 << 32) + cells[:, 1], return_index=True)
    return np.sort(first)


def _search_order(surface: int, scene: Scene, others: tuple[Scene, ...]) -> Iterator[tuple[int, Scene, int]]:
    """Yield (ground, scene, block size): the right ground here, then like ground here, then elsewhere.

    Small blocks repeat visibly, so they come last, whatever their ground.
    """
    substitutes = SUBSTITUTES.get(surface, ())
    large, small = BLOCK_SIZES[:-1], BLOCK_SIZES[-1:]
    for sizes in (large, small):
        for origins, kinds in (
            ((scene,), (surface,)),
            ((scene,), substitutes[:1]),
            (others, (surface,)),
            ((scene,), substitutes[1:]),
            (others, substitutes),
        ):
            for kind in kinds:
                for origin in origins:
                    for size in sizes:
                        yield kind, origin, size


def _to_levels_of(blocks: Picture, origin: Scene, scene: Scene) -> Picture:
    """Return values of one scene brought to the mean and spread of another, band by band."""
    mean_there, spread_there = palette_of(origin).levels
    mean_here, spread_here = palette_of(scene).levels
    gain = np.clip(spread_here / np.maximum(spread_there, 1e-6), 0.6, 1.6)
    moved = (blocks - mean_there[:, None, None]) * gain[:, None, None] + mean_here[:, None, None]
    return moved.astype(np.float32)


def _plain(blocks: Picture) -> Picture:
    """Return the blocks without the busiest and the oddest third: cars, fences, crossings."""
    # Every second pixel tells as much, at a quarter of the cost.
    thinned = np.ascontiguousarray(blocks[:, :, ::2, ::2]).reshape(*blocks.shape[:2], -1)
    colour = thinned.mean(axis=2)
    detail = np.sqrt(np.maximum((thinned * thinned).mean(axis=2) - colour * colour, 0.0)).mean(axis=1)
    oddness = np.abs(colour - np.median(colour, axis=0)).max(axis=1)
    keep = (detail <= np.quantile(detail, 0.75)) & (oddness <= np.quantile(oddness, 0.85))
    return blocks[keep] if np.count_nonzero(keep) >= FEWEST_BLOCKS // 2 else blocks


def _like(picture: Picture, blocks: Picture) -> Mask:
    """Return where the coarse colour of a picture lies within the range of the blocks."""
    thinned = np.ascontiguousarray(blocks[:, :, ::2, ::2]).reshape(*blocks.shape[:2], -1)
    low, high = np.quantile(thinned.mean(axis=2), (0.02, 0.98), axis=0)
    slack = thinned.swapaxes(0, 1).reshape(blocks.shape[1], -1).std(axis=1) * 1.5
    coarse = ndimage.gaussian_filter(picture, (0, 1.5, 1.5))
    inside = (coarse >= (low - slack)[:, None, None]) & (coarse <= (high + slack)[:, None, None])
    return inside.all(axis=0)


def _quilt(
    rng: np.random.Generator, picture: Picture, hole: Mask, known: Mask, blocks: Picture, size: int
) -> Picture:
    """Return the window covered with blocks wherever there is a hole."""
    channels, height, width = picture.shape
    step = max(2, (2 * size) // 3)
    pad = size
    weight = _bump(size)
    shape = (height + 2 * pad, width + 2 * pad)
    sums = np.zeros((3, channels, *shape), np.float32)  # weighted coarse, weighted fine, current mixture
    weights = np.zeros((2, *shape), np.float32)  # of the coarse parts, and squared of the fine parts
    current = np.zeros((channels, *shape), np.float32)
    current[:, pad : pad + height, pad : pad + width] = picture
    settled = np.zeros(shape, bool)
    settled[pad : pad + height, pad : pad + width] = known
    wanted = np.zeros(shape, bool)
    wanted[pad : pad + height, pad : pad + width] = hole
    flat = blocks.reshape(blocks.shape[0], channels, -1)
    uses = np.zeros(blocks.shape[0], np.float32)
    shift_row, shift_col = (int(n) for n in rng.integers(0, step, 2))
    for row in range(pad - size + 1 + shift_row, pad + height, step):
        for col in range(pad - size + 1 + shift_col, pad + width, step):
            box = (slice(row, row + size), slice(col, col + size))
            if not wanted[box].any():
                continue
            agree = settled[box].ravel()
            if agree.any():
                target = current[:, row : row + size, col : col + size].reshape(channels, -1)[:, agree]
                gap = flat[:, :, agree] - target
                # A block that stands there already is the worse the more often it does.
                error = np.einsum("ncp,ncp->n", gap, gap) * (1.0 + REPEAT_PENALTY * uses)
                good = np.flatnonzero(error <= TOLERANCE * error.min() + 1e-6)
                pick = int(good[int(rng.integers(good.size))])
            else:
                pick = int(rng.integers(blocks.shape[0]))
            uses[pick] += 1.0
            coarse = ndimage.gaussian_filter(blocks[pick], (0, COARSE_SIGMA, COARSE_SIGMA), mode="nearest")
            sums[0][:, box[0], box[1]] += weight * coarse
            sums[1][:, box[0], box[1]] += weight * (blocks[pick] - coarse)
            weights[0][box] += weight
            weights[1][box] += weight * weight
            inside = wanted[box]
            mixed = sums[0][:, box[0], box[1]] / weights[0][box] + sums[1][:, box[0], box[1]] / np.sqrt(
                weights[1][box]
            )
            current[:, box[0], box[1]] = np.where(inside, mixed, current[:, box[0], box[1]])
            settled[box] |= inside
    return current[:, pad : pad + height, pad : pad + width]


def _bump(size: int) -> NDArray[np.float32]:
    """Return (size, size) weights that fall off towards the edge of a block and stay positive."""
    ramp = np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1)) / (size / 3.0)
    ramp = np.clip(ramp, 0.05, 1.0)
    return (ramp[:, None] * ramp).astype(np.float32)


def _carry_rim(picture: Picture, filled: Picture, hole: Mask, rim: Mask) -> Picture:
    """Return the window with the filling shifted smoothly so that coarse colours agree at the rim."""
    inside = ndimage.binary_dilation(hole) & ~rim | hole
    rim_values = _masked_blur(picture, rim)
    near_hole = hole & ndimage.binary_dilation(rim, iterations=4)
    if not near_hole.any():
        return np.where(hole, filled, picture)
    fill_values = _masked_blur(filled, hole)
    gap = np.where(rim, rim_values - fill_values, 0.0)
    field = _pull_push(gap, rim.astype(np.float32))
    return np.where(hole & inside, filled + field, picture)


def _masked_blur(values: Picture, mask: Mask) -> Picture:
    """Return a Gaussian blur that looks at the masked pixels only and reaches a little beyond them."""
    weight = ndimage.gaussian_filter(mask.astype(np.float32), 2.0)
    blurred = ndimage.gaussian_filter(np.where(mask, values, 0.0).astype(np.float32), (0, 2.0, 2.0))
    return blurred / np.maximum(weight, 1e-4)


def _pull_push(values: Picture, weight: NDArray[np.float32]) -> Picture:
    """Return a smooth field through the weighted values (Gortler et al. 1996: pull up, push down)."""
    if min(weight.shape) <= 2 or weight.min() > 0.5:
        total = max(float(weight.sum()), 1e-6)
        mean = (values * weight).sum(axis=(1, 2), keepdims=True) / total
        return np.where(weight > 1e-3, values, mean).astype(np.float32)
    rows, cols = weight.shape
    padded_rows, padded_cols = rows + rows % 2, cols + cols % 2
    edge = ((0, padded_rows - rows), (0, padded_cols - cols))
    w = np.pad(weight, edge)
    v = np.pad(values * weight, ((0, 0), *edge))
    half_w = w.reshape(padded_rows // 2, 2, padded_cols // 2, 2).sum(axis=(1, 3))
    half_v = v.reshape(-1, padded_rows // 2, 2, padded_cols // 2, 2).sum(axis=(2, 4))
    coarse = _pull_push(
        (half_v / np.maximum(half_w, 1e-6)).astype(np.float32), np.minimum(half_w, 1.0).astype(np.float32)
    )
    upper = coarse.repeat(2, axis=1).repeat(2, axis=2)[:, :rows, :cols]
    upper = ndimage.uniform_filter(upper, (0, 3, 3), mode="nearest")
    return (weight * values + (1.0 - weight) * upper).astype(np.float32)
