"""Files of test sets: pictures by stem, their arrays, and which value of a mask is change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from diachron.core.errors import GridError, SourceError, UnknownNameError, nearest_names
from diachron.core.pair import UNKNOWN
from diachron.pipelines.sources.rasters import open_raster

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"})

# Masks of 0 and 255 went through JPEG in some copies; the middle parts the two.
_MIDDLE = 128


def pictures(folder: Path) -> dict[str, Path]:
    """Return stem -> file of the pictures in a folder, in order of name; hidden files are skipped.

    Raises:
        SourceError: there is no such folder, or two pictures share a stem.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder}: there is no such folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise SourceError(f"{path}: {found[path.stem].name} has the same stem; keep one of the two")
        found[path.stem] = path
    return found


def check_partners(stems: Iterable[str], found: dict[str, Path], folder: Path) -> None:
    """Refuse a folder that lacks pictures, or holds more than its neighbours.

    Two sorted listings laid side by side would shift all later pairs by one missing file, silently.

    Raises:
        SourceError: the stems differ; the text names some.
    """
    wanted = set(stems)
    missing, extra = sorted(wanted - set(found)), sorted(set(found) - wanted)
    if missing:
        raise SourceError(
            f"{folder}: {len(missing)} pictures are missing: {_some(missing)}; "
            "a pair needs both dates and its mask"
        )
    if extra:
        raise SourceError(f"{folder}: {len(extra)} pictures have no partner: {_some(extra)}")


def chosen_part(part: str | None, parts: Sequence[str], folder: Path) -> None:
    """Refuse a part that a set does not have.

    Raises:
        UnknownNameError: no such part; the text gives the nearest.
    """
    if part is not None and part not in parts:
        raise UnknownNameError(f"{folder}: no part is called '{part}'; {nearest_names(part, parts)}")


def set_name(folder: Path, part: str | None) -> str:
    """Return what a set is called in tables: its folder, and its part behind a dash."""
    name = folder.resolve().name
    return name if part is None else f"{name}-{part}"


def read_image(path: Path, window: Window | None = None) -> NDArray[np.generic]:
    """Return a picture as (C, H, W) in its own dtype, without alpha; a palette becomes its colours.

    Raises:
        SourceError: the file cannot be read.
    """
    with open_raster(path) as dataset:
        values: NDArray[np.generic] = dataset.read(window=window)
        palette = dataset.colorinterp[0].name == "palette"
        table = dataset.colormap(1) if palette and dataset.count == 1 else None
        # GDAL calls the fourth band of every plain 8-bit TIFF alpha; it may as well be near infrared.
        alpha = dataset.driver != "GTiff" and dataset.count > 1 and dataset.colorinterp[-1].name == "alpha"
    if table is not None:
        colours = np.zeros((256, 3), np.uint8)
        for value, colour in table.items():
            colours[value] = colour[:3]
        return np.moveaxis(colours[values[0]], -1, 0)
    return values[:-1] if alpha else values


def read_values(path: Path, window: Window | None = None) -> NDArray[np.uint8]:
    """Return the first band of a mask or label map, (H, W) uint8, palette indices as they are.

    Raises:
        SourceError: the file cannot be read, or is not 8 bits.
    """
    with open_raster(path) as dataset:
        if dataset.dtypes[0] != "uint8":
            raise SourceError(f"{path}: a mask of {dataset.dtypes[0]}; expected 8 bits")
        values: NDArray[np.uint8] = dataset.read(1, window=window)
    return values


def read_change(path: Path, window: Window | None = None) -> NDArray[np.uint8]:
    """Return a binary mask as a change map, (H, W) uint8: 0 same, 1 changed, 255 unknown.

    Published masks are 0/1 in some sets and 0/255 in others, and readers that expect one take the other for
    "nothing changed". Rules, for each file: values up to 1, 1 is change. No other values than 0, 1 and 255:
    255 is unknown where there is a 1, or where the file declares 255 as its nodata value (a pair of ours in
    which nothing changed). All else: 128 and more is change, whatever the file declares.

    Raises:
        SourceError: the file cannot be read, or is not 8 bits.
    """
    with open_raster(path) as dataset:
        nodata = dataset.nodata
    return as_change(read_values(path, window), nodata=nodata)


def as_change(values: NDArray[np.uint8], *, nodata: float | None = None) -> NDArray[np.uint8]:
    """Return the change map of the values of a mask, by the rules of `read_change`.

    Args:
        values: (H, W) of the file.
        nodata: the value that the file declares as no data; None where it declares none.
    """
    count = np.bincount(values.ravel(), minlength=256)
    plain = count[[0, 1, UNKNOWN]].sum() == values.size
    if plain and (not count[UNKNOWN] or count[1] or nodata == UNKNOWN):
        return values.copy()
    return (values >= _MIDDLE).astype(np.uint8)


def white_of(t1: NDArray[np.generic], t2: NDArray[np.generic], path: Path) -> float:
    """Return the brightest value that both dates can have: 255 for 8 bits.

    Raises:
        SourceError: the dates differ in dtype, or it has no such value and the format has to know it.
    """
    check_dtypes(t1, t2, path)
    if t1.dtype != np.uint8:
        raise SourceError(f"{path}: pictures of {t1.dtype}, and nothing says which value is white")
    return 255.0


def check_dtypes(t1: NDArray[np.generic], t2: NDArray[np.generic], path: Path) -> None:
    """Refuse dates of two dtypes: one value of white would not fit both.

    Raises:
        SourceError: they differ (`band_mismatch`).
    """
    if t1.dtype != t2.dtype:
        raise SourceError(
            f"{path}: {t1.dtype}, but the later date is {t2.dtype}; convert one of them", "band_mismatch"
        )


def check_shapes(name: str, **layers: NDArray[np.generic]) -> None:
    """Refuse layers of one pair that differ in rows or columns.

    Raises:
        GridError: they differ; the text names the first two.
    """
    shapes = {layer: values.shape[-2:] for layer, values in layers.items()}
    (first, shape), *rest = shapes.items()
    for other, found in rest:
        if found != shape:
            raise GridError(
                f"pair '{name}': {first} has {shape[0]} x {shape[1]} pixels, {other} {found[0]} x {found[1]}"
            )


def unknown_like(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return a change map of a picture of which nothing is known."""
    return np.full(image.shape[-2:], UNKNOWN, np.uint8)


def _some(stems: Sequence[str]) -> str:
    return ", ".join(stems[:3]) + (", ..." if len(stems) > 3 else "")
