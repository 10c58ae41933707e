"""Rasters of object ids beside label maps: which pixels of a class are one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from diachron.core.errors import RecipeError, SourceError
from diachron.core.labels import LabelSchema
from diachron.pipelines.sources.layout import Candidate
from diachron.pipelines.sources.rasters import Header, open_raster
from diachron.pipelines.sources.tiles import SourceOptions

_ID_TYPES = ("uint8", "uint16", "uint32", "int16", "int32")


def check_options(options: SourceOptions) -> None:
    """Refuse options that say twice which objects there are, or ids on pixels of another size.

    Raises:
        RecipeError: two of them are given, or `--resample` with one.
    """
    given = [
        (f"--{name}", getattr(options, name))
        for name in ("panoptic", "instances", "footprints")
        if getattr(options, name) is not None
    ]
    if len(given) > 1:
        (first, _), (second, value) = given[:2]
        raise RecipeError(f"{second} {value}: {first} tells the objects already; give one of the two")
    if options.panoptic is not None and options.labels is not None:
        raise RecipeError(f"--labels {options.labels}: --panoptic brings labels already; give one of the two")
    if given and given[0][0] != "--footprints" and options.resample_m is not None:
        raise RecipeError(
            f"--resample {options.resample_m:g}: ids of objects are read as they are ({given[0][0]}); bring "
            "images, labels and ids to that pixel size first"
        )


def with_instances(found: Sequence[Candidate], maps: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with their maps of ids.

    Args:
        found: images with their label maps.
        maps: the same images paired with maps of ids, which stand as their labels.
    """
    by_image = {candidate.image: candidate.labels for candidate in maps}
    taken = {path for paths in by_image.values() for path in paths}
    return [
        replace(candidate, instances=by_image.get(candidate.image, ()))
        for candidate in found
        if candidate.image not in taken
    ]


def check_ids(header: Header) -> None:
    """Raise unless a raster can hold ids.

    Raises:
        SourceError: several bands, or numbers that are not whole.
    """
    if len(header.indexes) != 1 or header.dtype not in _ID_TYPES:
        raise SourceError(
            f"{header.path.name} holds {len(header.indexes)} bands of {header.dtype}, not ids; save one band "
            "of uint16 or uint32",
            "label_outside_scheme",
        )


def read_ids(path: Path, window: Window) -> NDArray[np.int64]:
    """Return (rows, cols) int64 ids, 0 where none is or the file has no data.

    Raises:
        SourceError: it cannot be read.
    """
    with open_raster(path) as dataset:
        ids = dataset.read(1, window=window).astype(np.int64)
        return ids if dataset.nodata is None else np.where(ids == dataset.nodata, 0, ids)


def objects_of(ids: NDArray[np.int64], labels: NDArray[np.uint8], schema: LabelSchema) -> NDArray[np.int32]:
    """Return (H, W) int32 objects, from 1; 0 where no object of the scheme stands or none has an id.

    An id that lies on two classes is two objects, and on ground it says nothing.

    Args:
        ids: (H, W) of any objects.
        labels: (H, W) canonical ids of `schema`.
        schema: of the label map.
    """
    _, classes = schema.to_hub(labels)
    both = np.where((classes > 0) & (ids > 0), ids * 256 + classes, 0)
    present, place = np.unique(both, return_inverse=True)
    numbers = np.cumsum(present != 0) * (present != 0)
    return numbers[place].reshape(ids.shape).astype(np.int32)
