"""What a scene offers to paint with: clear ground by kind, its shadows, its light."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub, light
from diachron.core.growth import grown
from diachron.core.scene import Scene
from diachron.generators.copy_paste.features import Planes, ground_features

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
# Kinds that one piece of ground may hold side by side.
MIXED = frozenset({hub.BARE, hub.GRASS, hub.SHRUB, hub.TREE, hub.CROP, hub.DEVELOPED})
# Positions kept of one kind and size: enough to choose from, few enough to sort for every hole.
MOST_PLACES = 4000
# Share of a window that has to be ground: holes are seldom square, so the rest need not be.
MOSTLY = 0.6
# Shadows of houses are looked for up to this many times the usual length.
CAST_LENGTHS = 1.5
# Pixels of one kind of ground whose median is taken; more would not move it.
MOST_VALUES = 20_000
# Pixels of a picture whose mean and spread are taken.
MOST_LEVELS = 60_000
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
        self._surface_is_estimated = scene.surface_is_estimated
        self._gsd_m = scene.grid.gsd_m
        self._quarries: dict[tuple[int, bool], tuple[Mask, Mask]] = {}
        self._places: dict[tuple[int, int, bool], NDArray[np.int64]] = {}
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
        near = grown(self._instances > 0, OBJECT_MARGIN_PX)
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

    @cached_property
    def features(self) -> Planes:
        """(C + 3, h / 2, w / 2) colours, grain and direction of the ground, see `ground_features`."""
        return ground_features(self._image, self.off_objects)

    @cached_property
    def quarried(self) -> Mask:
        """(h / 2, w / 2) ground off objects and out of the shadows that they cast: what may be copied.

        The shade of a tree or a kerb belongs to the ground; that of a house would stand there without it.
        """
        free = self.off_objects
        if self._sun is not None:
            reach = CAST_LENGTHS * self._sun.shadow_length_m / self._gsd_m
            cast = light.swept(self._instances > 0, self._sun.shadow_row, self._sun.shadow_col, reach)
            free = free & ~(cast & (self.brightness < self.dark_below))
        else:
            free = self.clear
        return _halved(free)

    def quarry(self, surface: int, *, mixed: bool) -> tuple[Mask, Mask]:
        """Return ((h / 2, w / 2) ground that may stand for a kind, and which of it is that kind).

        Where labels tell the kind of ground, only that kind may. Where it was estimated from the colours, a
        piece may be mixed: with bushes and paths of other kinds, as real ground is, but no water.
        """
        key = (surface, mixed)
        if key not in self._quarries:
            kind = self.quarried & _halved(self._surface == surface)
            if mixed and self._surface_is_estimated and surface in MIXED:
                allowed = self.quarried & _halved(np.isin(self._surface, list(MIXED)))
            else:
                allowed = kind
            self._quarries[key] = allowed, kind
        return self._quarries[key]

    def places(self, surface: int, size: int, *, mixed: bool) -> NDArray[np.int64]:
        """Return (n, 2) even upper left pixels of windows that are mostly ground of a kind."""
        key = (surface, size, mixed)
        if key not in self._places:
            allowed, kind = self.quarry(surface, mixed=mixed)
            low = size // 2
            rows, cols = self._surface.shape[0] // 2 - low + 1, self._surface.shape[1] // 2 - low + 1
            if min(rows, cols) < 1 or not kind.any():
                self._places[key] = np.zeros((0, 2), np.int64)
            else:
                enough = (_window_sums(allowed, low) >= MOSTLY * low * low) & (_window_sums(kind, low) > 0)
                found = np.flatnonzero(enough[:rows, :cols])
                found = found[:: max(1, -(-found.size // MOST_PLACES))]
                self._places[key] = 2 * np.stack(np.unravel_index(found, (rows, cols)), axis=1)
        return self._places[key]

    @cached_property
    def levels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(C,) mean and (C,) standard deviation of the picture off ignored pixels."""
        good = (self._surface != hub.IGNORE) | (self._instances > 0)
        step = max(1, int((good.size / MOST_LEVELS) ** 0.5))
        image, good = self._image[:, ::step, ::step], good[::step, ::step]
        values = image[:, good] if good.any() else image.reshape(image.shape[0], -1)
        return values.mean(axis=1, dtype=np.float64), values.std(axis=1, dtype=np.float64)


class PaintedPalette(Palette):
    """Of a date that has been painted: what stands and lies dark is its own, what it offers is the place's.

    So real pixels alone are copied and measured, and little is derived anew for a date.

    Args:
        scene: the date.
        origin: palette of the place as it came.
    """

    def __init__(self, scene: Scene, origin: Palette) -> None:
        super().__init__(scene)
        self._origin = origin

    @cached_property
    def lit_level(self) -> float:
        """As in the real picture."""
        return self._origin.lit_level

    def lit_from(self, surface: int) -> float:
        """As in the real picture."""
        return self._origin.lit_from(surface)

    @cached_property
    def features(self) -> Planes:
        """Of the real picture."""
        return self._origin.features

    def quarry(self, surface: int, *, mixed: bool) -> tuple[Mask, Mask]:
        """Of the real picture."""
        return self._origin.quarry(surface, mixed=mixed)

    def places(self, surface: int, size: int, *, mixed: bool) -> NDArray[np.int64]:
        """In the real picture."""
        return self._origin.places(surface, size, mixed=mixed)

    @cached_property
    def levels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the real picture."""
        return self._origin.levels


_KEPT: WeakKeyDictionary[Scene, Palette] = WeakKeyDictionary()


def go_on_with(scene: Scene, origin: Scene) -> None:
    """Let a painted date take from the palette of the place as it came."""
    if scene not in _KEPT:
        _KEPT[scene] = PaintedPalette(scene, palette_of(origin))


def palette_of(scene: Scene) -> Palette:
    """Return the palette of a scene, made at the first call."""
    if scene not in _KEPT:
        _KEPT[scene] = Palette(scene)
    return _KEPT[scene]


def _halved(mask: Mask) -> Mask:
    """Return (ceil(H / 2), ceil(W / 2)) which 2 x 2 pixels lie in a mask as a whole."""
    rows, cols = mask.shape
    even = np.pad(mask, ((0, rows % 2), (0, cols % 2)))
    whole: Mask = even[::2, ::2] & even[1::2, ::2] & even[::2, 1::2] & even[1::2, 1::2]
    return whole


def _window_sums(mask: Mask, size: int) -> NDArray[np.int32]:
    """Return how many pixels of each size x size window lie in a mask."""
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
    np.cumsum(np.cumsum(mask, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
    windows: NDArray[np.int32] = (
        sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    )
    return windows
