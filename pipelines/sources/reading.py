"""Reading one window of a tile: pixels, labels, footprints and where there is no data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from diachron.core import hub
from diachron.core.errors import LabelError
from diachron.core.labels import LabelSchema
from diachron.core.scene import Mask, RawScene
from diachron.pipelines.sources.footprints import burn
from diachron.pipelines.sources.instance_maps import objects_of, read_ids
from diachron.pipelines.sources.model_objects import ObjectModel, find_objects
from diachron.pipelines.sources.panoptic import classes_and_ids
from diachron.pipelines.sources.rasters import open_raster
from diachron.pipelines.sources.resampling import averaged, majority
from diachron.pipelines.sources.scheme_choice import building_class, ground_class
from diachron.pipelines.sources.tiles import Tile, Unit
from diachron.pipelines.sources.unlabelled import is_unlabelled, labels_of_picture
from diachron.pipelines.sources.vectors import read_polygons


def read_window(
    tile: Tile,
    unit: Unit,
    *,
    schema: LabelSchema,
    bands: tuple[str, ...],
    full_scale: float,
    licence: str | None,
    sun: tuple[float, float | None] | None,
    key: str,
    objects: ObjectModel | None = None,
) -> RawScene:
    """Return a window of a tile, in the image's own data type and scale.

    Where the tile is resampled, pixels are means, labels majorities, and polygons are burnt into the large
    pixels directly. In scheme `segments` the label map is made from the pixels that are read; a network
    (`objects`) also tells its things apart.

    Raises:
        SourceError: a file cannot be decoded.
        LabelError: the label map holds a value outside the scheme.
        GridError: the unit does not lie inside the tile.
    """
    grid = tile.grid.window(unit.row, unit.col, unit.rows, unit.cols)
    image, void = _read_picture(tile, unit)
    footprints = None if tile.footprints is None else burn(read_polygons(tile.footprints), grid)
    raster, own = _read_labels_and_ids(tile, unit, schema)
    labels = _draw(raster, footprints, schema, grid.shape)
    if own is not None:
        footprints = objects_of(own, labels, schema)
    if is_unlabelled(schema):
        things = None
        if objects is not None:
            things = footprints = find_objects(objects, image, void, bands, full_scale, grid.gsd_m)
        labels = labels_of_picture(image, void, bands, full_scale, grid.gsd_m, things)
    return RawScene(
        image=image,
        bands=bands,
        full_scale=full_scale,
        nodata=tile.nodata,
        grid=grid,
        labels=labels,
        schema=schema,
        footprints=footprints,
        void=void,
        source=key,
        licence=licence,
        sun_azimuth_deg=None if sun is None else sun[0],
        sun_elevation_deg=None if sun is None else sun[1],
    )


@dataclass(frozen=True)
class DateWindow:
    """A window of a further date of a place.

    Args:
        image: (C, rows, cols) in the file's data type and scale.
        void: (rows, cols) pixels without data.
        labels: (rows, cols) uint8 canonical ids, None where the date has no labels.
    """

    image: NDArray[np.generic]
    void: Mask
    labels: NDArray[np.uint8] | None


def read_date(tile: Tile, unit: Unit, *, schema: LabelSchema) -> DateWindow:
    """Return a window of a picture that may have no labels.

    Raises:
        SourceError, LabelError, GridError: as `read_window`.
    """
    grid = tile.grid.window(unit.row, unit.col, unit.rows, unit.cols)
    image, void = _read_picture(tile, unit)
    if not tile.labelled:
        return DateWindow(image, void, None)
    footprints = None if tile.footprints is None else burn(read_polygons(tile.footprints), grid)
    raster, _ = _read_labels_and_ids(tile, unit, schema)
    return DateWindow(image, void, _draw(raster, footprints, schema, grid.shape))


def _read_picture(tile: Tile, unit: Unit) -> tuple[NDArray[np.generic], Mask]:
    """Return (C, rows, cols) pixels of a unit, and where they are without data."""
    with open_raster(tile.image) as dataset:
        indexes = [i for i in range(1, dataset.count + 1) if i != tile.alpha]

        def read(window: Window) -> tuple[NDArray[np.generic], Mask]:
            image = dataset.read(indexes, window=window)
            return image, _void(dataset, tile, image, indexes, window)

        if tile.factor == 1:
            return read(_window(unit))
        return averaged(read, unit, factor=tile.factor, file_shape=dataset.shape, nodata=tile.nodata)


def _void(
    dataset: DatasetReader, tile: Tile, image: NDArray[np.generic], indexes: list[int], window: Window
) -> Mask:
    """Return where all bands are nodata, the mask band or alpha is 0, or a float is not a number."""
    void = np.zeros(image.shape[-2:], np.bool_)
    if tile.nodata is not None and not math.isnan(tile.nodata):
        void |= (image == tile.nodata).all(axis=0)
    if np.issubdtype(image.dtype, np.floating):
        void |= ~np.isfinite(image).all(axis=0)
    if tile.alpha is not None:
        void |= dataset.read(tile.alpha, window=window) == 0
    flags = {flag.name for i in indexes for flag in dataset.mask_flag_enums[i - 1]}
    # A band that is only called alpha (see `rasters._alpha_band`) must not mask the others.
    if "per_dataset" in flags and "alpha" not in flags:
        void |= dataset.read_masks(indexes[0], window=window) == 0
    return void


def _read_labels_and_ids(
    tile: Tile, unit: Unit, schema: LabelSchema
) -> tuple[NDArray[np.uint8] | None, NDArray[np.int64] | None]:
    """Return the label map of a unit and the ids of its objects, None for what the tile does not have."""
    if tile.label is None:
        return None, None
    if tile.segments is None:
        ids = None if tile.instances is None else read_ids(tile.instances, _window(unit))
        return _read_labels(tile.label, tile.factor, unit, schema), ids
    with open_raster(tile.label) as dataset:
        coded = dataset.read([1, 2, 3], window=_window(unit))
    return classes_and_ids(coded, tile.segments, schema, where=str(tile.label))


def _read_labels(path: Path, factor: float, unit: Unit, schema: LabelSchema) -> NDArray[np.uint8]:
    """Return the label map of a unit in canonical ids; its own nodata becomes ignore."""
    with open_raster(path) as dataset:

        def read(window: Window) -> NDArray[np.uint8]:
            return _class_ids(dataset, path, window, schema)

        if factor == 1:
            return read(_window(unit))
        return majority(read, unit, factor=factor, file_shape=dataset.shape)


def _class_ids(dataset: DatasetReader, path: Path, window: Window, schema: LabelSchema) -> NDArray[np.uint8]:
    where = str(path)
    if (window.height, window.width) != dataset.shape:
        where += f", window at row {window.row_off}, column {window.col_off}"
    colours = [colour.name for colour in dataset.colorinterp]
    indexes = [i for i, name in enumerate(colours, 1) if name != "alpha" or i == 1]
    values = dataset.read(indexes, window=window)
    if (values != values[:1]).any():
        raise LabelError(f"{where}: the {len(indexes)} bands differ; turn colours to class ids, one band")
    ids = values[0]
    known = {value for entry in schema.classes for value in (entry.id, *entry.also)}
    if dataset.nodata is not None and schema.ignore is not None and dataset.nodata not in known:
        ids = np.where(ids == dataset.nodata, np.asarray(schema.ignore, ids.dtype), ids)
    return schema.canonical(ids, where=where)


def _window(unit: Unit) -> Window:
    return Window(unit.col, unit.row, unit.cols, unit.rows)


def _draw(
    raster: NDArray[np.uint8] | None,
    footprints: NDArray[np.int32] | None,
    schema: LabelSchema,
    shape: tuple[int, int],
) -> NDArray[np.uint8]:
    """Return the label map of raster and polygons.

    Polygons are drawn as building; elsewhere the raster stays, also where only it says building. Under a
    polygon a class of buildings stays what it is (residential, destroyed).
    """
    if raster is None:
        raster = np.full(shape, ground_class(schema) or 0, np.uint8)
    building = building_class(schema)
    if footprints is None or building is None:
        return raster
    _, objects = schema.to_hub(raster)
    return np.where((footprints > 0) & (objects != hub.BUILDING), np.uint8(building), raster)
