"""Tiles of a source as a segmenter learns from them: which classes each pixel may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import RecipeError
from diachron.pipelines.sources import Source, Tile, Unit
from diachron.training.segmenters.classes import ANY, allowed_classes
from diachron.training.segmenters.tiles import LabelledTile, TileFacts

# Longer tiles are read in windows, so that a large raster is never in memory whole.
WINDOW_PX = 1024


@dataclass(frozen=True)
class SourceTiles:
    """The tiles of a source as a `TileSet`.

    A tile is held out where the source says that it is for validation or test, or a pattern names it.

    Args:
        source: discovered.
        name: of the set in reports.
        hold_out: shell patterns; each is compared with the name of a tile, without folders, and its place.
        stated: class of the source's scheme -> the segmenter's classes that it may be; see
            `classes.allowed_classes`.
        weight: as in `TileSet`.

    Raises:
        RecipeError: a pattern names no tile, or the weight is negative.
        UnknownNameError: `stated` has an unknown name.
    """

    source: Source
    name: str
    hold_out: tuple[str, ...] = ()
    stated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise RecipeError(f"source '{self.name}': weight {self.weight}, expected 0 or more")
        for pattern in self.hold_out:
            if not any(_matches(tile, pattern) for tile in self.source.tiles):
                shown = ", ".join(sorted({tile.place for tile in self.source.tiles})[:8])
                raise RecipeError(
                    f"source '{self.name}': no tile or place is called '{pattern}', so nothing would be held "
                    f"out; places are {shown}"
                )
        _ = self._table

    @cached_property
    def _units(self) -> tuple[Unit, ...]:
        return self.source.units(WINDOW_PX)

    @cached_property
    def _table(self) -> NDArray[np.uint8]:
        return allowed_classes(self.source.schema, self.stated)

    @cached_property
    def facts(self) -> tuple[TileFacts, ...]:
        """What is known of every window, by position."""
        return tuple(
            TileFacts(self.source.key(unit), tile.place, self._is_held_out(tile))
            for unit in self._units
            for tile in (self.source.tiles[unit.tile],)
        )

    def read(self, position: int) -> LabelledTile:
        """Return a window with what its pixels may be; one without data may be anything.

        Raises:
            SourceError: a file cannot be decoded.
            LabelError: the label map holds a value outside the scheme.
        """
        scene = self.source.read(self._units[position])
        allowed = self._table[scene.labels]
        allowed[scene.void] = ANY
        return LabelledTile(scene.image, scene.bands, scene.full_scale, scene.grid.gsd_m, allowed)

    def _is_held_out(self, tile: Tile) -> bool:
        return tile.split in ("val", "test") or any(_matches(tile, pattern) for pattern in self.hold_out)


def _matches(tile: Tile, pattern: str) -> bool:
    return any(fnmatchcase(PurePosixPath(text).name, pattern) for text in (tile.name, tile.place))
