"""Things in a picture without labels: compact patches that stand out from what lies around them.

A guess that knows no classes. Patches are connected components of level sets (as in MSER: Matas et al.,
"Robust wide-baseline stereo from maximally stable extremal regions", BMVC 2002) of brightness and of warmth
(red minus blue: tiles among grey ground). Of those that overlap the one with the best outline stays. Regions
of `skimage.segmentation.felzenszwalb` at two scales, sorted out alike, covered a quarter as much of the roofs
of a town at 0.25 m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.growth import grown
from diachron.simulators.donors import compactness
from diachron.simulators.ground import SHADOW_DARKNESS, VEGETATION_EXCESS_GREEN, luminance

Mask = NDArray[np.bool_]

# Patches are looked for at about this pixel size: finer detail is vents, cars and single tiles.
WORK_GSD_M = 0.6
# A small house, and a hall.
SMALLEST_M2 = 40.0
LARGEST_M2 = 5000.0
NARROWEST_M = 4.0
# A strip that is longer than this many times its width is a road, a wall or a row of cars.
LONGEST = 4.0
# As for donors (`donors.FILL`), less the ragged rim of a level set.
FILL = 0.7
FEWEST_PX = 16
LEVELS = 10
# Quantiles of the picture between which levels are laid.
DARKEST, BRIGHTEST = 0.06, 0.98
# A thing differs from the ring around it by this share of the picture's spread, and by this many times its
# own mean deviation.
STANDS_OUT = 0.5
EVEN = 1.5
# Of the ring at most this share may look like the thing: else it goes on there.
OPEN_SHARE = 0.25
# Things with sides up to this length are taken the later the smaller they are: a roof before its skylight.
SIDE_M = 12.0
RING_PX = 2


@dataclass(frozen=True)
class _Patch:
    """A candidate in a window of the coarse picture.

    Args:
        score: higher is taken first.
        row, col: of the window.
        mask: its pixels.
    """

    score: float
    row: int
    col: int
    mask: Mask


def find_things(
    unit: NDArray[np.float32], bands: tuple[str, ...], gsd_m: float, void: Mask | None = None
) -> Mask:
    """Return the (H, W) pixels of things; no two of them touch along a side.

    The same picture gives the same things; nothing is drawn. Vegetation and shadow are never things, where
    the bands tell. Levels are quantiles of this picture, so that a window that is cut elsewhere may hold
    others.

    Args:
        unit: (C, H, W) float32, the source's values over its full scale.
        bands: C names; without red, green and blue only brightness is looked at.
        gsd_m: ground sampling distance.
        void: (H, W) pixels without data, beside which nothing is a thing.
    """
    shape = unit.shape[-2:]
    step = max(1, round(WORK_GSD_M / gsd_m))
    missing = np.zeros(shape, bool) if void is None else void
    if missing.all():
        return np.zeros(shape, bool)
    bright = luminance(unit)
    known = np.where(missing, np.median(bright[~missing]), unit).astype(np.float32)
    coarse = _block_mean(known, step)
    gone = _block_mean(missing.astype(np.float32), step) > 0
    patches = sorted(
        _patches(coarse, bands, gsd_m * step, gone),
        key=lambda patch: (-patch.score, patch.row, patch.col, patch.mask.shape, -int(patch.mask.sum())),
    )
    things = np.zeros(coarse.shape[-2:], bool)
    for patch in patches:
        height, width = patch.mask.shape
        window = slice(patch.row, patch.row + height), slice(patch.col, patch.col + width)
        # A rooftop unit or a skylight belongs to the thing.
        whole = ndimage.binary_fill_holes(patch.mask)
        if not (grown(whole, 1) & things[window]).any():
            things[window] |= whole
    fine = np.repeat(np.repeat(things, step, axis=0), step, axis=1)
    return fine[: shape[0], : shape[1]] & ~missing


def _block_mean(values: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return means of blocks of `step` x `step` over the last two axes; the last blocks may be smaller."""
    for axis in (-2, -1):
        length = values.shape[axis]
        starts = np.arange(0, length, step)
        sizes = np.diff(starts, append=length).astype(np.float32)
        sums = np.add.reduceat(values, starts, axis=axis)
        values = (sums / (sizes[:, np.newaxis] if axis == -2 else sizes)).astype(np.float32)
    return values


def _patches(unit: NDArray[np.float32], bands: tuple[str, ...], gsd_m: float, gone: Mask) -> Iterator[_Patch]:
    """Yield every component of every level set that is like a thing."""
    bright = luminance(unit)
    spread = float(bright.std())
    if spread == 0.0:
        return
    colours = unit[:3]
    out = gone | green_or_dark(unit, bands)
    channels = [bright]
    if {"red", "green", "blue"} <= set(bands):
        red, green, blue = (unit[bands.index(name)] for name in ("red", "green", "blue"))
        channels.append(red - blue)
        colours = np.stack([red, green, blue])
    smooth = np.stack([ndimage.gaussian_filter(band, 0.7) for band in colours])
    for channel in channels:
        for ids in _level_sets(ndimage.median_filter(channel, 3)):
            yield from _things_of(ids, smooth, out, gone, gsd_m, spread)


def green_or_dark(unit: NDArray[np.float32], bands: tuple[str, ...]) -> Mask:
    """Return (H, W) vegetation, where the bands tell, and shadow: what no thing consists of.

    Args:
        unit: (C, H, W) float32, 0-1.
        bands: C names.
    """
    bright = luminance(unit)
    found: Mask = bright < SHADOW_DARKNESS * float(np.median(bright))
    if {"red", "green", "blue"} <= set(bands):
        red, green, blue = (unit[bands.index(name)] for name in ("red", "green", "blue"))
        excess = (2.0 * green - red - blue) / (red + green + blue + 1e-6)
        found |= ndimage.gaussian_filter(excess, 0.7) > VEGETATION_EXCESS_GREEN
    return found


def has_size_of_a_thing(pixels: int | NDArray[np.int64], gsd_m: float) -> NDArray[np.bool_]:
    """Return whether so many pixels are as large as a thing, from a small house to a hall."""
    pixel_m2 = gsd_m * gsd_m
    least = max(FEWEST_PX, SMALLEST_M2 / pixel_m2)
    fits: NDArray[np.bool_] = (np.asarray(pixels) >= least) & (np.asarray(pixels) * pixel_m2 <= LARGEST_M2)
    return fits


def fill_of_a_thing(mask: Mask, gsd_m: float) -> float | None:
    """Return the share of its turned box that a compact mask fills; None where its shape is no thing's.

    Ragged outlines, and strips that are narrow or long, are none.
    """
    fill, width_px = compactness(mask)
    length_px = np.count_nonzero(mask) / (fill * width_px)
    if fill < FILL or width_px * gsd_m < NARROWEST_M or length_px > LONGEST * width_px:
        return None
    return fill


def _level_sets(channel: NDArray[np.float32]) -> Iterator[NDArray[np.int32]]:
    """Yield the numbered components above and below each level, without bridges of up to two pixels."""
    for level in np.unique(np.quantile(channel, np.linspace(DARKEST, BRIGHTEST, LEVELS))):
        for inside in (channel > level, channel < level):
            ids, count = ndimage.label(_opened(inside))
            if count:
                yield ids


def _opened(mask: Mask) -> Mask:
    """Return the opening by a square of three pixels; by shifts, ten times as fast as `ndimage`'s."""
    kept = mask[:-2] & mask[1:-1] & mask[2:]
    kept = kept[:, :-2] & kept[:, 1:-1] & kept[:, 2:]
    wide = np.pad(kept, 2)
    tall: Mask = wide[:-2] | wide[1:-1] | wide[2:]
    return tall[:, :-2] | tall[:, 1:-1] | tall[:, 2:]


def _things_of(
    ids: NDArray[np.int32],
    smooth: NDArray[np.float32],
    out: Mask,
    gone: Mask,
    gsd_m: float,
    spread: float,
) -> Iterator[_Patch]:
    pixels = np.bincount(ids.ravel())
    fits = has_size_of_a_thing(pixels, gsd_m)
    # Mostly vegetation or shadow.
    fits &= np.bincount(ids[out], minlength=pixels.size) < 0.5 * pixels
    fits[0] = False
    if not fits.any():
        return
    boxes = ndimage.find_objects(ids)
    margin = RING_PX + 2
    for number in np.flatnonzero(fits).tolist():
        box = boxes[number - 1]
        rows, cols = (
            slice(max(0, side.start - margin), min(length, side.stop + margin))
            for side, length in zip(box, ids.shape, strict=True)
        )
        # A box that is turned by 45 degrees fills half of its upright one.
        upright = (box[0].stop - box[0].start) * (box[1].stop - box[1].start)
        if pixels[number] < 0.45 * FILL * upright:
            continue
        mask = ids[rows, cols] == number
        fill = fill_of_a_thing(mask, gsd_m)
        if fill is None:
            continue
        score = _outline_score(mask, smooth[:, rows, cols], gone[rows, cols], spread)
        if score > 0.0:
            side_m = float(np.sqrt(pixels[number])) * gsd_m
            yield _Patch(score * fill * fill * min(1.0, side_m / SIDE_M), rows.start, cols.start, mask)


def _outline_score(mask: Mask, smooth: NDArray[np.float32], gone: Mask, spread: float) -> float:
    """Return how far a patch stands out from the ring around it, in spreads of the picture; 0 for too little.

    The pixels on both sides of the outline see both and count for neither.
    """
    core = ~grown(~mask, 1)
    rim = grown(mask, 1)
    ring = grown(rim, RING_PX) & ~rim
    if not core.any() or not ring.any() or gone[rim | ring].any():
        return 0.0
    inner = smooth[:, core]
    mean = inner.mean(axis=1, keepdims=True)
    uneven = float(np.abs(inner - mean).max(axis=0).mean())
    beside = np.abs(smooth[:, ring] - mean).max(axis=0)
    usual, least = (float(value) for value in np.quantile(beside, (0.5, OPEN_SHARE)))
    if usual < STANDS_OUT * spread or usual < EVEN * uneven:
        return 0.0
    return max(0.0, (usual + least - 0.5 * uneven) / spread)
