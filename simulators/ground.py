"""The surface under every pixel: estimated where the labels do not say, filled in under objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.growth import grown
from diachron.core.scene import RawScene

Mask = NDArray[np.bool_]

# The estimate works at about this pixel size: finer detail is cars, furrows and noise.
ESTIMATE_GSD_M = 1.0
VEGETATION_EXCESS_GREEN = 0.055
VEGETATION_NDVI = 0.22
TREE_TEXTURE = 0.045
# Vegetation darker than this share of the median is a canopy: lawns and fields are brighter.
TREE_DARKNESS = 0.8
# Ground darker than this share of the median is in shadow, and its colour says nothing.
SHADOW_DARKNESS = 0.5
SHADOW_REACH_M = 10.0
GREY_SATURATION = 0.085
MAJORITY_M = 5.0
WATER_TEXTURE = 0.018
WATER_AREA_M2 = 600.0


def scaled(raw: RawScene) -> NDArray[np.float32]:
    """Return the image as (C, H, W) float32 in the source's scale divided by its full scale."""
    return raw.image.astype(np.float32) / np.float32(raw.full_scale)


def luminance(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (H, W) mean of the first three bands."""
    return unit[:3].mean(axis=0)


def estimate_ground(
    unit: NDArray[np.float32], bands: tuple[str, ...], gsd_m: float, buildings: Mask
) -> NDArray[np.uint8]:
    """Return a (H, W) uint8 guess of the surface from colour and texture: what a binary mask leaves open.

    Vegetation by excess green (Woebbecke et al. 1995, normalised) or NDVI, split into tree and grass by
    texture and darkness; smooth dark blue areas are water; grey is developed (roads, yards), the rest bare.
    It serves placement and filling only and never reaches a label map of the source's scheme.

    Args:
        unit: (C, H, W) float32, 0-1.
        bands: names of the bands; without red, green and blue everything is bare.
        gsd_m: ground sampling distance.
        buildings: (H, W) bool, beside which dark ground is shadow; elsewhere it is canopy or water.
    """
    shape = unit.shape[-2:]
    if not {"red", "green", "blue"} <= set(bands):
        return np.full(shape, hub.BARE, np.uint8)
    step = max(1, round(ESTIMATE_GSD_M / gsd_m))
    coarse = _block_mean(unit, step)
    red, green, blue = (coarse[bands.index(name)] for name in ("red", "green", "blue"))
    total = red + green + blue + 1e-6
    if "nir" in bands:
        nir = coarse[bands.index("nir")]
        vegetation = (nir - red) / (nir + red + 1e-6) > VEGETATION_NDVI
    else:
        excess = ndimage.gaussian_filter((2.0 * green - red - blue) / total, 0.7)
        vegetation = excess > VEGETATION_EXCESS_GREEN
    bright = total / 3.0
    texture = _local_spread(bright, 3)
    # Grey is grey against the picture's own cast (grey world): asphalt under a warm sky is not bare soil.
    cast_free = [band / max(float(band.mean()), 1e-6) for band in (red, green, blue)]
    largest = np.maximum.reduce(cast_free)
    saturation = (largest - np.minimum.reduce(cast_free)) / (largest + 1e-6)
    raw_largest = np.maximum.reduce([red, green, blue])
    raw_saturation = (raw_largest - np.minimum.reduce([red, green, blue])) / (raw_largest + 1e-6)
    # Soil is warm: bluish ground is concrete or asphalt under a blue sky.
    grey = (saturation < GREY_SATURATION) | (raw_saturation < GREY_SATURATION) | (blue > 0.95 * red)
    ground = np.where(grey, hub.DEVELOPED, hub.BARE).astype(np.uint8)
    ground[vegetation] = hub.GRASS
    median = float(np.median(bright))
    ground[vegetation & ((texture > TREE_TEXTURE) | (bright < TREE_DARKNESS * median))] = hub.TREE
    smooth = (_local_spread(bright, 7) < WATER_TEXTURE) & (blue > 1.03 * red) & (bright < 0.9 * median)
    dark = bright < SHADOW_DARKNESS * median
    if dark.any() and not dark.all():
        near = _block_mean(buildings[np.newaxis].astype(np.float32), step)[0] > 0
        near = grown(near, max(1, round(SHADOW_REACH_M / (step * gsd_m))))
        # Shadowed ground is taken for what lies beside it in the light.
        nearest = ndimage.distance_transform_edt(dark, return_distances=False, return_indices=True)
        ground = np.where(dark, np.where(near, ground[tuple(nearest)], hub.TREE), ground).astype(np.uint8)
    lakes, count = ndimage.label(ndimage.binary_opening(smooth, iterations=2))
    if count:
        sizes = np.bincount(lakes.ravel()) * (step * gsd_m) ** 2
        ground[(sizes >= WATER_AREA_M2)[lakes] & (lakes > 0)] = hub.WATER
    ground = _majority(ground, max(3, round(MAJORITY_M / (step * gsd_m)) | 1))
    fine = np.repeat(np.repeat(ground, step, axis=0), step, axis=1)
    return fine[: shape[0], : shape[1]]


def _majority(ground: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the most frequent class of each window: single pixels of another class are cars and stones."""
    classes = np.unique(ground)
    votes = [ndimage.uniform_filter((ground == c).astype(np.float32), size) for c in classes]
    return classes[np.argmax(votes, axis=0)].astype(np.uint8)


def _block_mean(unit: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return block means of (C, H, W); the last blocks are padded with the edge."""
    if step == 1:
        return unit
    rows, cols = -unit.shape[1] % step, -unit.shape[2] % step
    padded = np.pad(unit, ((0, 0), (0, rows), (0, cols)), mode="edge")
    c, h, w = padded.shape
    return padded.reshape(c, h // step, step, w // step, step).mean(axis=(2, 4))


def _local_spread(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the standard deviation in a window of `size` pixels."""
    mean = ndimage.uniform_filter(values, size)
    square = ndimage.uniform_filter(values * values, size)
    return np.sqrt(np.maximum(square - mean * mean, 0.0))


def fill_under_objects(
    surface: NDArray[np.uint8], instances: NDArray[np.int32], networks: Mask, *, estimated: bool
) -> NDArray[np.uint8]:
    """Return the surface with the ground under each object filled in from around it.

    Each object gets the class that most of its pixels have as their nearest open ground; networks (roads,
    rails) take the nearest pixel by pixel. Water and ignore never spread under an object; where there is no
    open ground at all it is bare.

    Args:
        surface: (H, W) uint8 hub ids, 0 under objects and on ignore.
        instances: (H, W) int32 object ids.
        networks: (H, W) bool pixels of roads and rails.
        estimated: whether the surface is a guess; then grey ground, mostly lanes, counts for less: what is
            left of a house is soil or lawn sooner than asphalt.
    """
    under = instances > 0
    if not under.any():
        return surface
    open_ground = ~under & (surface != hub.IGNORE) & (surface != hub.WATER)
    filled = surface.copy()
    if not open_ground.any():
        filled[under] = hub.BARE
        return filled
    rows, cols = ndimage.distance_transform_edt(~open_ground, return_distances=False, return_indices=True)
    at = np.flatnonzero(under)
    nearest = surface[rows.ravel()[at], cols.ravel()[at]]
    ids = instances.ravel()[at].astype(np.int64)
    kinds = max(hub.SURFACES) + 1
    votes = np.bincount(ids * kinds + nearest, minlength=(int(ids.max()) + 1) * kinds).reshape(-1, kinds)
    if estimated:
        votes = votes * np.where(np.arange(kinds) == hub.DEVELOPED, 0.2, 1.0)
    np.put(filled, at, np.where(networks.ravel()[at], nearest, votes.argmax(axis=1)[ids]))
    return filled
