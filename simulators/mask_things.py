"""Things in a picture without labels, from masks that somebody proposes: overlapping, of any size, scored.

Networks that segment anything propose a roof, the house with its yard, the skylight and the lawn. What is
left here are things as `segments` knows them: of the size of a house or hall, compact, neither green nor in
shadow, and no two of them touch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.growth import grown
from diachron.core.scene import Footprint
from diachron.simulators.segments import fill_of_a_thing, green_or_dark, has_size_of_a_thing

Mask = NDArray[np.bool_]

# A mask that loses more to better ones is another view of them; one that loses less stands beside them.
LEAST_LEFT = 0.9
# Of a thing, at most this share is vegetation or shadow, as in `segments`.
MOST_GREEN_OR_DARK = 0.5


@dataclass(frozen=True)
class Proposal:
    """A mask that may be a thing.

    Args:
        score: how good its author thinks that it is; higher goes first.
        footprint: its pixels.
    """

    score: float
    footprint: Footprint


def things_of(
    proposals: Iterable[Proposal],
    unit: NDArray[np.float32],
    bands: tuple[str, ...],
    gsd_m: float,
    void: Mask,
) -> NDArray[np.int32]:
    """Return (H, W) int32 ids of things, from 1 by falling score, 0 where none is.

    Holes are filled. Where masks overlap the one with the highest score keeps the pixels and one more around
    it; of the others those that lose little go on with their largest piece.

    Args:
        proposals: in any order; equal scores are taken from the top left.
        unit: (C, H, W) float32, 0-1.
        bands: C names.
        gsd_m: ground sampling distance.
        void: (H, W) pixels without data; nothing that touches them is a thing.
    """
    ids = np.zeros(void.shape, np.int32)
    out = green_or_dark(unit, bands)
    beside_void = grown(void, 1)
    closed = np.zeros(void.shape, bool)
    count = 0
    for proposal in sorted(proposals, key=_order):
        window = proposal.footprint.window
        mask: Mask = ndimage.binary_fill_holes(proposal.footprint.mask)
        if (mask & beside_void[window]).any():
            continue
        left = _largest_piece(mask & ~closed[window])
        pixels = int(np.count_nonzero(left))
        if pixels < LEAST_LEFT * np.count_nonzero(mask) or not has_size_of_a_thing(pixels, gsd_m):
            continue
        if np.count_nonzero(left & out[window]) >= MOST_GREEN_OR_DARK * pixels:
            continue
        if fill_of_a_thing(left, gsd_m) is None:
            continue
        count += 1
        ids[window][left] = count
        around = _with_margin(window, void.shape)
        closed[around] |= grown(ids[around] == count, 1)
    return ids


def _order(proposal: Proposal) -> tuple[float, int, int, tuple[int, ...], int]:
    footprint = proposal.footprint
    return -proposal.score, footprint.row, footprint.col, footprint.mask.shape, -footprint.pixels


def _largest_piece(mask: Mask) -> Mask:
    pieces, count = ndimage.label(mask)
    if count < 2:
        return mask
    largest: Mask = pieces == 1 + int(np.bincount(pieces.ravel())[1:].argmax())
    return largest


def _with_margin(window: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return a window with a pixel more on every side, as far as there are any."""
    rows, cols = (
        slice(max(side.start - 1, 0), min(side.stop + 1, length))
        for side, length in zip(window, shape, strict=True)
    )
    return rows, cols
