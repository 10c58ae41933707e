"""What a scene offers to paint with: clear ground by kind, its shadows, its light."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Scene

Mask = NDArray[np.bool_]

# Which ground may stand in for which, the nearest first.
SUBSTITUTES: dict[int, tuple[int, ...]] = {
    hub.BARE: (hub.DEVELOPED, hub.CROP, hub.GRASS),
    hub.GRASS: (hub.SHRUB, hub.CROP, hub.BARE),
    hub.SHRUB: (hub.GRASS, hub.TREE, hub.CROP),
    hub.TREE: (hub.SHRUB, hub.GRASS),
    hub.CROP: (hub.GRASS, hub.BARE, hub.SHRUB),
    hub.DEVELOPED: (hub.BARE, hub.GRASS),
    hub.WATER: (),
    hub.WETLAND: (hub.GRASS, hub.WATER),
    hub.SNOW: (),
}
# Positions kept of one kind and size: enough to choose from, few enough to sort for every hole.
MOST_BLOCKS = 4000
# Pixels of one kind of ground whose median is taken; more would not move it.
MOST_VALUES = 20_000
# Ground within this many pixels of an object is mixed with it.
OBJECT_MARGIN_PX = 2


class Palette:
    """Derived once a scene and kept with it.

    Args:
        scene: whose pixels are offered.
    """

    def __init__(self, scene: Scene) -> None:
        self._image = scene.image
        self._surface = scene.surface
        self._instances = scene.instances
        self._sun = scene.sun
        self._blocks: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._lit_from: dict[int, float] = {}

    @cached_property
    def brightness(self) -> NDArray[np.float32]:
        """(H, W) mean of the first three bands, in the source's scale."""
        return self._image[:3].mean(axis=0, dtype=np.float32)

    @cached_property
    def open_ground(self) -> Mask:
        """(H, W) ground off objects and ignore."""
        return (self._instances == 0) & (self._surface != hub.IGNORE)

    @cached_property
    def lit_level(self) -> float:
        """Median brightness of open ground."""
        values = self.brightness[self.open_ground]
        return float(np.median(values)) if values.size else float(np.median(self.brightness))

    @cached_property
    def dark_below(self) -> float:
        """Brightness that separates shadow from lit ground: the geometric mean of the two levels."""
        return self.lit_level * self._edge_of_shadow

    @property
    def _edge_of_shadow(self) -> float:
        contrast = float(np.mean(self._sun.contrast[:3])) if self._sun else 0.45
        return contrast**0.5

    @cached_property
    def off_objects(self) -> Mask:
        """(H, W) open ground, lit or not, that keeps off objects."""
        near = ndimage.binary_dilation(self._instances > 0, iterations=OBJECT_MARGIN_PX)
        return self.open_ground & ~near

    @cached_property
    def clear(self) -> Mask:
        """(H, W) open ground that is lit and keeps off objects: what may be copied."""
        return self.off_objects & (self.brightness >= self.dark_below)

    def lit_from(self, surface: int) -> float:
        """Return the brightness that separates shadow from lit ground of one kind; infinite without any.

        A lawn in the sun may be darker than sand in the shade, so each kind has its own.
        """
        if surface not in self._lit_from:
            values = self.brightness[self.off_objects & (self._surface == surface)]
            thinned = values[:: max(1, values.size // MOST_VALUES)]
            level = float(np.median(thinned)) if thinned.size else np.inf
            self._lit_from[surface] = level * self._edge_of_shadow
        return self._lit_from[surface]

    def blocks(self, surface: int, size: int) -> NDArray[np.int64]:
        """Return (n, 2) upper left pixels of all size x size blocks that are clear ground of one kind."""
        key = (surface, size)
        if key not in self._blocks:
            good = self.clear & (self._surface == surface)
            sums = np.zeros((good.shape[0] + 1, good.shape[1] + 1), np.int32)
            np.cumsum(np.cumsum(good, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
            if min(good.shape) < size:
                found = np.zeros((0, 2), np.int64)
            else:
                full = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
                places = np.flatnonzero(full == size * size)
                places = places[:: max(1, -(-places.size // MOST_BLOCKS))]
                found = np.stack(np.unravel_index(places, full.shape), axis=1)
            self._blocks[key] = found
        return self._blocks[key]

    @cached_property
    def levels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(C,) mean and (C,) standard deviation of the picture off ignored pixels."""
        good = (self._surface != hub.IGNORE) | (self._instances > 0)
        values = self._image[:, good] if good.any() else self._image.reshape(self._image.shape[0], -1)
        return values.mean(axis=1, dtype=np.float64), values.std(axis=1, dtype=np.float64)


_KEPT: WeakKeyDictionary[Scene, Palette] = WeakKeyDictionary()


def palette_of(scene: Scene) -> Palette:
    """Return the palette of a scene, made at the first call."""
    if scene not in _KEPT:
        _KEPT[scene] = Palette(scene)
    return _KEPT[scene]
