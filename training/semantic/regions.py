"""Regions of crops whose maps do not name what stands there: as many sharp borders as a label map draws.

Guessed objects cover a part of a picture, and the rest would be one region, smooth all over. A network that
learned from that takes every border of a world for a blurred one, sharpens it, and paints a coloured rim and
streaks along it (seen after 1100 steps).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.generators.semantic.sketch import regions_of
from diachron.training.inpainting.places import Ground

# Brightness is cut into levels of so much, in units of the network: 0.4 parts a path from grass, 6 nothing
# but black from white. Drawn between these, 5.4 % of neighbouring pixels have a sharp border between them, as
# 5.2 % of a suburb that was made up; 0.9 % have one where only guessed objects are cut out.
STEPS = (0.4, 6.0)
# Texture finer than this draws no border, in pixels.
GRAIN_PX = 3
# Levels of a crop are numbered from here, beyond all objects.
FIRST = 2**24


def crop_regions(rng: np.random.Generator, crop: Ground) -> NDArray[np.int32]:
    """Return (S, S) int32 regions of a crop; ground of no known class is cut by its brightness.

    How finely is drawn anew for each crop: cars, crowns and shadows of a world lie inside its regions, and
    have to be found there.

    Args:
        rng: everything is drawn from it.
        crop: with its pixels and maps.
    """
    step = float(np.exp(rng.uniform(*np.log(STEPS))))
    offset = float(rng.uniform(0.0, step))
    regions = regions_of(crop.labels, crop.instances, crop.void)
    unknown = (crop.labels == 0) & (crop.instances == 0) & ~crop.void
    if unknown.any():
        levels = ndimage.median_filter(crop.pixels.mean(axis=0), size=GRAIN_PX)
        # Brightness is -2 at the least, so that levels are not negative.
        numbers = np.floor((levels + offset + 2.0) / step).astype(np.int32)
        regions[unknown] = FIRST + numbers[unknown]
    return regions
