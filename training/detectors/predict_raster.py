"""Prediction on rasters of any size: read, judged and written window by window."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterWindow

from diachron.core.errors import GridError, RecipeError, RunRefusedError, SourceError
from diachron.core.pair import UNKNOWN
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.config import IGNORED
from diachron.training.detectors.detector import Detector
from diachron.training.detectors.windows import Window, cut_windows

# Probabilities are stored as 0 to 254, so that 255 is left for "nobody knows"; the file declares the scale.
HIGHEST = 254
# Answers of 512 px between margins of 32 px: whole blocks of the files, each of which is written once.
WINDOW_PX, OVERLAP_PX, BLOCK_PX = 576, 64, 256
# GDAL's own cache would grow with the machine's memory.
CACHE_MB = 256


@dataclass(frozen=True)
class RasterPrediction:
    """What was written.

    Args:
        files: name of the layer -> GeoTIFF.
        known_px: pixels that both dates cover.
        changed_px: of these, as probable as the threshold or more.
    """

    files: dict[str, Path] = field(default_factory=dict)
    known_px: int = 0
    changed_px: int = 0


def predict_raster(
    detector: Detector,
    t1: Path,
    t2: Path,
    out: Path,
    *,
    threshold: float = 0.5,
    labels_t1: Path | None = None,
    full_scale: float | None = None,
    overwrite: bool = False,
    window_px: int = WINDOW_PX,
    progress: Callable[[int, int], None] | None = None,
) -> RasterPrediction:
    """Write `probability.tif` and `mask.tif` of two rasters, and `labels_t1.tif`, `labels_t2.tif` of a
    semantic head.

    All files are uint8 on the grid of the dates, 255 where a date has no data. The mask is 0 and 1; the
    probability is 0 to 254 with the scale 1/254 declared. Memory does not grow with the size of the rasters.

    Args:
        detector: on the device that is to be used.
        t1, t2: rasters on one grid, the earlier date first.
        out: folder; made if it is missing.
        threshold: probability from which a pixel counts as changed, above 0 and up to 1.
        labels_t1: raster of label values of the first date, for the conditional head.
        full_scale: brightest value that the sensor can give; None for 255 where the rasters have 8 bits.
        overwrite: replace files that are there.
        window_px: side of what is read at once.
        progress: called with (windows done, all windows).

    Raises:
        SourceError: a raster cannot be read.
        GridError: the rasters lie on different grids.
        RecipeError: the full scale must be given, the threshold is out of range, or the label map is missing.
        RunRefusedError: the files are there already.
    """
    if not 0.0 < threshold <= 1.0:
        raise RecipeError(f"threshold {threshold}: expected a probability above 0, at most 1")
    if detector.config.head == "conditional" and labels_t1 is None:
        raise RecipeError("this detector is conditional: give the label map of the first date")
    names = ["probability", "mask"]
    if detector.config.head == "semantic":
        names += ["labels_t1", "labels_t2"]
    files = {name: out / f"{name}.tif" for name in names}
    there = [path for path in files.values() if path.exists()]
    if there and not overwrite:
        raise RunRefusedError(
            f"{there[0]}: a prediction is there already; give another folder, or overwrite it"
        )

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        stack.enter_context(rasterio.Env(GDAL_CACHEMAX=CACHE_MB))
        layers = [path for path in (t1, t2, labels_t1) if path is not None]
        sources = [stack.enter_context(_opened(path)) for path in layers]
        for source in sources[1:]:
            _check_grid(sources[0], source)
        scale = _full_scale(sources[:2], full_scale)
        out.mkdir(parents=True, exist_ok=True)
        targets = {name: stack.enter_context(_created(path, sources[0])) for name, path in files.items()}
        windows = list(cut_windows(sources[0].shape, window_px, OVERLAP_PX, detector.stride))
        known_px = changed_px = 0
        for number, window in enumerate(windows, 1):
            answer = _judged(detector, sources, window, scale, threshold)
            for name, target in targets.items():
                target.write(answer[name][window.inside], 1, window=_raster_window(window.answer))
            mask = answer["mask"][window.inside]
            known_px += int(np.count_nonzero(mask != UNKNOWN))
            changed_px += int(np.count_nonzero(mask == 1))
            if progress is not None:
                progress(number, len(windows))
    for path in files.values():
        _unfinished(path).replace(path)
    return RasterPrediction(files, known_px, changed_px)


def _judged(
    detector: Detector, sources: list[Any], window: Window, full_scale: float, threshold: float
) -> dict[str, NDArray[np.uint8]]:
    """Return every layer of a window, 255 where a date has no data."""
    place = _raster_window(window.read)
    dates, covered = [], []
    for source in sources[:2]:
        names = tuple((name or "").lower() for name in source.descriptions)
        dates.append(choose_bands(source.read(window=place), names, detector.config.bands))
        covered.append(source.dataset_mask(window=place) > 0)
    known: NDArray[np.bool_] = covered[0] & covered[1]
    answer = {
        name: np.full(known.shape, UNKNOWN, np.uint8)
        for name in ("probability", "mask", "labels_t1", "labels_t2")
    }
    if not known.any():
        return answer
    # A date without data is given the other's pixels: the border of the data must not look like a change.
    t1 = np.where(covered[0], dates[0], dates[1])
    t2 = np.where(covered[1], dates[1], dates[0])
    labels = sources[2].read(1, window=place) if len(sources) > 2 else None
    if labels is not None and sources[2].nodata is not None:
        labels = np.where(labels == sources[2].nodata, IGNORED, labels)
    logits = detector.logits(t1, t2, full_scale, None if labels is None else labels.astype(np.uint8))
    probability = torch.sigmoid(logits["change"][0]).numpy()
    answer["probability"][known] = np.round(probability[known] * HIGHEST).astype(np.uint8)
    answer["mask"][known] = probability[known] >= threshold
    for name in ("labels_t1", "labels_t2"):
        if f"classes_{name[-2:]}" in logits:
            answer[name][known] = logits[f"classes_{name[-2:]}"].argmax(0).numpy()[known]
    return answer


def _raster_window(bounds: tuple[int, int, int, int]) -> RasterWindow:
    top, left, bottom, right = bounds
    return RasterWindow(left, top, right - left, bottom - top)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        source = rasterio.open(path)
    except RasterioError as error:
        raise SourceError(f"{path}: cannot be read as a raster ({error})") from None
    with source:
        yield source


@contextmanager
def _created(path: Path, like: Any) -> Iterator[Any]:
    """Open a file for writing under another name, which is removed if the prediction does not reach its
    end."""
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": 1,
        "height": like.height,
        "width": like.width,
        "dtype": "uint8",
        "nodata": UNKNOWN,
        "crs": like.crs,
        "transform": like.transform,
        "tiled": True,
        "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX,
        "compress": "zstd",
        "zstd_level": 1,
        "bigtiff": "if_safer",
    }
    try:
        with rasterio.open(_unfinished(path), "w", **profile) as target:
            if path.stem == "probability":
                target.scales = (1.0 / HIGHEST,)
            target.set_band_description(1, path.stem)
            yield target
    except BaseException:
        _unfinished(path).unlink(missing_ok=True)
        raise


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}")


def _check_grid(first: Any, other: Any) -> None:
    how = "resample one onto the grid of the other, e.g. with `rio warp --like`"
    if first.shape != other.shape:
        raise GridError(f"{other.name}: {other.shape} pixels, but {first.name} has {first.shape}; {how}")
    if first.crs != other.crs:
        raise GridError(f"{other.name}: CRS {other.crs}, but {first.name} has {first.crs}; {how}")
    # A hundredth of a pixel: what rounding in a header does, and less than any detector notices.
    tolerance = 0.01 * abs(first.transform.a or first.transform.b)
    corners = ((0, 0), (first.width, first.height))
    apart = max(
        abs(here - there)
        for corner in corners
        for here, there in zip(first.transform @ corner, other.transform @ corner, strict=True)
    )
    if apart > tolerance:
        raise GridError(f"{other.name}: corners lie {apart:g} units from those of {first.name}; {how}")


def _full_scale(dates: list[Any], given: float | None) -> float:
    if given is not None:
        if given <= 0:
            raise RecipeError(f"full scale {given}: expected a value above 0")
        return given
    for date in dates:
        if set(date.dtypes) != {"uint8"}:
            raise RecipeError(
                f"{date.name}: {date.dtypes[0]} pixels; give the brightest value that the sensor can give "
                "with --full-scale, the same as in training"
            )
    return 255.0
