"""Parts of buildings: wings along a wall, ends that are taken off, and the roofs that cover them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.motion import Motion
from diachron.core.scene import Donor, Footprint, SceneObject
from diachron.simulators.blocks import cropped
from diachron.simulators.donor_motion import roof_motion
from diachron.simulators.parts import room_beside
from diachron.simulators.site import Site

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# A part of fewer pixels is the rounding of an outline.
FEWEST_PIXELS = 12
# Share of a drawn part that has to fit; walls are seldom straight to the pixel.
FITS = 0.9


@dataclass(frozen=True)
class Frame:
    """A building in its own axes: a window, its mask there, and coordinates along and across its walls.

    Args:
        box: window of the grid.
        mask: (h, w) its pixels.
        along, across: (h, w) pixels from the middle of its box.
        half: half of its length along, and across.
    """

    box: Box
    mask: Mask
    along: NDArray[np.float64]
    across: NDArray[np.float64]
    half: tuple[float, float]


def frame_of(site: Site, entry: SceneObject, margin_px: int) -> Frame:
    """Return a building's frame with some pixels of a margin, as far as the picture goes."""
    own = entry.footprint
    box = (
        slice(max(own.row - margin_px, 0), min(own.window[0].stop + margin_px, site.scene.grid.shape[0])),
        slice(max(own.col - margin_px, 0), min(own.window[1].stop + margin_px, site.scene.grid.shape[1])),
    )
    mask = site.scene.instances[box] == entry.id
    turn = math.radians(entry.orientation_deg or 0.0)
    down, right = np.mgrid[box].astype(np.float64)
    along = right * math.cos(turn) + down * math.sin(turn)
    across = down * math.cos(turn) - right * math.sin(turn)
    sides = []
    for axis in (along, across):
        low, high = float(axis[mask].min()), float(axis[mask].max())
        axis -= (low + high) / 2
        sides.append((high - low + 1.0) / 2)
    return Frame(box, mask, along, across, (sides[0], sides[1]))


def wing(
    rng: np.random.Generator,
    site: Site,
    entry: SceneObject,
    *,
    share: float,
    depth_m: float,
    allowed: NDArray[np.bool_],
    gap_m: float,
    set_back_m: float,
) -> Footprint | None:
    """Return a part that a building could grow by along one of its walls; None where none has room.

    Args:
        rng: the process's stream: which wall, and where along it.
        site: what stands around.
        entry: the building.
        share: of the wall's length.
        depth_m: away from the wall.
        allowed: 256 booleans, by hub id of the surface.
        gap_m, set_back_m: to other objects and to roads.
    """
    depth_px = depth_m / site.scene.grid.gsd_m
    frame = frame_of(site, entry, math.ceil(depth_px) + 3)
    room = room_beside(site, entry, frame.box, allowed, gap_m, set_back_m)
    sides = rng.permutation(4).tolist()
    slides = rng.random(4).tolist()
    for side, slide in zip(sides, slides, strict=True):
        out, wall = (frame.along, frame.across) if side % 2 else (frame.across, frame.along)
        half_out, half_wall = (frame.half[0], frame.half[1]) if side % 2 else (frame.half[1], frame.half[0])
        if side >= 2:
            out = -out
        length = share * 2 * half_wall
        start = -half_wall + slide * (2 * half_wall - length)
        strip = (wall >= start) & (wall <= start + length)
        # Behind the wall there has to be some building, also where the outline is an L.
        strip &= (out > 0) & (out <= half_out + depth_px)
        reached = out[strip & frame.mask]
        if reached.size == 0:
            continue
        face = float(reached.max())
        part = strip & ~frame.mask & (out <= face + depth_px) & (out > face - half_out)
        part = _touching(part, frame.mask)
        if np.count_nonzero(part) < max(FEWEST_PIXELS, FITS * length * depth_px):
            continue
        if (part & ~room).any():
            continue
        return cropped(part, frame.box)
    return None


def cut_off(rng: np.random.Generator, site: Site, entry: SceneObject, share: float) -> Footprint | None:
    """Return the end of a building, a share of its length; None where the rest would fall apart.

    Args:
        rng: the process's stream: which end.
        site: where it stands.
        entry: the building.
        share: of its longer side, below 1.
    """
    frame = frame_of(site, entry, 1)
    out, half = (
        (frame.along, frame.half[0]) if frame.half[0] >= frame.half[1] else (frame.across, frame.half[1])
    )
    if rng.random() < 0.5:
        out = -out
    part = frame.mask & (out > half - 2 * half * share)
    rest = frame.mask & ~part
    if min(np.count_nonzero(part), np.count_nonzero(rest)) < FEWEST_PIXELS:
        return None
    if ndimage.label(rest)[1] != 1 or ndimage.label(part)[1] != 1:
        return None
    return cropped(part, frame.box)


def roof_for(site: Site, donors: list[Donor], footprint: Footprint) -> dict[str, object] | None:
    """Return what a renderer must know to cover a footprint with a roof; None where no donor is large enough.

    Args:
        site: where it lies.
        donors: tried in order; they must be turned already, so only those of this scene serve.
        footprint: of the part.
    """
    for donor in donors:
        motion: Motion | None = roof_motion(donor, footprint, 0.0, donor.gsd_m / site.scene.grid.gsd_m)
        if motion is not None:
            return {
                "origin": "drawn",
                "donor_scene": donor.scene,
                "donor_object": donor.object.id,
                "motion": motion.to_json(),
            }
    return None


def _touching(part: Mask, building: Mask) -> Mask:
    """Return the pieces of a part that meet the building along a side."""
    pieces, count = ndimage.label(part)
    if count == 0:
        return part
    beside = ndimage.binary_dilation(building) & part
    kept = np.zeros(count + 1, bool)
    kept[np.unique(pieces[beside])] = True
    kept[0] = False
    result: Mask = kept[pieces]
    return result
