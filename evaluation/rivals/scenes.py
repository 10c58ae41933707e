"""Prepared scenes of several sources by number, each read and prepared when it is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from diachron.core.errors import SourceError
from diachron.core.scene import Scene
from diachron.pipelines.sources import Source, SourceOptions, Unit, discover

# Prepared windows of 512 px take about 4 MB each; policies come back to them as lenders.
KEPT_SCENES = 64
WINDOW_PX = 512
# Metres a pixel of two tiles may differ by this factor when they make one pair.
SAME_GSD = 1.25

_RED_GREEN_BLUE = ("red", "green", "blue")


@dataclass(frozen=True)
class _Place:
    """Where a scene lies: its source by number, and the window."""

    source: int
    unit: Unit


class SceneShelf:
    """The windows of some sources, in the order of the sources.

    Args:
        sources: each with its own scheme and options, or found already (procedural places).
        window_px: larger tiles are cut into such windows, as `Recipe.window_px` does.
        kept: prepared scenes kept in memory.

    Raises:
        SourceError: a source has no usable tile, or there is none.
        RecipeError: options of a source contradict each other.
    """

    def __init__(
        self,
        sources: Sequence[SourceOptions | Source],
        *,
        window_px: int = WINDOW_PX,
        kept: int = KEPT_SCENES,
    ) -> None:
        if not sources:
            raise SourceError("no source is given; pairs are made of single dates")
        self._sources: list[Source] = [
            given if isinstance(given, Source) else discover(given) for given in sources
        ]
        self._places = [
            _Place(number, unit)
            for number, source in enumerate(self._sources)
            for unit in source.units(window_px)
        ]
        self._kept = kept
        self._scenes: OrderedDict[int, Scene] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, position: int) -> Scene:
        """Return a prepared scene with red, green and blue, or its first three bands where they are unnamed.

        Raises:
            IndexError: there is no such position.
            SourceError: it cannot be read, or holds nothing.
            LabelError: its label map does not fit the scheme.
        """
        place = self._places[position]
        if position in self._scenes:
            self._scenes.move_to_end(position)
            return self._scenes[position]
        scene = self._sources[place.source].scene(place.unit)
        if scene.ignored.all():
            raise SourceError(f"{scene.source}: every pixel is nodata or ignore", reason="empty")
        scene = _three_bands(scene)
        self._scenes[position] = scene
        while len(self._scenes) > self._kept:
            self._scenes.popitem(last=False)
        return scene

    def lend(self, rng: np.random.Generator, borrower: int) -> Scene:
        """Return another scene at random, of the borrower's source, sensor and scale where it has one.

        The choice widens step by step: same source and gsd (within a factor of 1.25), same source, any source
        of the same bands and scale. A scene that stands alone is lent to itself.

        Args:
            rng: chance.
            borrower: position of the scene that asks; it is not lent to itself while there is another.

        Raises:
            SourceError: the scene that was drawn cannot be read, or holds nothing.
            LabelError: its label map does not fit the scheme.
        """
        lenders = self._lenders(borrower)
        return self[lenders[int(rng.integers(len(lenders)))]]

    def _lenders(self, borrower: int) -> list[int]:
        own = self._places[borrower]
        others = [
            position
            for position in range(len(self))
            if position != borrower and self._kind(position) == self._kind(borrower)
        ]
        near = [position for position in others if self._places[position].source == own.source]
        low, high = self._gsd_m(borrower) / SAME_GSD, self._gsd_m(borrower) * SAME_GSD
        alike = [position for position in near if low <= self._gsd_m(position) <= high]
        return alike or near or others or [borrower]

    def _kind(self, position: int) -> tuple[tuple[str, ...], float, str]:
        place = self._places[position]
        source = self._sources[place.source]
        return source.bands, source.full_scale, source.tiles[place.unit.tile].dtype

    def _gsd_m(self, position: int) -> float:
        place = self._places[position]
        return self._sources[place.source].tiles[place.unit.tile].grid.gsd_m


def _three_bands(scene: Scene) -> Scene:
    """Return the scene with the bands that all policies and detectors see."""
    if scene.bands[:3] == _RED_GREEN_BLUE or set(_RED_GREEN_BLUE) - set(scene.bands):
        chosen = list(range(min(3, len(scene.bands))))
    else:
        chosen = [scene.bands.index(name) for name in _RED_GREEN_BLUE]
    if len(chosen) == len(scene.bands):
        return scene
    sun = scene.sun
    if sun is not None:
        sun = replace(sun, contrast=tuple(sun.contrast[number] for number in chosen))
    return replace(
        scene, image=scene.image[chosen], bands=tuple(scene.bands[number] for number in chosen), sun=sun
    )
