"""A picture without its texture: what a label map and the levels of light tell, and nothing finer.

A real picture and a procedural one look much alike once they have gone through here. So a network that was
taught on sketches of real tiles knows what to do with the sketch of a place that was made up.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

# Share of a difference that flows to a neighbour in a step: below a quarter no step swings over.
RATE = 0.2
# Below every class.
VOID = -256


def regions_of(
    labels: NDArray[np.uint8], instances: NDArray[np.int32], void: NDArray[np.bool_] | None
) -> NDArray[np.int32]:
    """Return (H, W) int32 numbers of what belongs together: each object by itself, ground by its class.

    Args:
        labels: (H, W) hub ids of what is seen.
        instances: (H, W) object ids, 0 where none stands.
        void: (H, W) pixels without data, which are nothing else's; None where there are none.
    """
    regions = np.where(instances > 0, instances, -labels.astype(np.int32)).astype(np.int32)
    if void is not None:
        regions[void] = VOID
    return regions


def sketch_of(
    pixels: NDArray[np.float32], regions: NDArray[np.int32], detail_px: float
) -> NDArray[np.float32]:
    """Return a picture smoothed inside its regions, (C, H, W) float32; no colour crosses a border.

    Light and dark sides, shadows and crowns stay as soft patches. The sketch of a region depends on its own
    pixels alone, so an object has the same one whatever comes beside it.

    Source: Perona and Malik 1990, "Scale-space and edge detection using anisotropic diffusion", eq. 8, with
    conductance 1 inside a region and 0 across its border: n steps of rate r are a Gaussian of variance 2 n r.

    Args:
        pixels: (C, H, W).
        regions: (H, W) of `regions_of`.
        detail_px: sigma of the smoothing, above 0.
    """
    down = RATE * (regions[1:] == regions[:-1]).astype(np.float32)
    right = RATE * (regions[:, 1:] == regions[:, :-1]).astype(np.float32)
    smooth = pixels.astype(np.float32, copy=True)
    for _ in range(steps_of(detail_px)):
        falls = (smooth[:, 1:] - smooth[:, :-1]) * down
        runs = (smooth[:, :, 1:] - smooth[:, :, :-1]) * right
        smooth[:, :-1] += falls
        smooth[:, 1:] -= falls
        smooth[:, :, :-1] += runs
        smooth[:, :, 1:] -= runs
    return smooth


def steps_of(detail_px: float) -> int:
    """Return the steps of a sketch: what is further from a pixel than so many pixels does not change it."""
    return max(1, math.ceil(detail_px**2 / (2.0 * RATE)))
