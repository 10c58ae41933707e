"""The shadows that a picture has: where they lie, how sure that is, the ground without them.

Beside every building, tree and free-standing wall, on the shaded side, dark ground that reaches it is taken
for its shadow. How deep
a pixel lies in it is read off its brightness beside the lit ground around; divided by the light that it gets,
it comes out of the shadow with its own texture (as in shadow removal by relighting, e.g. Guo et al. 2011).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Sun
from diachron.simulators.acquisition.context import Place
from diachron.simulators.acquisition.fields import luminance, softened
from diachron.simulators.acquisition.shadows import shaded

Layer = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Where pixels are smaller than this, shadows are sought on means of 2 x 2 of them.
COARSE_BELOW_M = 1.0
# What varies slowly takes every so many of those.
SLOW = 2
# An estimated sun may be off by so much: on neighbouring tiles of one flight it differs by 20-35 degrees.
SUN_ERROR_DEG = 20.0
# Heights are guesses: shadows are looked for this much farther than they should reach.
STRETCH = 1.35
# Open ground comes out of `shaded` as nothing or, by rounding, a little more.
LEAST_SHARE = 1e-4
# A source that states its sun states it for a house of 5 m (`simulators.sunlight.given_sun`).
GIVEN_HOUSE_M = 5.0
# Ground of so many metres around says how bright lit ground is, and half as far how dark shadow is. Lit is
# what is not darker than this share of the middle; it differs from the middle by these factors at most.
AROUND_M, LIT_FROM, LIT_RANGE = 5.0, 0.7, (0.7, 1.6)
# Places where shadows are expected must be dark more often than other ground by this share. Of 40 tiles of
# three sets, those whose shadows came off without a ghost had 0.3 and more, overcast ones 0.1-0.25.
LEAST_FIT = 0.28
# Shadows of trees are thinner and their heights guesses, but they have a sunny side: ground on the shaded one
# must be darker than that by this share of a full shadow.
LEAST_THIN = 0.3
# Where less light is left in shadow, lifting brings out noise and blocks.
LEAST_CONTRAST = 0.15
# Local contrast of a shadow over the picture's, at least and at most.
LOCAL = (0.75, 1.4)
# Weight of the middle where there is little ground of a kind around, and of known ground beside an edge.
PRIOR, LEAST_KEPT = 0.03, 0.05
# Share of the colour of the lit ground around in what is lifted.
COLOUR_AROUND = 0.7
# What lies less deep in a shadow is left alone.
FAINT = 0.02
# Least brightness that is divided by, and most that a pixel is lifted: darker ones are of something black.
TINY, MOST_GAIN = np.float32(0.01), np.float32(1.0 / LEAST_CONTRAST)


@dataclass(frozen=True, eq=False)
class OldShadows:
    """What was found. All but `heights_m`, `depth` and `lit` is coarse: on means of `step` x `step` pixels.

    Args:
        step: 1 or 2.
        heights_m: (H, W) of what the shadows were found of: buildings, and trees and walls where theirs were.
        of_thin: how deep those of trees and walls are, 0-1: through bare crowns half of the light comes.
        depth: (H, W) how deep each pixel lies in the shadow of something, 0-1.
        lit: (H, W) how bright lit ground is around it.
        gain: (h, w) brightness without the shadow over brightness with it.
        clean: (C, h, w) the picture without the shadows.
        edge: (h, w) ground where depth falls to nothing.
    """

    step: int
    heights_m: Layer
    of_thin: float
    depth: Layer
    lit: Layer
    gain: Layer
    clean: Layer
    edge: Mask


def find_shadows(values: Layer, place: Place, sun: Sun) -> OldShadows | None:
    """Return the shadows of the place, or None where they do not lie as the sun says.

    Buildings come first. Shadows of trees and walls, whose heights are less sure, are found beside those, or
    by themselves, where they too lie as the sun says. What lies under crowns is left out: they are as dark as
    shadows.

    Args:
        values: (C, H, W) in 0-1.
        place: with all that stands there.
        sun: of the picture.
    """
    step = 2 if place.gsd_m < COARSE_BELOW_M else 1
    surface = place.surface[::step, ::step]
    built, heights = place.heights_m[::step, ::step], place.standing_m[::step, ::step]
    ground = (heights == 0) & (surface != hub.WATER) & (surface != hub.TREE)
    contrast = np.asarray(sun.contrast, np.float32)
    if not heights.any() or not ground.any() or float(contrast[:3].min()) < LEAST_CONTRAST:
        return None
    picture = np.maximum(_means(values, step), np.float32(0.0))
    bright = luminance(picture)
    middle = float(np.median(bright[ground][::4]))
    gsd_m = place.gsd_m * step
    deep = 0.5 * (1.0 + float(contrast[:3].mean()))
    dark = bright < deep * middle
    house_m = GIVEN_HOUSE_M if sun.given or not built.any() else float(np.median(built[built > 0]))
    px_per_m = sun.shadow_length_m / house_m / gsd_m
    expected, cone = _expected(built, px_per_m, sun)
    if built.any() and not _fits(dark, expected & ground, ground & ~cone):
        return None
    found_m, thin, of_thin = place.heights_m, cone, 0.0
    if (heights > built).any():
        by_all, cone_of_all = _expected(heights, px_per_m, sun)
        facing = shaded(heights, -sun.shadow_row, -sun.shadow_col, px_per_m) > 0.5
        light = bright[by_all & ground & ~cone], bright[facing & ground & ~cone_of_all]
        of_thin = _depth_of_thin(*light, float(contrast[:3].mean()))
        if of_thin >= LEAST_THIN:
            found_m, thin, cone = place.standing_m, cone_of_all & ~cone, cone_of_all
    if found_m is place.heights_m and not built.any():
        return None
    walls, outside = found_m[::step, ::step] > 0, ground & ~cone
    is_lit = (outside & (bright > LIT_FROM * middle))[::SLOW, ::SLOW].astype(np.float32)
    radius = AROUND_M / gsd_m / SLOW
    (around,) = _around(bright[None, ::SLOW, ::SLOW], is_lit, [middle], radius)
    lit = _wide(np.clip(around, LIT_RANGE[0] * middle, LIT_RANGE[1] * middle), bright.shape, SLOW)
    limit = np.full(bright.shape, deep, np.float32)
    if found_m is not place.heights_m:
        limit[thin] = 1.0 - of_thin * (1.0 - deep)
    core = _reaching_walls(cone & ground & (bright < limit * lit), walls)
    depth = (np.float32(1.0) - bright / lit) * np.float32(0.5 / (1.0 - deep))
    depth *= _grown_by_one(_grown_by_one(core)) & ground
    depth = softened(np.clip(depth, 0.0, 1.0, out=depth))
    edge = ground & _grown_by_one(core) & _grown_by_one(ground & ~core)
    clean = _clean(picture, depth, contrast, is_lit, core & ~edge, radius)
    gain = np.minimum(luminance(clean) / np.maximum(bright, TINY), MOST_GAIN)
    _join(clean, edge, ground)
    np.minimum(clean, np.float32(1.0), out=clean)
    shape = values.shape[1:]
    full = _grown(depth, shape, step) * (found_m == 0)
    return OldShadows(step, found_m, of_thin, full, _wide(lit, shape, step), gain, clean, edge)


def lifted(values: Layer, old: OldShadows) -> Layer:
    """Return (C, H, W) values as they would be without the shadows, at most 1.

    Brightness keeps its texture; colour is that of the pixels and of the lit ground around, as what a sensor
    sees of colour in a shadow is mostly noise. Along the edge, where optics and coding leave a rim, the
    ground of both sides is joined.
    """
    result = np.array(values, order="C")
    at = np.flatnonzero(old.depth > FAINT)
    if at.size == 0:
        return result
    cols = old.depth.shape[1]
    coarse = at // (cols * old.step) * old.gain.shape[1] + at % cols // old.step
    clean = old.clean.reshape(len(values), -1)[:, coarse]
    bright = np.maximum(luminance(values).ravel()[at], np.float32(0.0)) * old.gain.ravel()[coarse]
    bright /= np.maximum(luminance(clean), TINY)
    # In the outer half of the edge the picture's own colour comes back.
    share = np.minimum(old.depth.ravel()[at] * np.float32(2.0), np.float32(1.0))
    edge = np.flatnonzero(_wide(old.edge, old.depth.shape, old.step))
    for band, own_clean, colour in zip(result, old.clean, clean, strict=True):
        flat = band.ravel()
        own = flat[at]
        flat[at] = np.minimum(own + share * (colour * bright - own), np.float32(1.0))
        flat[edge] = _grown(own_clean, old.depth.shape, old.step).ravel()[edge]
    return result


def _fits(dark: Mask, inside: Mask, outside: Mask) -> bool:
    """Return whether places where shadows should lie are dark more often than other ground."""
    if not inside.any() or not outside.any():
        return False
    return bool(dark[inside].mean() - dark[outside].mean() >= LEAST_FIT)


def _depth_of_thin(
    shaded_side: NDArray[np.float32], sunny_side: NDArray[np.float32], contrast: float
) -> float:
    """Return how deep shadows of trees and walls are, from brightness on both sides; 0 if not seen."""
    if shaded_side.size == 0 or sunny_side.size == 0:
        return 0.0
    ratio = float(shaded_side.mean()) / max(float(sunny_side.mean()), float(TINY))
    return min(max((1.0 - ratio) / (1.0 - contrast), 0.0), 1.0)


def _expected(heights_m: Layer, px_per_m: float, sun: Sun) -> tuple[Mask, Mask]:
    """Return (where shadows should lie, where they may lie if sun and heights are off)."""
    row, col = sun.shadow_row, sun.shadow_col
    expected = shaded(heights_m, row, col, px_per_m) > 0.5
    cone = expected.copy()
    turns = (0.0,) if sun.given else (-SUN_ERROR_DEG, SUN_ERROR_DEG)
    for turn in (math.radians(degrees) for degrees in turns):
        down = row * math.cos(turn) - col * math.sin(turn)
        right = row * math.sin(turn) + col * math.cos(turn)
        cone |= shaded(heights_m, down, right, STRETCH * px_per_m) > LEAST_SHARE
    return expected, cone


def _reaching_walls(dark: Mask, walls: Mask) -> Mask:
    """Return the pieces of dark ground that lie beside a wall."""
    pieces, count = ndimage.label(dark)
    reaches = np.zeros(count + 1, bool)
    reaches[pieces[_grown_by_one(walls) & dark]] = True
    result: Mask = reaches[pieces]
    return result


def _clean(
    picture: Layer, depth: Layer, contrast: Layer, is_lit: Layer, core: Mask, radius_px: float
) -> Layer:
    """Return the (C, h, w) picture with its shadows lifted, in part to the colour of lit ground around.

    Args:
        picture: (C, h, w).
        depth: (h, w) of its shadows.
        contrast: (C,) of shadowed over lit ground in the whole picture.
        is_lit: lit ground, 0 or 1, at every `SLOW`th pixel.
        core: (h, w) ground in full shadow, off its edges.
        radius_px: how far around, in slow pixels.
    """
    slow = picture[:, ::SLOW, ::SLOW]
    levels = [max(float(band[is_lit > 0].mean()), 1e-3) if is_lit.any() else 0.5 for band in slow]
    lit = np.maximum(_around(slow, is_lit, levels, radius_px), np.float32(1e-3))
    in_shadow = core[::SLOW, ::SLOW].astype(np.float32)
    dark_levels = [level * float(own) for level, own in zip(levels, contrast, strict=True)]
    local = _around(slow, in_shadow, dark_levels, 0.5 * radius_px) / lit
    limits = contrast[:, None, None]
    np.clip(local, LOCAL[0] * limits, np.minimum(LOCAL[1] * limits, np.float32(0.95)), out=local)
    at = np.flatnonzero(depth)
    rows, cols = depth.shape
    there = at // cols // SLOW * lit.shape[2] + at % cols // SLOW
    count = len(picture)
    clean = picture.reshape(count, -1).copy()
    plain = clean[:, at]
    plain /= np.float32(1.0) - depth.ravel()[at] * (np.float32(1.0) - local.reshape(count, -1)[:, there])
    colour = lit.reshape(count, -1)[:, there]
    colour *= luminance(plain) / luminance(colour)
    plain += np.float32(COLOUR_AROUND) * (colour - plain)
    clean[:, at] = plain
    return clean.reshape(count, rows, cols)


def _join(picture: Layer, edge: Mask, ground: Mask) -> None:
    """Replace the ground along an edge by the ground on both sides of it."""
    kept = (ground & ~edge).astype(np.float32)
    weight = softened(softened(kept))
    at = edge & (weight > LEAST_KEPT)
    for band in picture:
        band[at] = softened(softened(band * kept))[at] / weight[at]


def _grown_by_one(mask: Mask) -> Mask:
    """Return a mask with the pixels beside it, four to each."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _around(layers: Layer, weight: Layer, middles: list[float], radius_px: float) -> Layer:
    """Return (C, h, w) means of layers around each pixel, by weight; where there is none, their middles."""
    size = 2 * round(radius_px) + 1
    count = ndimage.uniform_filter(weight, size, mode="nearest") + np.float32(PRIOR)
    means = np.empty_like(layers)
    for mean, layer, middle in zip(means, layers, middles, strict=True):
        total = ndimage.uniform_filter(layer * weight, size, mode="nearest")
        mean[:] = (total + np.float32(PRIOR * middle)) / count
    return means


def _means(values: Layer, step: int) -> Layer:
    """Return (C, h, w) means of 2 x 2 pixels, of one where the picture ends; or the values as they are."""
    if step == 1:
        return values
    rows, cols = values.shape[1] // 2 * 2, values.shape[2] // 2 * 2
    means = np.array(values[:, ::2, ::2], order="C")
    inner = means[:, : rows // 2, : cols // 2]
    for row, col in ((1, 0), (0, 1), (1, 1)):
        inner += values[:, row:rows:2, col:cols:2]
    inner *= np.float32(0.25)
    return means


def _wide(coarse: NDArray[Any], shape: tuple[int, ...], step: int) -> NDArray[Any]:
    """Return a coarse layer at full size, each pixel repeated."""
    if step == 1:
        return coarse
    return np.repeat(np.repeat(coarse, step, axis=0), step, axis=1)[: shape[0], : shape[1]]


def _grown(coarse: Layer, shape: tuple[int, ...], step: int) -> Layer:
    """Return a coarse layer at full size, straight between the middles of its pixels."""
    if step == 1:
        return coarse
    padded = np.pad(coarse, 1, mode="edge")
    lines = np.empty((2 * coarse.shape[0], padded.shape[1]), np.float32)
    near, far = np.float32(0.75), np.float32(0.25)
    lines[::2] = near * padded[1:-1] + far * padded[:-2]
    lines[1::2] = near * padded[1:-1] + far * padded[2:]
    full = np.empty((len(lines), 2 * coarse.shape[1]), np.float32)
    full[:, ::2] = near * lines[:, 1:-1] + far * lines[:, :-2]
    full[:, 1::2] = near * lines[:, 1:-1] + far * lines[:, 2:]
    return full[: shape[0], : shape[1]]
