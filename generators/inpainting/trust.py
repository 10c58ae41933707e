"""What of a repainted hole is taken: its light within bounds, its borders, as much of its grain as is asked.

A small network softens lines, and takes a dark roof on pale ground for a fault of light. What was proposed
are real pixels: their fine detail and most of their level can be kept, and the network mends the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

# What is finer than this is detail, what is wider is light.
DETAIL_SIGMA_PX = 1.5
# Detail is the network's at a border, where both grounds meet, and the proposal's from so far inside on.
BORDER_PX = 2.5


def within_bounds(
    painted: Picture, proposal: Picture, hole: Mask, *, detail: float, most_shift: float
) -> Picture:
    """Return (3, h, w) float32 a window whose hole keeps detail of the proposal and stays near its level.

    Args:
        painted, proposal: (3, h, w) in one scale.
        hole: (h, w); around it the window stays as painted.
        detail: share of the proposal's detail that is kept away from borders, 0 to 1; the rest is the
            network's.
        most_shift: that the local mean may leave that of the proposal by, in the scale of the pictures; small
            differences are kept as they are, larger ones come near to it (a hyperbolic tangent). At borders
            the network's detail comes on top.
    """
    weight = np.maximum(_blurred(hole.astype(np.float32)), 1e-6)
    wide_painted, wide_proposal = (_blurred(each * hole) / weight for each in (painted, proposal))
    shift = wide_painted - wide_proposal
    if np.isfinite(most_shift):
        shift = most_shift * np.tanh(shift / max(most_shift, 1e-6))
    share = np.float32(detail)
    if not hole.all():
        depth = ndimage.distance_transform_edt(hole)
        share = share * np.clip((depth - 0.5) / (BORDER_PX - 0.5), 0.0, 1.0)
    fine = share * (proposal - wide_proposal) + (1.0 - share) * (painted - wide_painted)
    return np.where(hole, wide_proposal + shift + fine, painted).astype(np.float32)


def _blurred(layers: NDArray[np.float32]) -> Picture:
    sigmas = (0.0,) * (layers.ndim - 2) + (DETAIL_SIGMA_PX, DETAIL_SIGMA_PX)
    blurred: Picture = ndimage.gaussian_filter(layers, sigmas, mode="nearest")
    return blurred
