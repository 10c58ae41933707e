"""Parcels of open land: a straight-sided piece of one kind of ground, along the lines of the country."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Footprint
from diachron.simulators.blocks import cropped
from diachron.simulators.site import Site

Mask = NDArray[np.bool_]

# Ground that is farmed.
FARMED = (hub.CROP, hub.GRASS, hub.BARE)
# Pixels tried before an incident is given up.
PLACES = 32
# Share of a drawn rectangle that must be ground of its kind; the rest is hedge, ditch and wood.
FILLED = 0.6
# A place is looked at when its kind of ground reaches this share of the parcel's width to all sides.
ROOM_SHARE = 0.25
# Open pixels between a parcel and what stands beside it.
MARGIN_PX = 2
# What is narrower than twice this is not part of a parcel.
OPENED_PX = 3
# Grain finer than this is no border of a field.
SMOOTH_M = 2.0


@dataclass(frozen=True)
class Parcel:
    """A piece of one kind of ground.

    Args:
        footprint: its pixels.
        surface: hub id of its ground.
        along_deg: direction of its long side, degrees from the column axis towards the row axis, in [0, 180).
    """

    footprint: Footprint
    surface: int
    along_deg: float


class Farmland:
    """Where parcels may lie in a site, looked at once for all incidents.

    Args:
        site: what stands and what is claimed now.
    """

    def __init__(self, site: Site) -> None:
        scene = site.scene
        self._site = site
        self._off = ndimage.binary_dilation(scene.instances > 0, iterations=MARGIN_PX) | ~site.unclaimed()
        # Pixels to the nearest ground of another kind, object or border of the picture.
        self._room_px = np.zeros(scene.grid.shape, np.float32)
        self._plain_px: dict[int, int] = {}
        for kind in FARMED:
            same = (scene.surface == kind) & ~self._off
            self._plain_px[kind] = int(np.count_nonzero(same & site.terrain.plain))
            if same.any():
                room = ndimage.distance_transform_edt(np.pad(same, 1))[1:-1, 1:-1]
                self._room_px = np.maximum(self._room_px, room).astype(np.float32)

    def shows(self, kind: int, pixels: int) -> bool:
        """Return whether so much even ground of a kind is open: pixels to make another field of."""
        return self._plain_px[kind] >= pixels

    def claim(self, footprint: Footprint) -> None:
        """Keep later parcels off one."""
        self._off[footprint.window] |= footprint.mask

    def parcel(self, rng: np.random.Generator, *, area_m2: float, elongation: float) -> Parcel | None:
        """Return a parcel near a drawn pixel of farmed ground; None where none of those tried has room.

        Args:
            rng: the process's stream.
            area_m2, elongation: of the rectangle.
        """
        scene, open_px = self._site.scene, self._site.terrain.open_px
        gsd = scene.grid.gsd_m
        length_px = math.sqrt(area_m2 * elongation) / gsd
        width_px = length_px / elongation
        for _ in range(PLACES if open_px.size else 0):
            if self._site.likelihood is None:
                pixel = int(open_px[int(rng.integers(open_px.size))])
            else:
                likely = self._site.open_pixel(float(rng.random()))
                if likely is None:
                    return None
                pixel = likely
            quarter = int(rng.integers(2))
            if self._room_px.item(pixel) < max(width_px * ROOM_SHARE, OPENED_PX):
                continue
            row, col = divmod(pixel, scene.grid.shape[1])
            kind = int(scene.surface[row, col])
            reach = math.ceil(math.hypot(length_px, width_px) / 2) + 1
            box = (
                slice(max(row - reach, 0), min(row + reach + 1, scene.grid.shape[0])),
                slice(max(col - reach, 0), min(col + reach + 1, scene.grid.shape[1])),
            )
            along = (_direction(self._site, box) + 90.0 * quarter) % 180.0
            turn = math.radians(along)
            down, right = np.mgrid[box] - np.array([row, col])[:, None, None]
            inside = np.abs(right * math.cos(turn) + down * math.sin(turn)) <= length_px / 2
            inside &= np.abs(down * math.cos(turn) - right * math.sin(turn)) <= width_px / 2
            usable = (scene.surface[box] == kind) & ~self._off[box]
            # Ragged edges and thin tongues are no field's.
            pieces, count = ndimage.label(ndimage.binary_opening(inside & usable, iterations=OPENED_PX))
            if count == 0:
                continue
            piece = pieces == int(np.bincount(pieces.ravel())[1:].argmax()) + 1
            if np.count_nonzero(piece) >= FILLED * length_px * width_px:
                return Parcel(cropped(piece, box), kind, along)
        return None


def _direction(site: Site, box: tuple[slice, slice]) -> float:
    """Return the direction, modulo 90 degrees, in which borders and rows of a window run mostly."""
    scene = site.scene
    bright = scene.image[:3, box[0], box[1]].mean(axis=0, dtype=np.float32)
    smooth = ndimage.gaussian_filter(bright, SMOOTH_M / scene.grid.gsd_m / 2)
    down, right = np.gradient(smooth)
    steps = right + 1j * down
    # Four times the angle is the same for a border, its other side and what crosses it squarely.
    total = complex((steps**4 / np.maximum(np.abs(steps) ** 3, 1e-12)).sum())
    return math.degrees(np.angle(total)) / 4.0 % 90.0
