"""Label maps of rasters of any size, window by window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from diachron.core.errors import SourceError
from diachron.core.schemes import SCHEMES
from diachron.training.detectors.windows import cut_windows
from diachron.training.segmenters.classes import CLASSES, UNSURE
from diachron.training.segmenters.segmenter import OVERLAP_PX, UNSURE_BELOW, WINDOW_PX, Segmenter

# Written to the confidence where the picture has no data.
NO_CONFIDENCE = 255
# Blocks of the files written; windows answer for whole blocks, so that none is compressed twice.
_BLOCK_PX = 256
_CACHE_BYTES = 256 * 2**20


@dataclass(frozen=True)
class RasterSummary:
    """What a label map holds.

    Args:
        pixels: with data.
        shares: class -> share of them, `unsure` included; empty where no pixel has data.
    """

    pixels: int
    shares: dict[str, float]


def segment_raster(
    segmenter: Segmenter,
    image: Path,
    labels: Path,
    confidence: Path,
    *,
    full_scale: float,
    indexes: Sequence[int],
    bands: Sequence[str] = (),
    unsure_below: float = UNSURE_BELOW,
    progress: Callable[[int, int], None] | None = None,
) -> RasterSummary:
    """Write the label map of a raster and its confidence; memory does not grow with its size.

    Both are GeoTIFFs on the raster's grid. Labels are in the scheme `segmenter`, 255 where the network is not
    sure and where the picture has no data; the confidence is the probability of the likeliest class in
    percent, 255 without data. The files appear when they are whole.

    Args:
        segmenter: that labels.
        image: to read.
        labels, confidence: to write; replaced if they are there.
        full_scale: brightest value that the sensor can give.
        indexes: 1-based bands that hold data.
        bands: their names, from which red, green and blue are taken; without them the first are.
        unsure_below: as for `Segmenter.classify`.
        progress: called with (windows done, all windows).

    Raises:
        SourceError: a window of the picture cannot be decoded.
        RasterioError: the picture cannot be opened or a file cannot be written.
    """
    counts = np.zeros(256, np.int64)
    drafts = [path.with_name(f".{path.name}") for path in (labels, confidence)]
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), rasterio.open(image) as source:
        windows = list(cut_windows(source.shape, WINDOW_PX, OVERLAP_PX, segmenter.network.stride))
        profile = _profile(source)
        with (
            rasterio.open(drafts[0], "w", nodata=UNSURE, **profile) as label_file,
            rasterio.open(drafts[1], "w", nodata=NO_CONFIDENCE, **profile) as confidence_file,
        ):
            label_file.write_colormap(1, _colours())
            for done, window in enumerate(windows, 1):
                top, left, bottom, right = window.read
                read = Window(left, top, right - left, bottom - top)
                pixels, has_data = _read(source, read, indexes)
                found = segmenter.classify(pixels, full_scale, bands=bands, unsure_below=unsure_below)
                ids = np.where(has_data, found.labels, np.uint8(UNSURE))[window.inside]
                percent = np.round(found.confidence * 100.0).astype(np.uint8)
                percent[~has_data] = NO_CONFIDENCE
                top, left, bottom, right = window.answer
                answer = Window(left, top, right - left, bottom - top)
                label_file.write(ids, 1, window=answer)
                confidence_file.write(percent[window.inside], 1, window=answer)
                counts += np.bincount(ids[has_data[window.inside]], minlength=256)
                if progress is not None:
                    progress(done, len(windows))
    for draft, path in zip(drafts, (labels, confidence), strict=True):
        draft.replace(path)
    names = {**dict(enumerate(CLASSES)), UNSURE: "unsure"}
    total = int(counts.sum())
    shares = {name: round(float(counts[k]) / total, 4) for k, name in names.items()} if total else {}
    return RasterSummary(total, shares)


def _read(
    source: DatasetReader, window: Window, indexes: Sequence[int]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Return (C, H, W) pixels, and where some band is valid and every float is a number."""
    try:
        pixels: NDArray[np.generic] = source.read(list(indexes), window=window)
        valid: NDArray[np.bool_] = (source.read_masks(list(indexes), window=window) > 0).any(axis=0)
    except RasterioError as error:
        raise SourceError(
            f"{source.name}: the window at row {window.row_off}, column {window.col_off} cannot be decoded "
            f"({error.__cause__ or error}); copy the file again"
        ) from error
    if np.issubdtype(pixels.dtype, np.floating):
        valid &= np.isfinite(pixels).all(axis=0)
    return pixels, valid


def _profile(source: DatasetReader) -> dict[str, Any]:
    rows, cols = source.shape
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": rows,
        "width": cols,
        "count": 1,
        "dtype": "uint8",
        "compress": "deflate",
        "tiled": True,
        "blockxsize": _BLOCK_PX,
        "blockysize": _BLOCK_PX,
        "bigtiff": "if_safer",
    }
    if source.crs is not None:
        profile |= {"crs": source.crs, "transform": source.transform}
    return profile


def _colours() -> dict[int, tuple[int, int, int, int]]:
    table = SCHEMES["segmenter"].colour_table()
    return {value: (*colour, 255) for value, colour in table.items()}
