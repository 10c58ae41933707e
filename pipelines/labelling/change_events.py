"""Change of buildings between two label maps that no person has drawn: two votes that must agree.

The idea: a pixel votes where a building stands at one date alone; a building votes where nothing of it stands
at the other date. Outlines that a network draws a little differently at each date lose the second vote.

Source: SemiCD-VL (Li et al. 2024), mixed change-event generation: exclusive or of the building pixels of both
dates, and instances that overlap no building of the other date; unsure pixels are ignored. There a new house
that touches an old one is one instance with it and is lost; here a part that stands out by the width of a
house votes for itself (`part_m`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import check_quantity
from diachron.core.errors import GridError
from diachron.core.pair import UNKNOWN

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """When a building counts as new or gone.

    Args:
        smallest_m2: smaller ones are unknown: at 0.3 m that is where segmenters begin to draw specks.
        overlap: share of a building that may be building at the other date, too. 0 as published loses a new
            house whose neighbour is drawn one pixel wider at the other date.
        part_m: a part of a building that is at least so wide, to a pixel, and no building at the other date,
            counts like a building of its own; None as published, where it counts as unchanged. 4 m is the
            width of a narrow house; rims of badly registered dates stay below.
    """

    smallest_m2: float = 20.0
    overlap: float = 0.05
    part_m: float | None = 4.0

    def __post_init__(self) -> None:
        check_quantity(self.smallest_m2, key="smallest_m2", low=0)
        check_quantity(self.overlap, key="overlap", low=0, high=1)
        if self.part_m is not None:
            check_quantity(self.part_m, key="part_m", low=0)


def building_change(
    t1: NDArray[np.uint8],
    t2: NDArray[np.uint8],
    gsd_m: float,
    rules: Rules | None = None,
    *,
    building: int = 0,
    unsure: int = 255,
) -> NDArray[np.uint8]:
    """Return where buildings came or went, (H, W) uint8: 0 same, 1 changed, 255 unknown.

    Unknown are pixels that are unsure at one date, buildings of which most is unsure at the other date, and
    buildings that only their size keeps from counting.

    Args:
        t1, t2: (H, W) label maps of the earlier and the later date.
        gsd_m: side of a pixel in metres.
        rules: when a building counts; the defaults if None.
        building, unsure: ids in both maps.

    Raises:
        GridError: the maps differ in rows or columns.
    """
    if t1.shape != t2.shape:
        raise GridError(
            f"the label map of t1 has {t1.shape[0]} x {t1.shape[1]} pixels, that of t2 "
            f"{t2.shape[0]} x {t2.shape[1]}"
        )
    rules = rules or Rules()
    change = np.zeros(t1.shape, np.uint8)
    for here, other in ((t1, t2), (t2, t1)):
        changed, unknown = _votes(here == building, other == building, other == unsure, gsd_m, rules)
        change[changed] = 1
        change[unknown] = UNKNOWN
    change[(t1 == unsure) | (t2 == unsure)] = UNKNOWN
    return change


def _votes(here: Mask, other: Mask, unsure: Mask, gsd_m: float, rules: Rules) -> tuple[Mask, Mask]:
    """Return the pixels of buildings of one date that are new against the other, and those nobody knows."""
    alone = here & ~other
    # Neighbours that touch at a corner only are two buildings.
    instances, count = ndimage.label(here)
    size = np.bincount(instances.ravel(), minlength=count + 1)
    shared = np.bincount(instances[other], minlength=count + 1)
    doubtful = np.bincount(instances[unsure], minlength=count + 1)
    free = shared <= rules.overlap * size
    hidden = free & (2 * doubtful > size)
    small = free & ~hidden & (size * gsd_m**2 < rules.smallest_m2)
    votes = free & ~hidden & ~small
    # Not a building: open ground has number 0.
    votes[0] = hidden[0] = small[0] = False
    changed = alone & votes[instances]
    unknown = alone & (hidden | small)[instances]
    if rules.part_m is not None:
        lost = alone & ~unsure & ~(free[instances])
        changed |= _wide_parts(lost, rules.part_m / gsd_m, rules.smallest_m2 / gsd_m**2)
    return changed, unknown


def _wide_parts(mask: Mask, width_px: float, smallest_px: float) -> Mask:
    """Return the parts of a mask that a disc of a width fits into, with their rims, where large enough.

    The rim of a building that is drawn larger at one date is narrower than the disc and drops out.
    """
    # A frame of nothing: without it distances at the border would reach beyond the picture.
    framed = np.pad(mask, 1)
    inside = ndimage.distance_transform_edt(framed)[1:-1, 1:-1] >= width_px / 2
    if not inside.any():
        return inside
    grown: Mask = mask & (ndimage.distance_transform_edt(~inside) <= width_px / 2 + 1)
    parts, count = ndimage.label(grown)
    large = np.bincount(parts.ravel(), minlength=count + 1) >= smallest_px
    large[0] = False
    found: Mask = large[parts]
    return found
