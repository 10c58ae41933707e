"""Which ground a picture shows enough of to make more: what a renderer of real pixels can copy from."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub, light
from diachron.core.growth import grown
from diachron.core.scene import Scene

Mask = NDArray[np.bool_]

# Windows of this side, in pixels, that are mostly lit ground of one kind are what more of it is made of; with
# fewer of them the picture does not show the kind (as the renderer that copies ground sees it).
SHOWN_PX = 8
SHOWN_SHARE = 0.6
SHOWN_WINDOWS = 100
# Brightness in shadow over that in light where no sun tells, and how far shadows reach, in usual lengths.
DARK = 0.45
CAST_LENGTHS = 1.5
# What is wider than LARGE_PX pixels takes windows of WIDE_PX: from strips and scraps it would be a patchwork.
LARGE_PX = 40
WIDE_PX = 28
# Ground is made from so much of its like, as a share of its own size; from less, it shows its pattern.
SOURCE_SHARE = 0.5


def is_shown(scene: Scene, kind: int, area_m2: float) -> bool:
    """Return whether a picture shows enough of a kind of ground to make so much more of it.

    Args:
        scene: the real picture.
        kind: hub id.
        area_m2: of what is to be made.
    """
    wanted_px = area_m2 / scene.grid.pixel_area_m2
    side_px = SHOWN_PX if wanted_px < LARGE_PX**2 else WIDE_PX
    return shown_px(scene, kind, side_px) >= max(SHOWN_WINDOWS, SOURCE_SHARE * wanted_px)


_SHOWN: WeakKeyDictionary[Scene, dict[tuple[int, int], int]] = WeakKeyDictionary()


def shown_px(scene: Scene, kind: int, side_px: int) -> int:
    """Return how many pixels lie in the middle of a window that is mostly ground of a kind; kept by scene.

    Ground in the shadow of a house is left out: copied, it would stand there without the house.

    Args:
        scene: the real picture.
        kind: hub id.
        side_px: of the windows.
    """
    kept = _SHOWN.setdefault(scene, {})
    if (kind, side_px) not in kept:
        lent = (scene.surface == kind) & ~grown(scene.instances > 0, 2) & ~_in_cast_shadow(scene)
        rows, cols = (n // 2 * 2 for n in lent.shape)
        # The renderer that copies ground looks at whole squares of two by two pixels.
        even = lent[:rows, :cols]
        halved = even[::2, ::2] & even[1::2, ::2] & even[::2, 1::2] & even[1::2, 1::2]
        share = ndimage.uniform_filter(halved.astype(np.float32), side_px // 2, mode="constant")
        kept[kind, side_px] = 4 * int(np.count_nonzero(share >= SHOWN_SHARE))
    return kept[kind, side_px]


def _in_cast_shadow(scene: Scene) -> Mask:
    """Return (H, W) dark ground behind an object, seen from the sun; all dark ground where none is known."""
    bright = scene.image[:3].mean(axis=0, dtype=np.float32)
    ground = (scene.instances == 0) & (scene.surface != hub.IGNORE)
    if not ground.any():
        return ground
    sun = scene.sun
    contrast = DARK if sun is None else float(np.mean(sun.contrast[:3]))
    dark: Mask = bright < np.median(bright[ground]) * math.sqrt(contrast)
    if sun is None:
        return dark
    reach_px = CAST_LENGTHS * sun.shadow_length_m / scene.grid.gsd_m
    return dark & light.swept(scene.instances > 0, sun.shadow_row, sun.shadow_col, reach_px)
