"""Opening rasters, and what their headers say. Every raster of a source is opened here, for reading only."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rasterio
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.transform import Affine
from rasterio.warp import transform as warp_points
from rasterio.windows import Window

from diachron.core.errors import SourceError

# Only plain pictures: a VRT under the name of a TIFF could point at any file or address.
DRIVERS = ("GTiff", "PNG", "JPEG", "WEBP")

# GDAL's own default is 5 % of the machine's memory, for each worker.
_CACHE_BYTES = 64 * 2**20
# A truncated PNG that GDAL reads in one go comes back as rubbish without an error; line by line it fails.
_GDAL_OPTIONS = {"GDAL_CACHEMAX": _CACHE_BYTES, "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO"}

# One degree of latitude, and of longitude at the equator: 40 075 017 m / 360 (WGS 84).
_METRES_PER_DEGREE = 111_320.0

_ALPHA_LOOK_PX = 256

# Rounding of a transform that was written as text stays far below, a shift by half a pixel far above.
_SAME_GRID_PX = 0.1


@dataclass(frozen=True)
class Header:
    """What a raster says about itself.

    Args:
        crs, transform: both None where the raster is not georeferenced.
        colours: colour interpretation a band, lower case.
        bits: bits a value where the file states fewer than its data type has.
        alpha: 1-based index of the alpha band, None without one.
    """

    path: Path
    shape: tuple[int, int]
    count: int
    dtype: str
    crs: CRS | None
    transform: Affine | None
    nodata: float | None
    colours: tuple[str, ...]
    descriptions: tuple[str | None, ...]
    bits: int | None
    alpha: int | None

    @property
    def indexes(self) -> tuple[int, ...]:
        """1-based indexes of the bands that hold data."""
        return tuple(i for i in range(1, self.count + 1) if i != self.alpha)


@contextmanager
def open_raster(path: Path) -> Iterator[DatasetReader]:
    """Open a raster for reading; errors while it is open become `SourceError` with its path.

    Raises:
        SourceError: the file is missing, empty (`empty`), or cannot be opened or decoded (`unreadable`).
    """
    try:
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: the file is empty (0 bytes); copy it again", "empty")
        with warnings.catch_warnings(), rasterio.Env(**_GDAL_OPTIONS):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as dataset:
                if dataset.driver not in DRIVERS:
                    raise SourceError(f"{path}: {dataset.driver} is not {', '.join(DRIVERS)}; convert it")
                yield dataset
    except SourceError:
        raise
    except FileNotFoundError:
        raise SourceError(f"{path}: there is no such file", "unreadable") from None
    except UnicodeEncodeError:
        raise SourceError(f"{path!r}: the name is not UTF-8, and GDAL cannot open it; rename it") from None
    except (RasterioError, OSError) as err:
        raise SourceError(f"{path}: cannot be read as an image ({_first_line(err)})", "unreadable") from err


def read_header(path: Path) -> Header:
    """Return the header of a raster.

    Raises:
        SourceError: as `open_raster`.
    """
    with open_raster(path) as dataset:
        georeferenced = bool(dataset.crs) and not dataset.transform.is_identity
        bits = dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS")
        return Header(
            path,
            (dataset.height, dataset.width),
            dataset.count,
            dataset.dtypes[0] if len(set(dataset.dtypes)) == 1 else "mixed",
            dataset.crs if georeferenced else None,
            dataset.transform if georeferenced else None,
            dataset.nodata,
            tuple(colour.name.lower() for colour in dataset.colorinterp),
            dataset.descriptions,
            int(bits) if bits else None,
            _alpha_band(dataset),
        )


def _alpha_band(dataset: DatasetReader) -> int | None:
    """Return the index of the last band where it is an alpha band, else None.

    GDAL marks the fourth band of every plain 8-bit TIFF as alpha, so a near-infrared band often comes under
    that name: in a TIFF it counts only without a name of its own and with no value but 0 and 255.
    """
    count = int(dataset.count)
    if count < 2 or dataset.colorinterp[-1].name != "alpha":
        return None
    name = dataset.descriptions[-1]
    if name:
        return count if "alpha" in name.lower() else None
    if dataset.driver == "GTiff":
        side = _ALPHA_LOOK_PX
        for share in (0.0, 0.5, 1.0):
            row, col = (int(share * max(0, length - side)) for length in dataset.shape)
            window = Window(col, row, min(side, dataset.width), min(side, dataset.height))
            values = dataset.read(count, window=window)
            if ((values != 0) & (values != 255) & (values != 65535)).any():
                return None
    return count


def crs_text(crs: CRS | None) -> str | None:
    """Return `EPSG:…` where the CRS has a number, else WKT; None for None."""
    if crs is None:
        return None
    number = crs.to_epsg()
    return f"EPSG:{number}" if number else str(crs.to_wkt())


def ground_gsd(header: Header) -> float | None:
    """Return the side of a pixel on the ground in metres, None where the file does not tell.

    The idea: the square root of a pixel's area, so the geometric mean of its sides. Degrees count
    111 320 m, times cos(latitude) along the parallel; Mercator maps (EPSG:3857) are stretched by
    1 / cos(latitude), which is taken out. Both use the latitude of the tile's centre.

    Source: WGS 84 equator of 40 075 017 m; Snyder 1987, Map Projections (USGS PP 1395), eq. 7-5.
    """
    crs, transform = header.crs, header.transform
    if crs is None or transform is None:
        return None
    side = math.sqrt(abs(transform.determinant))
    if crs.is_geographic:
        degrees = crs.units_factor[1] / math.radians(1.0)
        latitude = _point(transform, header.shape[1] / 2, header.shape[0] / 2)[1] * degrees
        metres = side * degrees * _METRES_PER_DEGREE * math.sqrt(max(0.0, math.cos(math.radians(latitude))))
    elif crs.is_projected:
        metres = side * crs.linear_units_factor[1]
        if 'PROJECTION["Mercator_' in crs.to_wkt():
            x, y = _point(transform, header.shape[1] / 2, header.shape[0] / 2)
            latitude = warp_points(crs, CRS.from_epsg(4326), [x], [y])[1][0]
            metres *= math.cos(math.radians(latitude))
    else:
        return None
    return metres if math.isfinite(metres) and metres > 0 else None


def same_georeference(image: Header, label: Header) -> bool:
    """Return whether two headers agree in CRS and, to a tenth of a pixel at the corners, in transform.

    True where one of them is not georeferenced: there is nothing to compare.
    """
    if image.transform is None or label.transform is None:
        return True
    if image.crs != label.crs:
        return False
    rows, cols = image.shape
    to_pixels = ~label.transform
    shifts = [
        abs(there - here)
        for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))
        for there, here in zip(_point(to_pixels, *_point(image.transform, *corner)), corner, strict=True)
    ]
    return max(shifts) < _SAME_GRID_PX


def _point(transform: Affine, col: float, row: float) -> tuple[float, float]:
    # Written out: affine 3 deprecates `transform * point`, and affine 2 does not know `@`.
    a, b, c, d, e, f = transform[:6]
    return a * col + b * row + c, d * col + e * row + f


def _first_line(err: BaseException) -> str:
    # rasterio says "Read failed. See previous exception for details.", and GDAL's own words are the cause.
    told = err.__cause__ or err
    return (str(told) or type(told).__name__).strip().splitlines()[0]
