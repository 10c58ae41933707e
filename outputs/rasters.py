"""Layers as GeoTIFF bytes and back. One set of creation options, pinned, for equal bytes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from diachron.core.grid import GeoGrid

# ZSTD 1 with predictor: 3.5 ms and 638 kB for 512 x 512 RGB, against 13 ms and 636 kB for DEFLATE 6.
# Sides of blocks are multiples of 16; small tiles take one block.
BLOCK = 256


def encode(
    layer: NDArray[np.generic],
    grid: GeoGrid,
    *,
    nodata: float | None = None,
    names: tuple[str, ...] = (),
    colours: Mapping[int, tuple[int, int, int]] | None = None,
    half: bool = False,
) -> bytes:
    """Return a tiled GeoTIFF of a layer; the dtype is the layer's.

    Args:
        layer: (C, H, W) or (H, W).
        grid: its place; a plain grid gives a file without georeference.
        nodata: value to declare.
        names: band descriptions.
        colours: value -> (red, green, blue) for a colour table (uint8, one band).
        half: store float32 with 16 bits a number; readers get float32 back, with 11 significant bits.
    """
    bands = layer[np.newaxis] if layer.ndim == 2 else layer
    count, rows, cols = bands.shape
    block_rows, block_cols = (min(BLOCK, -(-n // 16) * 16) for n in (rows, cols))
    options: dict[str, Any] = {
        "driver": "GTiff",
        "count": count,
        "height": rows,
        "width": cols,
        "dtype": str(bands.dtype),
        "tiled": True,
        "blockysize": block_rows,
        "blockxsize": block_cols,
        "compress": "zstd",
        "zstd_level": 1,
        "predictor": 3 if np.issubdtype(bands.dtype, np.floating) else 2,
        "interleave": "pixel",
        "num_threads": 1,
    }
    if nodata is not None:
        options["nodata"] = nodata
    if half:
        options["nbits"] = 16
    if grid.crs is not None:
        options["crs"] = grid.crs
        options["transform"] = Affine(*grid.transform)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as memory:
            with memory.open(**options) as file:
                file.write(bands)
                for number, name in enumerate(names, start=1):
                    file.set_band_description(number, name)
                if colours is not None:
                    file.write_colormap(1, {value: (*rgb, 255) for value, rgb in colours.items()})
            return bytes(memory.getbuffer())


def decode(data: bytes | str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Return (layer, profile) of a GeoTIFF: (C, H, W), or (H, W) for one band.

    Args:
        data: file content, or a path.

    Raises:
        rasterio.errors.RasterioError: it is not a readable raster.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        if isinstance(data, bytes):
            with MemoryFile(data) as memory, memory.open() as file:
                return _squeeze(file.read()), dict(file.profile)
        with rasterio.open(data) as file:
            return _squeeze(file.read()), dict(file.profile)


def _squeeze(bands: NDArray[np.generic]) -> NDArray[np.generic]:
    return bands[0] if bands.shape[0] == 1 else bands
