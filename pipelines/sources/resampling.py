"""Reading a tile with larger pixels than it has: its grid, pictures by mean and label maps by majority.

A value depends on the place of its pixel in the tile and on nothing else, so a window holds what the whole
tile holds there. GDAL's own averaging takes overviews where a file has some, made in whatever way, and leaves
nodata out band by band; here a pixel is without data where all bands say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from diachron.core.errors import SourceError
from diachron.core.grid import GeoGrid
from diachron.core.scene import Mask
from diachron.pipelines.sources.tiles import Unit

# Closer than this the pixels of the file are taken as they are: averaging would only blur them.
_SAME_GSD = 0.01

# Rounding of a gsd that was computed (0.3 / 0.1, degrees) stays far below.
_ROUNDING = 1e-6

# Pixels of a file that are read at a time, however many a window covers.
_STRIP_PX = 2**22


@dataclass(frozen=True)
class Taps:
    """Which pixels of one side of a file make up each pixel of a window, and how much of each.

    Args:
        first, last: the pixels of the file that the window touches, `last` left out.
        place: (n, k) place from `first`; a pixel that does not count is any pixel with weight 0.
        weight: (n, k) float64 in [0, 1], the covered share of each.
    """

    first: int
    last: int
    place: NDArray[np.intp]
    weight: NDArray[np.float64]


def resampled(grid: GeoGrid, resample_m: float) -> tuple[float, GeoGrid]:
    """Return how many pixels of a tile lie along the side of one of `resample_m`, and the grid of those.

    The upper left corner stays; at the lower and right edge less than a pixel is left out. A plain grid stays
    plain. Where both sides are equal to within 1 % the factor is 1 and the grid the same.

    Raises:
        SourceError: the tile's pixels are larger, or the tile is smaller than one pixel.
    """
    factor = resample_m / grid.gsd_m
    if abs(factor - 1.0) <= _SAME_GSD:
        return 1.0, grid
    if factor < 1.0:
        # Detail that is not there is not made up.
        raise SourceError(
            f"its pixels of {grid.gsd_m:.4g} m are larger than --resample {resample_m:g}; "
            f"ask for {grid.gsd_m:.4g} or more",
            "not_coarser",
        )
    whole = float(round(factor))
    factor = whole if abs(factor - whole) <= _ROUNDING * factor else factor
    rows, cols = (math.floor(length / factor + _ROUNDING) for length in grid.shape)
    if min(rows, cols) < 1:
        high, wide = (length * grid.gsd_m for length in grid.shape)
        raise SourceError(
            f"it covers {high:.4g} x {wide:.4g} m, not one pixel of --resample {resample_m:g}", "not_coarser"
        )
    if grid.crs is None:
        return factor, GeoGrid.plain((rows, cols), resample_m)
    a, b, c, d, e, f = grid.transform
    transform = (a * factor, b * factor, c, d * factor, e * factor, f)
    return factor, GeoGrid((rows, cols), transform, grid.crs, resample_m)


def averaged(
    read: Callable[[Window], tuple[NDArray[np.generic], Mask]],
    unit: Unit,
    *,
    factor: float,
    file_shape: tuple[int, int],
    nodata: float | None,
) -> tuple[NDArray[np.generic], Mask]:
    """Return the picture (C, rows, cols) of a unit and where it is void; the data type stays.

    A pixel is the mean of what it covers, by area; pixels without data do not count, and where they are more
    than half of it the pixel is void and holds nodata, or 0 without. Whole numbers are rounded, halves to
    even.

    Args:
        read: gives (C, h, w) pixels and (h, w) void of a window of the file.
        unit: in pixels of the coarse grid.
        factor: pixels of the file along the side of one of the unit.
        file_shape: (rows, columns) of the file.
        nodata: as the image states it.
    """
    pictures, voids = [], []
    for window, rows, cols in _strips(unit, factor, file_shape):
        values, void = read(window)
        counted = _sums((~void)[None], rows, cols)[0]
        area = np.outer(rows.weight.sum(axis=1), cols.weight.sum(axis=1))
        sums = _sums(np.where(void, np.zeros((), values.dtype), values), rows, cols)
        mean = sums / np.where(counted > 0, counted, 1.0)
        if np.issubdtype(values.dtype, np.integer):
            mean = np.rint(mean)
        picture = mean.astype(values.dtype)
        empty = 2 * counted < area * (1 - _ROUNDING)
        if nodata is not None:
            # Shadows may average to the very value of nodata: readers of the pictures will skip them.
            empty |= (picture == nodata).all(axis=0)
        picture[:, empty] = 0 if nodata is None else nodata
        pictures.append(picture)
        voids.append(empty)
    return np.concatenate(pictures, axis=1), np.concatenate(voids)


def majority(
    read: Callable[[Window], NDArray[np.uint8]],
    unit: Unit,
    *,
    factor: float,
    file_shape: tuple[int, int],
) -> NDArray[np.uint8]:
    """Return the label map (rows, cols) of a unit: at each pixel the class that covers most of it.

    Where several cover the same, it is the one at the centre (below and right of it, where four pixels meet),
    else the lowest id. With a fixed winner ground would win every draw, and at a factor of 2 half of all
    walls lie where there is one: houses would shrink by half a pixel.

    Args:
        read: gives (h, w) class ids of a window of the file.
        unit, factor, file_shape: as for `averaged`.
    """
    maps = []
    for window, rows, cols in _strips(unit, factor, file_shape):
        ids = read(window)
        found = np.unique(ids)
        centre = ids[np.ix_(_centres(rows), _centres(cols))]
        best = np.full(centre.shape, -1.0)
        result = np.zeros(centre.shape, np.uint8)
        for class_id in found:
            share = _sums((ids == class_id)[None], rows, cols)[0] + _ROUNDING * (centre == class_id)
            wins = share > best
            best[wins] = share[wins]
            result[wins] = class_id
        maps.append(result)
    return np.concatenate(maps)


def _strips(unit: Unit, factor: float, file_shape: tuple[int, int]) -> Iterator[tuple[Window, Taps, Taps]]:
    """Yield a unit from top to bottom in parts: the window of the file, and the taps of rows and columns."""
    cols = _taps(unit.col, unit.cols, factor, file_shape[1])
    height = max(1, int(_STRIP_PX / ((cols.last - cols.first) * factor)))
    for row in range(unit.row, unit.row + unit.rows, height):
        rows = _taps(row, min(height, unit.row + unit.rows - row), factor, file_shape[0])
        yield Window(cols.first, rows.first, cols.last - cols.first, rows.last - rows.first), rows, cols


def _taps(start: int, count: int, factor: float, length: int) -> Taps:
    """Return the taps of `count` coarse pixels from `start` on; `length` is that of the file's side."""
    edges = np.arange(start, start + count + 1) * factor
    low, high = edges[:-1, None], edges[1:, None]
    firsts = np.floor(edges[:-1] + _ROUNDING).astype(np.intp)
    pixel = firsts[:, None] + np.arange(math.ceil(factor - _ROUNDING) + 1)
    weight = np.clip(np.minimum(pixel + 1, high) - np.maximum(pixel, low), 0.0, 1.0)
    weight[(weight < _ROUNDING) | (pixel >= length)] = 0.0
    first, last = int(firsts[0]), int(pixel[weight > 0].max()) + 1
    return Taps(first, last, np.minimum(pixel, last - 1) - first, weight)


def _centres(taps: Taps) -> NDArray[np.intp]:
    """Return the place of the pixel of the file at the centre of each coarse pixel."""
    before = np.cumsum(taps.weight, axis=1)
    middle = before[:, -1:] / 2 + _ROUNDING
    chosen = (before > middle).argmax(axis=1)
    centres: NDArray[np.intp] = taps.place[np.arange(len(chosen)), chosen]
    return centres


def _sums(values: NDArray[np.generic], rows: Taps, cols: Taps) -> NDArray[np.float64]:
    """Return (C, n, m) float64: what each coarse pixel covers of (C, h, w) values, added up by area.

    One tap after the other and no matrix product: the order of a product's sum depends on its size, so that
    a window would differ from the whole in the last bit, and a rounded pixel by one.
    """
    down = np.zeros((values.shape[0], len(rows.place), values.shape[2]))
    for place, weight in zip(rows.place.T, rows.weight.T, strict=True):
        down += values[:, place] * weight[:, None]
    result = np.zeros((*down.shape[:2], len(cols.place)))
    for place, weight in zip(cols.place.T, cols.weight.T, strict=True):
        result += down[:, :, place] * weight
    return result
