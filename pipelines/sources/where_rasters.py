"""Rasters of the user's that say where a process is likely: checked with the plan, read window by window."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import reproject, transform_bounds

from diachron.core.errors import RecipeError, SourceError
from diachron.core.grid import GeoGrid
from diachron.pipelines.sources.rasters import crs_text, open_raster, read_header

_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class WhereRaster:
    """A raster that was read once from end to end.

    Args:
        sha256: of the file.
        crs, transform, nodata: as GDAL understands them; a world file beside it is part of that.
        bounds: left, bottom, right, top in its CRS.
    """

    sha256: str
    crs: str
    transform: tuple[float, ...]
    nodata: float | None
    bounds: tuple[float, float, float, float]

    def identity(self) -> list[Any]:
        """Return what tells it from another raster, JSON-ready; the file may move."""
        nodata = None if self.nodata is None else repr(self.nodata)
        return [self.sha256, self.crs, list(self.transform), nodata]


def rasters_of(processes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return process -> file, of the processes whose `where` names one."""
    files = {name: parameters.get("where", {}).get("raster") for name, parameters in processes.items()}
    return {name: file for name, file in sorted(files.items()) if file is not None}


def check_rasters(files: Mapping[str, str], grids: Sequence[tuple[str, GeoGrid]]) -> None:
    """Raise unless all rasters can be laid over all tiles.

    Args:
        files: process -> file.
        grids: name and grid of the tiles.

    Raises:
        RecipeError: a file cannot be read, has several bands, no CRS, or negative or infinite values; a tile
            has no CRS; or the raster reaches none of the tiles.
    """
    for process, file in files.items():
        key = f"processes.{process}.where.raster {file}"
        try:
            raster = where_raster(Path(file))
        except (RecipeError, SourceError) as error:
            raise RecipeError(f"{key}: {str(error).removeprefix(f'{file}: ')}") from error
        for name, grid in grids:
            if grid.crs is None:
                raise RecipeError(
                    f"{key}: it cannot be laid over tile {name}, which has no CRS (worlds and plain pictures "
                    "have none); leave it out, or give georeferenced tiles"
                )
        if not any(_reaches(raster, grid) for _, grid in grids):
            raise RecipeError(f"{key}: it reaches none of {len(grids)} tiles; check the CRS of both")


def where_raster(path: Path) -> WhereRaster:
    """Return what a raster is, after a look at all of its pixels.

    Raises:
        SourceError: it cannot be read.
        RecipeError: several bands, no CRS, or values that are no weights.
    """
    try:
        status = path.stat()
    except OSError:
        raise SourceError(f"{path}: there is no such file") from None
    return _looked_through(path, status.st_size, status.st_mtime_ns)


# Plans are made again from each other, and files of gigabytes should be read once.
@lru_cache(maxsize=16)
def _looked_through(path: Path, size: int, mtime_ns: int) -> WhereRaster:
    header = read_header(path)
    if header.count != 1:
        raise RecipeError(f"{path}: {header.count} bands; a map of weights has one")
    if header.crs is None or header.transform is None:
        raise RecipeError(f"{path}: it has no CRS, so it lies nowhere; save it as a GeoTIFF with one")
    with open_raster(path) as dataset:
        for _, window in dataset.block_windows(1):
            values = dataset.read(1, window=window, masked=True).compressed()
            # Not a number counts as nodata.
            values = values[~np.isnan(values)]
            if values.size and not 0 <= float(values.min()) <= float(values.max()) < math.inf:
                worst = values.min() if values.min() < 0 else values.max()
                raise RecipeError(f"{path}: holds {worst:g}; weights are finite and not below 0")
        bounds = dataset.bounds
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return WhereRaster(
        digest.hexdigest(),
        crs_text(header.crs) or "",
        tuple(float(number) for number in header.transform[:6]),
        header.nodata,
        (float(bounds.left), float(bounds.bottom), float(bounds.right), float(bounds.top)),
    )


def _reaches(raster: WhereRaster, grid: GeoGrid) -> bool:
    assert grid.crs is not None
    try:
        left, bottom, right, top = transform_bounds(
            CRS.from_user_input(grid.crs), CRS.from_user_input(raster.crs), *grid.bounds(), densify_pts=21
        )
    except RasterioError:
        return False
    own_left, own_bottom, own_right, own_top = raster.bounds
    return left < own_right and right > own_left and bottom < own_top and top > own_bottom


def read_onto(path: Path, grid: GeoGrid) -> NDArray[np.float64]:
    """Return (H, W) weights on a grid, bilinear between the pixels of the raster, 0 where it has no data.

    Args:
        path: checked.
        grid: with a CRS.

    Raises:
        SourceError: the raster cannot be read any more.
    """
    assert grid.crs is not None
    weights = np.full(grid.shape, np.nan)
    with open_raster(path) as dataset:
        reproject(
            rasterio.band(dataset, 1),
            weights,
            src_nodata=dataset.nodata,
            dst_transform=Affine(*grid.transform),
            dst_crs=CRS.from_user_input(grid.crs),
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
            num_threads=1,
        )
    return np.nan_to_num(weights, nan=0.0)
