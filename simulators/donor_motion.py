"""How a donor comes to its new place: the turn that its sun allows, the motion, the footprint after it."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from diachron.core.motion import Motion
from diachron.core.scene import Donor, Footprint
from diachron.simulators import orientation
from diachron.simulators.lenders import Lender
from diachron.simulators.shapes import trimmed

# A turn this small is left out: the pixels then stay as they are, without resampling.
NEGLIGIBLE_TURN_DEG = 4.0


def feasible_turn(lender: Lender, local_deg: float | None, limit_deg: float) -> float | None:
    """Return by how much to turn a donor so that walls fit the neighbourhood and shadows the sun.

    Args:
        lender: the donor, with the turn that its shadow asks for.
        local_deg: direction of the neighbourhood modulo 90 degrees, None where nothing stands.
        limit_deg: how far the turned shadow may disagree with the sun.

    Returns:
        The turn in degrees, or None where no turn satisfies both.
    """
    turn = wanted = lender.shadow_turn_deg
    if turn is None or wanted is None:
        return None
    if local_deg is not None and lender.own_deg is not None:
        first = orientation.quarter_turn_difference(lender.own_deg, local_deg)
        # Of the turns that line up the walls, the one nearest to what is wanted.
        turn = first + 90.0 * math.ceil((wanted - first) / 90.0 - 0.5)
        if abs(turn - wanted) > limit_deg:
            return None
    return 0.0 if abs(turn) < NEGLIGIBLE_TURN_DEG else turn


def centred_motion(donor: Donor, row: int, col: int, turn_deg: float, scale: float) -> Motion:
    """Return the motion that takes the middle pixel of a donor's window to (row, col)."""
    source = donor.object.footprint
    height, width = source.mask.shape
    return Motion(
        float(source.row + height // 2),
        float(source.col + width // 2),
        float(row),
        float(col),
        turn_deg,
        scale,
    )


def moved_footprint(donor: Donor, motion: Motion) -> Footprint | None:
    """Return a donor's footprint at its new place; None where scaling leaves a dot."""
    source = donor.object.footprint
    height, width = source.mask.shape
    row, col = int(motion.to_row), int(motion.to_col)
    if motion.is_exact:
        return Footprint(row - height // 2, col - width // 2, source.mask)
    c, s = (abs(f(math.radians(motion.turn_deg))) * motion.scale / 2 for f in (math.cos, math.sin))
    # The turned window, and a pixel more for the rounding of its middle and for the blur.
    down, right = math.ceil(height * c + width * s) + 2, math.ceil(height * s + width * c) + 2
    top, left = row - down, col - right
    shape = (2 * down + 1, 2 * right + 1)
    offset = motion.offset(top, left) - np.array([source.row, source.col])
    soft = ndimage.affine_transform(
        source.mask.astype(np.float32),
        motion.matrix(),
        offset,
        output_shape=shape,
        order=1,
        mode="grid-constant",
    )
    return trimmed(Footprint(top, left, soft > 0.5))


def roof_motion(donor: Donor, footprint: Footprint, turn_deg: float, gsd_scale: float) -> Motion | None:
    """Return the motion that covers a footprint with a donor's roof; None where it would be blown up."""
    source = donor.object.footprint
    # The roof must cover the whole shape: scale by the side that needs it most, and no more than that.
    need = max(footprint.mask.shape[0] / source.mask.shape[0], footprint.mask.shape[1] / source.mask.shape[1])
    scale = max(gsd_scale, need)
    if scale > 1.35 * gsd_scale:
        return None
    return Motion(
        source.row + (source.mask.shape[0] - 1) / 2,
        source.col + (source.mask.shape[1] - 1) / 2,
        footprint.row + (footprint.mask.shape[0] - 1) / 2,
        footprint.col + (footprint.mask.shape[1] - 1) / 2,
        turn_deg,
        scale,
    )
