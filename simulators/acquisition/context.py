"""What a step may know: of the sensor and the place when it draws, of the date's ground when it is applied.

Neither sees the event log. What is drawn may look at the place as the source shows it, never at a date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import SceneObject, Sun, object_class_map
from diachron.simulators.bearing import NORTH_UP, Bearing

Mask = NDArray[np.bool_]

# Where the source states no height: 3 m and 0.3 m more for each metre of the side of an equal square, at
# most 12 m. That is 6 m for a house of 100 m², 9 m for a block of 400 m²; halls are wide, not high.
LOWEST_M, SLOPE, HIGHEST_M = 3.0, 0.3, 12.0
# Of a tree: the bare stem, and the highest that is assumed. What is lower than a wall is a kerb or a plant.
TREE_STEM_M, TALLEST_TREE_M, LOWEST_WALL_M = 2.0, 12.0, 0.5
# Crowns are measured on every second pixel where pixels are smaller than this.
COARSE_BELOW_M = 1.0


@dataclass(frozen=True, eq=False)
class Context:
    """What may be known when a date's numbers are drawn.

    Args:
        bands: names of the bands.
        gsd_m: ground sampling distance.
        dtype: of the pictures.
        latitude_deg: of the place; None where it is not known.
        sun: of the source's picture; None where it is not known.
        year_share: 0-1, what the steps of a date have in common that ask for its day of the year: how far it
            lies into the part of the year that they allow; None lets each draw its own.
        standing_room: (H, W) uint8 of the source's picture: hub ids of open ground on which things may
            stand or float for a while, 0 elsewhere; None where it is not known, and then nothing does.
        bearing: how the grid lies; up is north by default.
    """

    bands: tuple[str, ...]
    gsd_m: float
    dtype: str = "uint8"
    latitude_deg: float | None = None
    sun: Sun | None = None
    year_share: float | None = None
    standing_room: NDArray[np.uint8] | None = None
    bearing: Bearing = NORTH_UP

    def pixels(self, metres: float) -> float:
        """Return a length in pixels, rounded as records are."""
        return round(metres / self.gsd_m, 6)


@dataclass(frozen=True, eq=False)
class Place:
    """The state of a place at a date, as far as light and sensor are concerned.

    Args:
        surface: (H, W) uint8 hub ids of the ground, also under objects.
        instances: (H, W) int32 object ids.
        objects: id -> object.
        gsd_m: ground sampling distance.
        labelled: whether the surface comes from labels; False where it was guessed from the picture.
        sun: under which the date's picture was taken or painted; None where it is not known.
        height_m: (H, W) above ground, not finite where unknown; None where none is known.
        relit: gives the (C, H, W) float32 picture of the state, 0-1, under the sun of an azimuth, clockwise
            from north, and an elevation, both in degrees; None for real places, which nobody knows so well.
    """

    surface: NDArray[np.uint8]
    instances: NDArray[np.int32]
    objects: Mapping[int, SceneObject]
    gsd_m: float
    labelled: bool = True
    sun: Sun | None = None
    height_m: NDArray[np.float32] | None = None
    relit: Callable[[float, float], NDArray[np.float32]] | None = None

    @cached_property
    def classes(self) -> NDArray[np.uint8]:
        """(H, W) hub class of the object at each pixel, 0 where none stands."""
        return object_class_map(self.instances, self.objects)

    @cached_property
    def open_ground(self) -> Mask:
        """(H, W) ground that is seen: no object stands there."""
        ground: Mask = (self.classes == 0) & (self.surface != hub.IGNORE)
        return ground

    @cached_property
    def heights_m(self) -> NDArray[np.float32]:
        """(H, W) height of the building or greenhouse at each pixel, 0 elsewhere.

        What the object states goes before the map of heights, and that before an estimate.
        """
        table = np.zeros(int(max(self.objects, default=0)) + 1, np.float32)
        is_guess = np.zeros(table.size, bool)
        for object_id, entry in self.objects.items():
            if entry.object_class in (hub.BUILDING, hub.GREENHOUSE):
                area_m2 = entry.footprint.pixels * self.gsd_m**2
                table[object_id] = estimated_height_m(area_m2) if entry.height_m is None else entry.height_m
                is_guess[object_id] = entry.height_m is None
        heights = table[self.instances]
        if self.height_m is not None:
            known = is_guess[self.instances] & np.isfinite(self.height_m) & (self.height_m > 0)
            heights[known] = self.height_m[known]
        return heights

    @cached_property
    def standing_m(self) -> NDArray[np.float32]:
        """(H, W) height of all that casts a shadow: as `heights_m`, with trees and free-standing walls.

        Those are as high as the map of heights says. Where it says nothing, labelled trees are taken to be as
        high as their group is wide (`estimated_tree_m`), and of walls nothing is known.
        """
        standing = self.heights_m.copy()
        off_objects = self.classes == 0
        trees = off_objects & (self.surface == hub.TREE)
        if self.height_m is not None:
            known = off_objects & np.isfinite(self.height_m)
            at = known & (self.height_m > LOWEST_WALL_M)
            standing[at] = self.height_m[at]
            trees &= ~known
        if self.labelled and trees.any():
            standing[trees] = self._tree_heights_m(trees)[trees]
        return standing

    def _tree_heights_m(self, trees: Mask) -> NDArray[np.float32]:
        """Return the (H, W) heights of trees by the width of their group, at every second pixel if fine."""
        step = 2 if self.gsd_m < COARSE_BELOW_M else 1
        groups, count = ndimage.label(trees[::step, ::step], np.ones((3, 3), int))
        inside = ndimage.distance_transform_edt(np.pad(groups > 0, 1))[1:-1, 1:-1]
        widest = np.asarray(ndimage.maximum(inside, groups, np.arange(count + 1)))
        # A pixel's own width: it counts half of itself to each side.
        heights = estimated_tree_m((2.0 * widest - 1.0) * self.gsd_m * step).astype(np.float32)[groups]
        fine = np.repeat(np.repeat(heights, step, axis=0), step, axis=1)
        return fine[: trees.shape[0], : trees.shape[1]]


def estimated_tree_m(width_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how high trees are taken to be whose crowns are so wide: 2 m + the width, at most 12 m.

    Crowns of street trees are about as wide as they are high without the bare stem (a rule of thumb); a wood
    is wide, not higher than its trees.
    """
    return np.minimum(TREE_STEM_M + np.maximum(width_m, 0.0), TALLEST_TREE_M)


def estimated_height_m(area_m2: float) -> float:
    """Return how high a building of so much ground is taken to be: 3 m + 0.3 sqrt(area), at most 12 m."""
    return min(LOWEST_M + SLOPE * area_m2**0.5, HIGHEST_M)


def standing_room(place: Place) -> NDArray[np.uint8]:
    """Return the (H, W) hub ids of roads, developed and bare ground and water that lie open, 0 elsewhere."""
    room = np.where(place.classes == hub.ROAD, hub.ROAD, np.where(place.classes == 0, place.surface, 0))
    allowed = np.isin(room, (hub.ROAD, hub.DEVELOPED, hub.BARE, hub.WATER))
    return np.where(allowed, room, 0).astype(np.uint8)
