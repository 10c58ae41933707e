"""Real pairs that nobody has labelled: `{t1,t2}/NAME.*`, their change by a labeller, and the maps on disk."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from diachron.core.errors import GridError, SourceError
from diachron.core.pair import UNKNOWN
from diachron.pipelines.labelling.change_events import Rules, building_change
from diachron.pipelines.labelling.labeller import Labeller
from diachron.pipelines.sources.radiometry import band_names, derive_full_scale
from diachron.pipelines.sources.rasters import Header, ground_gsd, open_raster, read_header, same_georeference

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"})
_UNSURE = 255
# A pair of which most is unknown says nothing, and where nothing changed the rest would be called the same.
_MOST_UNKNOWN = 0.5


@dataclass(frozen=True)
class RealPair:
    """Two pictures of one place, the earlier first."""

    name: str
    t1: Path
    t2: Path


@dataclass(frozen=True)
class Reading:
    """How pictures are read where their files do not say.

    Args:
        gsd_m: metres a pixel; None for what the file of t1 says.
        bands: names of the bands; None for what the files say.
        full_scale: value of white; None to derive it for each date from its files.
        unsure_below: as for `Labeller.classify`.
    """

    gsd_m: float | None = None
    bands: tuple[str, ...] | None = None
    full_scale: float | None = None
    unsure_below: float = 0.6


@dataclass(frozen=True)
class Labelled:
    """The change of a real pair.

    Args:
        change: (H, W) uint8: 0 same, 1 changed, 255 unknown.
        gsd_m: metres a pixel.
        header: of the earlier picture, on whose grid the map lies.
    """

    change: NDArray[np.uint8]
    gsd_m: float
    header: Header


def list_pairs(folder: Path) -> tuple[RealPair, ...]:
    """Return the pairs of a folder in order of name; files belong together by stem.

    Raises:
        SourceError: a folder is missing or empty, or a picture has no partner.
    """
    t1, t2 = _pictures(folder / "t1"), _pictures(folder / "t2")
    for stems, others, lacking in ((t1, t2, "t2"), (t2, t1, "t1")):
        alone = [stem for stem in stems if stem not in others]
        if alone:
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            raise SourceError(f"{folder / lacking}: '{alone[0]}'{more} is missing; a pair needs both dates")
    if not t1:
        raise SourceError(f"{folder / 't1'}: no picture is there", "empty")
    return tuple(RealPair(stem, t1[stem], t2[stem]) for stem in t1)


def full_scales(pairs: Sequence[RealPair], given: float | None) -> tuple[float, float]:
    """Return the value of white of the earlier and the later pictures: given, or derived from some of them.

    Raises:
        SourceError: a picture cannot be read.
    """
    if given is not None:
        return given, given
    some = [pairs[i] for i in sorted({0, len(pairs) // 2, len(pairs) - 1})]
    first = derive_full_scale([read_header(pair.t1) for pair in some])
    return first, derive_full_scale([read_header(pair.t2) for pair in some])


def label_pair(
    labeller: Labeller, pair: RealPair, whites: tuple[float, float], reading: Reading, rules: Rules
) -> Labelled:
    """Return the change of a pair; pixels without data at one date are unknown.

    Both pictures are held in memory whole: a building must be seen whole to vote.

    Raises:
        GridError: the two dates lie on different grids.
        SourceError: a picture cannot be read, nobody knows its metres a pixel (`no_gsd`), or more than half
            of the pair is unknown (`empty`).
        RecipeError: the names of bands do not fit a picture.
    """
    headers = read_header(pair.t1), read_header(pair.t2)
    if headers[0].shape != headers[1].shape or not same_georeference(*headers):
        raise GridError(f"{pair.t2}: not on the grid of {pair.t1}; warp one of them")
    gsd_m = reading.gsd_m or ground_gsd(headers[0])
    if gsd_m is None:
        raise SourceError(f"{pair.t1}: metres a pixel are not in the file; give them with --gsd", "no_gsd")
    maps = []
    for header, white in zip(headers, whites, strict=True):
        pixels, has_data = _read(header)
        names = band_names(header, reading.bands)
        found = labeller.classify(pixels, white, bands=names, unsure_below=reading.unsure_below)
        maps.append(np.where(has_data, found.labels, np.uint8(_UNSURE)))
    change = building_change(maps[0], maps[1], gsd_m, rules)
    unknown = float((change == UNKNOWN).mean())
    if unknown > _MOST_UNKNOWN:
        raise SourceError(
            f"{pair.t1}: {unknown:.0%} of the pair is unknown, so nothing is said of it", "empty"
        )
    return Labelled(change, gsd_m, headers[0])


def write_change(path: Path, labelled: Labelled) -> None:
    """Write a change map as a GeoTIFF on the pair's grid.

    The file declares 255 as its nodata value: in a pair in which nothing changed it has no 1, and readers of
    masks would take its 255 for change.

    Args:
        path: to write; the file appears when it is whole.
        labelled: what to write.

    Raises:
        RasterioError: it cannot be written.
    """
    change, header = labelled.change, labelled.header
    place = {} if header.crs is None else {"crs": header.crs, "transform": header.transform}
    draft = path.with_name(f".{path.name}")
    rows, cols = change.shape
    profile = {"driver": "GTiff", "height": rows, "width": cols, "count": 1, "dtype": "uint8"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(draft, "w", compress="deflate", nodata=UNKNOWN, **profile, **place) as file:
            file.write(change, 1)
    draft.replace(path)


def _pictures(folder: Path) -> dict[str, Path]:
    """Return stem -> file of a folder's pictures, in order of name."""
    if not folder.is_dir():
        raise SourceError(f"{folder}: there is no such folder; expected t1/ and t2/ with equal names")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise SourceError(f"{path}: {found[path.stem].name} has the same stem; keep one of the two")
        found[path.stem] = path
    return found


def _read(header: Header) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Return (C, H, W) pixels and where some band is valid; what is no number becomes 0."""
    if header.colours[0] == "palette":
        raise SourceError(f"{header.path}: a picture with a palette; convert it to red, green and blue")
    with open_raster(header.path) as dataset:
        pixels: NDArray[np.generic] = dataset.read(list(header.indexes))
        valid: NDArray[np.bool_] = (dataset.read_masks(list(header.indexes)) > 0).any(axis=0)
    if np.issubdtype(pixels.dtype, np.floating):
        finite = np.isfinite(pixels)
        pixels, valid = np.where(finite, pixels, 0), valid & finite.all(axis=0)
    return pixels, valid
