"""A source: the tiles of a user, their windows, and a fingerprint that tells one source from another."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from diachron.core.errors import RecipeError, SourceError
from diachron.core.labels import LabelSchema
from diachron.core.scene import RawScene, Scene
from diachron.pipelines.sources.model_objects import ObjectModel
from diachron.pipelines.sources.reading import DateWindow, read_date, read_window
from diachron.pipelines.sources.tiles import Refusal, Tile, Unit
from diachron.simulators.preparation import prepare

_FINGERPRINT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Source:
    """The usable tiles of a user; it holds no open file and travels to spawned workers.

    Args:
        root: folder that names and refused paths are relative to.
        tiles: sorted by path.
        refusals: images that were left out, each with a reason.
        schema: of the label maps that `read` returns.
        licence: the user's words.
        bands: one name a band of every tile.
        full_scale: value of white of every tile.
        sun: (azimuth, elevation or None) in degrees as the user states it, or None.
        resample_m: side in metres of the pixels that are read; None where the files' own are.
        others: for each tile the other real dates of its place, in order of time, on the same grid; empty
            where pictures stand alone.
        objects: the network that finds the things of scheme `segments`, None where the pixels tell them.
    """

    root: str
    tiles: tuple[Tile, ...]
    refusals: tuple[Refusal, ...]
    schema: LabelSchema
    licence: str | None
    bands: tuple[str, ...]
    full_scale: float
    sun: tuple[float, float | None] | None = None
    resample_m: float | None = None
    others: tuple[tuple[Tile, ...], ...] = ()
    objects: ObjectModel | None = None

    def units(self, window_px: int) -> tuple[Unit, ...]:
        """Return the windows of all tiles, tile by tile, row by row.

        A side that is not longer than the window is taken whole; a longer one is covered by windows of full
        length, the last aligned to the edge, so that it may overlap the one before.

        Raises:
            RecipeError: the window has no pixels.
        """
        if window_px < 1:
            raise RecipeError(f"a window needs at least one pixel, got {window_px}")
        return tuple(
            Unit(index, row, col, min(rows, window_px), min(cols, window_px))
            for index, tile in enumerate(self.tiles)
            for rows, cols in (tile.grid.shape,)
            for row in _starts(rows, window_px)
            for col in _starts(cols, window_px)
        )

    def key(self, unit: Unit, tile: Tile | None = None) -> str:
        """Return the name of a unit: that of its tile, with `@r<row>c<col>` where it is only a part of it.

        Args:
            unit: the window.
            tile: another date of it; None for its own.
        """
        tile = tile or self.tiles[unit.tile]
        whole = (unit.rows, unit.cols) == tile.grid.shape
        return tile.name if whole else f"{tile.name}@r{unit.row}c{unit.col}"

    def read(self, unit: Unit) -> RawScene:
        """Return the pixels and labels of a unit; only its window is read, every file is closed again.

        Raises:
            SourceError: a file cannot be decoded (`unreadable`).
            LabelError: the label map holds a value outside the scheme.
            GridError: the unit does not lie inside its tile.
        """
        tile = self.tiles[unit.tile]
        return read_window(
            tile,
            unit,
            schema=self.schema,
            bands=self.bands,
            full_scale=self.full_scale,
            licence=self.licence,
            sun=self.sun,
            key=self.key(unit),
            objects=self.objects,
        )

    def scene(self, unit: Unit) -> Scene:
        """Return a unit split into surface and objects.

        Raises:
            SourceError, LabelError, GridError: as `read`.
        """
        return prepare(self.read(unit))

    def read_date(self, unit: Unit, tile: Tile) -> DateWindow:
        """Return a unit at another date of its place.

        Args:
            unit: the window, on the grid that the dates share.
            tile: one of `others`.

        Raises:
            SourceError, LabelError: as `read`.
        """
        return read_date(tile, unit, schema=self.schema)

    def fingerprint(self) -> str:
        """Return a SHA-256 that changes with the tiles, in hexadecimal; the folder may move.

        It covers name, size, and the first and last 64 KiB of every file, and what is stated of a tile
        besides its pixels (gsd, split, place, resampling), so a terabyte is identified without reading it.

        Raises:
            SourceError: a file has gone.
        """
        lines = [f"tile {tile.name} {tile.grid.gsd_m!r} {tile.split} {tile.place}" for tile in self.tiles]
        lines += [f"resampled {tile.name} {tile.factor!r}" for tile in self.tiles if tile.factor != 1]
        lines.append(f"sun {self.sun}")
        if self.objects is not None:
            lines.append(f"objects {self.objects.sha256} {self.objects.device}")
        lines += [
            f"segments {tile.name} {tile.segments!r}" for tile in self.tiles if tile.segments is not None
        ]
        every = (*self.tiles, *(tile for others in self.others for tile in others))
        lines += sorted({f"date {tile.name} {tile.place} {tile.date}" for tile in every if tile.date})
        files = {
            file
            for tile in every
            for file in (tile.image, tile.label, tile.footprints, tile.instances)
            if file
        }
        lines += [self._file_line(path) for path in files]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

    def _file_line(self, path: Path) -> str:
        name = Path(os.path.relpath(path, self.root)).as_posix()
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(_FINGERPRINT_BYTES)
                file.seek(max(0, size - _FINGERPRINT_BYTES))
                tail = file.read(_FINGERPRINT_BYTES)
        except OSError as err:
            raise SourceError(f"{path}: gone or not readable since it was found ({err.strerror})") from err
        ends = hashlib.sha256(head).hexdigest() + hashlib.sha256(tail).hexdigest()
        return f"file {name} {size} {ends}"


def _starts(length: int, window_px: int) -> list[int]:
    """Return where the windows of one side begin."""
    if length <= window_px:
        return [0]
    return [*range(0, length - window_px, window_px), length - window_px]
