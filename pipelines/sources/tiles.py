"""The words of this folder: what a user asked for, a tile, a refusal and a window of a tile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from diachron.core.grid import GeoGrid
from diachron.pipelines.sources.layout import Segment


@dataclass(frozen=True)
class DateOptions:
    """How places with several real dates are read; see `dates`.

    Args:
        leave_out: change levels of `places.csv` whose places are not used.
    """

    leave_out: tuple[str, ...] = ("strong",)


@dataclass(frozen=True)
class SourceOptions:
    """What the command line says about a source.

    Args:
        source: folder, glob, one image, or a text file with one `image[,label]` a line, relative to the
            file's own folder; blank lines and lines that start with # are skipped.
        images: glob of images, instead of `source`.
        labels: glob of label maps, paired with `images` by the text that their `*` matched, or by stem; or a
            folder of label maps, also one of `diachron segment`.
        instances: glob or folder of rasters of object ids, paired with the images as `labels` is.
        panoptic: JSON of panoptic labels (COCO), which are labels and ids at once.
        footprints: GeoJSON or GeoPackage with building polygons, one for all tiles, in any CRS.
        schema: built-in scheme or YAML file; None to find out. With `segments` no labels are looked for.
        gsd_m: side of a pixel in metres; goes before what the files say, because the user said so.
        licence: SPDX id or the user's words.
        bands: names in file order; with one name more than colours, an alpha band counts as data.
        full_scale: value of white; None to derive it from the data type and the pixels.
        sun: (azimuth clockwise from north, elevation or None) in degrees, the same for all tiles; None to
            read it off their shadows.
        resample_m: side in metres of the pixels to read, not smaller than those of the files; None to read
            them as they are.
        objects: model id or folder of a network of type SAM that finds the things of scheme `segments`; None
            for those that the pixels tell.
        dates: where pictures of one place at several dates belong together; None where each stands alone.
    """

    source: str | None = None
    images: str | None = None
    labels: str | None = None
    instances: str | None = None
    panoptic: str | None = None
    footprints: str | None = None
    schema: str | None = None
    gsd_m: float | None = None
    licence: str | None = None
    bands: tuple[str, ...] | None = None
    full_scale: float | None = None
    sun: tuple[float, float | None] | None = None
    resample_m: float | None = None
    objects: str | None = None
    dates: DateOptions | None = None


@dataclass(frozen=True)
class Tile:
    """One usable image of a source; only its header was read.

    Args:
        name: unique; path from the source's root without suffix and without an `_rgb` ending.
        place: what splits keep together; tiles of one scene share it where the names tell.
        image, label, footprints: the files it is read from; one of the last two at least is set, except for
            a further date of a place and in scheme `segments`.
        grid: of the whole image, as it is read.
        count: bands without alpha.
        dtype: uint8, uint16 or float32.
        nodata: as the image states it.
        split: train, val or test where the folder or tiles.csv says so.
        gsd_from: file, given or tiles.csv.
        alpha: 1-based index of the alpha band, None without one.
        factor: pixels of the file along the side of a pixel of `grid`; 1 where they are read as they are.
        date: as its name writes it, `2018` or `20180716`; None where pictures stand alone.
        time_years: the same in years; 0 where pictures stand alone.
        instances: raster of object ids, None without one.
        segments: what the ids of `label` mean where it is panoptic; None where it holds class ids.
    """

    name: str
    place: str
    image: Path
    label: Path | None
    footprints: Path | None
    grid: GeoGrid
    count: int
    dtype: str
    nodata: float | None
    split: str | None
    gsd_from: str
    alpha: int | None = None
    factor: float = 1.0
    date: str | None = None
    time_years: float = 0.0
    instances: Path | None = None
    segments: tuple[Segment, ...] | None = None

    @property
    def labelled(self) -> bool:
        """Whether anything says what stands there."""
        return self.label is not None or self.footprints is not None


@dataclass(frozen=True)
class Refusal:
    """A file that was not used; `reason` is a word of `core.errors.REJECTION_REASONS`."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Unit:
    """A window of a tile, in pixels of its grid: the unit of a plan. `tile` is its place in the source."""

    tile: int
    row: int
    col: int
    rows: int
    cols: int


# How names tell that tiles are windows of one scene: the group is the scene. The first match counts.
PLACE_PATTERNS: tuple[re.Pattern[str], ...] = (
    re.compile(r"(.*dubai_t\d+)_p\d+_y\d+_x\d+"),  # part and window of a tile of the MBRSC set
    re.compile(r"(.+)_\d{4}_\d{4}"),  # SCENE_ROW_COL, offsets of four digits
    re.compile(r"(.+)_r\d+c\d+"),  # SCENE_r<row>c<col>
)


def place_of(name: str) -> str:
    """Return the scene that a tile's name says it was cut from, or the name itself.

    Example:
        >>> place_of("image/nairobi_a_r1c0"), place_of("test_1_0512_0000"), place_of("sat_001")
        ('image/nairobi_a', 'test_1', 'sat_001')
    """
    for pattern in PLACE_PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            return match[1]
    return name
