"""Palettes: how ground, roofs and crowns look in labelled pictures, in numbers that a painter can meet.

A palette is a small JSON-ready mapping by hub class. All levels are reflectances as the painter's curve for
8 bits would show them (`tone.to_scale` read backwards): a level learned from an 8-bit tile is that very level
in an 8-bit picture. Pictures of other data types are taken for reflectance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Scene, object_class_map
from diachron.generators.procedural.tone import from_scale

# Ground has no outlines as roofs have: a patch of it is what a class covers of a square of this side, and of
# no fewer pixels than this along a side.
BLOCK_M, BLOCK_PX = 16.0, 8
# A patch needs so many pixels that lie inside its class, a class so many patches.
FEWEST_PX, FEWEST_PATCHES = 16, 12
# The darkest that a picture tells: below it logarithms are noise.
DARKEST = 0.004
# Ground darker than this share of the median of the picture's open ground (0.6 of its level in 8 bits) lies
# in shadow and tells nothing.
SHADOW_SHARE = 0.44
OPEN_GROUND = (hub.BARE, hub.GRASS, hub.SHRUB, hub.CROP, hub.DEVELOPED, hub.ROAD, hub.RAIL)
# Spread between two quantiles that lie one standard deviation off the median; of absolute values, the median
# to the standard deviation.
ONE_SIGMA = (0.159, 0.841)
MEDIAN_TO_SIGMA = 1.4826
DIGITS = 5
MEASURES = ("colour", "spread", "hue", "texture")


def palette_from(scenes: Iterable[Scene]) -> dict[str, Any]:
    """Return the palette of labelled pictures of the same bands: medians over patches, so few strays count.

    Args:
        scenes: pictures with surface and objects; ignored pixels and those without data are left out.

    Returns:
        `bands`, and `classes`: hub name -> `colour` (reflectance of the median patch), `spread` (of its
        logarithm from patch to patch), `hue` (the same of the ratio of a band to the mean of all) and
        `texture` (of the logarithm from pixel to pixel within a patch), each a number a band; and `patches`,
        how many there were. Classes with fewer than twelve are left out.
    """
    bands: tuple[str, ...] = ()
    found: dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for scene in scenes:
        bands = scene.bands
        for number, rows in _patches(scene).items():
            found.setdefault(number, []).append(rows)
    classes = {}
    for number in sorted(found):
        level, grain = (np.concatenate(parts) for parts in zip(*found[number], strict=True))
        if len(level) >= FEWEST_PATCHES:
            classes[hub.NAMES[number]] = {
                "colour": _rounded(np.exp(np.median(level, axis=0))),
                "spread": _rounded(_apart(level)),
                "hue": _rounded(_apart(level - level.mean(axis=1, keepdims=True))),
                "texture": _rounded(np.median(grain, axis=0)),
                "patches": len(level),
            }
    return {"bands": list(bands), "classes": classes}


def _apart(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (C,) how far (N, C) values lie apart; two kinds of roofs are no strays, as a median has it."""
    low, high = np.quantile(values, ONE_SIGMA, axis=0)
    return np.asarray((high - low) / 2)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), DIGITS) for value in values]


def _patches(scene: Scene) -> dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return hub class -> (N, C) median logarithm of each patch, and (N, C) spread within it."""
    classes = object_class_map(scene.instances, scene.objects)
    classes = np.where(classes > 0, classes, scene.surface)
    known = ~scene.ignored if scene.void is None else ~scene.ignored & ~scene.void
    numbers = _numbered(scene, classes)
    # Pixels beside another patch's object or class show some of it.
    inner = known & _alike(classes)
    single = np.isin(classes, list(hub.SPLIT_WHEN_TOUCHING))
    inner &= ~single | _alike(scene.instances)
    reflectance = np.maximum(from_scale(scene.image, scene.bands, scene.full_scale), np.float32(DARKEST))
    ground = np.isin(classes, OPEN_GROUND) & known
    if ground.any():
        level = reflectance.mean(axis=0)
        inner &= ~ground | (level > SHADOW_SHARE * np.median(level[ground]))
    numbers[~inner] = 0
    counts = np.bincount(numbers.ravel())
    counts[0] = 0
    index = np.flatnonzero(counts >= FEWEST_PX)
    if index.size == 0:
        return {}
    logs = np.log(reflectance)
    level = np.stack([ndimage.median(band, numbers, index) for band in logs], axis=1)
    fine = [np.abs(band - ndimage.uniform_filter(band, 3, mode="nearest")) for band in logs]
    grain = MEDIAN_TO_SIGMA * np.stack([ndimage.median(band, numbers, index) for band in fine], axis=1)
    owner = np.zeros(len(counts), np.int64)
    owner[numbers] = classes
    own = owner[index]
    return {int(k): (level[own == k], grain[own == k]) for k in np.unique(own)}


def _numbered(scene: Scene, classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (H, W) number of each pixel's patch: its building, or its class in its square."""
    side = max(BLOCK_PX, round(BLOCK_M / scene.grid.gsd_m))
    rows, cols = (np.arange(length) // side for length in classes.shape)
    squares = rows[:, None] * (cols[-1] + 1) + cols[None, :]
    single = np.isin(classes, list(hub.SPLIT_WHEN_TOUCHING))
    keys = np.where(single, -scene.instances.astype(np.int64), squares * 32 + classes)
    _, numbers = np.unique(keys, return_inverse=True)
    return numbers.reshape(classes.shape).astype(np.int64) + 1


def _alike(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return (H, W) pixels all of whose neighbours have the same value."""
    alike: NDArray[np.bool_] = ndimage.minimum_filter(values, 3) == ndimage.maximum_filter(values, 3)
    return alike


def beside(learned: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a learned palette with the painter's own numbers at each class that both know.

    Args:
        learned: of real pictures.
        own: of the painter's pictures without any palette, of the same bands.
    """
    classes = {}
    for name, entry in learned["classes"].items():
        if name in own["classes"]:
            of_own = {key: own["classes"][name][key] for key in MEASURES}
            classes[name] = {**entry, "own": of_own}
    return {"bands": list(learned["bands"]), "classes": classes}


def corrected(palette: Mapping[str, Any], met: Mapping[str, Any]) -> dict[str, Any]:
    """Return a palette of `beside` after one look at what the painter makes of it.

    Light, clutter and the curve keep the painter from meeting a colour at once; what it missed by is taken
    off its own. Spreads, hues and textures are only followed so far, so that missing them tells nothing.

    Args:
        palette: of `beside`.
        met: measured in pictures that were painted with it.
    """
    classes = {}
    for name, entry in palette["classes"].items():
        own = dict(entry["own"])
        if name in met["classes"]:
            missed = np.array(met["classes"][name]["colour"]) / np.array(entry["colour"])
            own["colour"] = _rounded(np.array(own["colour"]) * np.clip(missed, 0.5, 2.0))
        classes[name] = {**entry, "own": own}
    return {"bands": list(palette["bands"]), "classes": classes}
