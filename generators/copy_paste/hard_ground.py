"""Hard ground that no picture shows a piece of: concrete and asphalt in the light and grain of the scene."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Scene
from diachron.generators.copy_paste.palette import palette_of

Picture = NDArray[np.float32]
PerBand = NDArray[np.float64]

# Fresh concrete among the ground of a picture: paler than this share of it, and nearly grey.
PALE_QUANTILE = 0.85
KEPT_COLOUR = 0.6
# Nothing is brighter than this share of full scale, or it would be burnt out.
BRIGHTEST = 0.85
# Asphalt beside fresh concrete, where a picture has no grey ground to tell: albedo 0.1-0.15 beside 0.25-0.35
# (pavements, new and weathered; Akbari and Levinson 2008, recalled), both lifted by haze.
ASPHALT_SHARE = 0.6
# Grey ground is believed from so many square metres on.
LEAST_GREY_M2 = 100.0
# Damp, dust and patches: contrast of wide parts beside the level, and their size.
PATCHY = 0.05
PATCH_M = 3.0
# Fine grain beside that of the ground that lay there.
GRAIN = 0.6
# Width of the smooth part of a grain, in pixels.
SMOOTH_PX = 1.5


def hard_ground(rng: np.random.Generator, picture: Picture, level: PerBand, gsd_m: float) -> Picture:
    """Return (C, h, w) float32 a window of hard ground at a level.

    Args:
        rng: stream of this edit.
        picture: (C, h, w) what lay there: its fine grain is that of the sensor, and stays.
        level: (C,) in the source's scale.
        gsd_m: of the picture.
    """
    fine = picture - ndimage.gaussian_filter(picture, (0, SMOOTH_PX, SMOOTH_PX))
    patches = ndimage.gaussian_filter(rng.standard_normal(picture.shape[1:]), PATCH_M / gsd_m / 2)
    patches *= PATCHY / max(float(patches.std()), 1e-6)
    ground = level[:, None, None] * (1.0 + patches) + GRAIN * fine
    return ground.astype(np.float32)


def pale_level(scene: Scene) -> PerBand:
    """Return (C,) the level of the palest open ground, brought half of the way to grey: fresh concrete."""
    palette = palette_of(scene)
    where = palette.clear & (scene.surface != hub.WATER)
    if not where.any():
        where = palette.open_ground if palette.open_ground.any() else np.ones(scene.grid.shape, bool)
    bright = palette.brightness[where]
    values = scene.image[:, where][:, bright >= np.quantile(bright, PALE_QUANTILE)]
    level = np.median(values.astype(np.float64), axis=1)
    greyed = level.mean() + KEPT_COLOUR * (level - level.mean())
    most = BRIGHTEST * scene.full_scale / max(float(greyed.max()), 1e-6)
    return np.asarray(greyed * min(1.0, most))


def grey_level(scene: Scene) -> PerBand:
    """Return (C,) the level of lit grey ground, and without any a share of the pale level: asphalt."""
    where = palette_of(scene).clear & (scene.surface == hub.DEVELOPED)
    if np.count_nonzero(where) * scene.grid.pixel_area_m2 < LEAST_GREY_M2:
        return np.asarray(ASPHALT_SHARE * pale_level(scene))
    return np.asarray(np.median(scene.image[:, where].astype(np.float64), axis=1))
