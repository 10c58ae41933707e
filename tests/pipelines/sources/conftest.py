"""Fake sources made by code: small rasters, polygon files and folders in every layout."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine
from rasterio.warp import transform as warp_points

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
UTM = "EPSG:32645"
EAST, NORTH = 350_000.0, 3_050_000.0


class Fake:
    """Writes small files; every method returns the path it wrote."""

    def raster(
        self,
        path: Path,
        values: NDArray[np.generic],
        *,
        crs: str | None = None,
        transform: Affine | None = None,
        names: Sequence[str] | None = None,
        colours: Sequence[ColorInterp] | None = None,
        palette: dict[int, tuple[int, int, int]] | None = None,
        mask: NDArray[np.bool_] | None = None,
        nodata: float | None = None,
        **profile: object,
    ) -> Path:
        """Write (H, W) or (C, H, W) values with the driver of the suffix."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = values if values.ndim == 3 else values[None]
        with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path,
                "w",
                driver=DRIVERS[path.suffix.lower()],
                count=data.shape[0],
                height=data.shape[1],
                width=data.shape[2],
                dtype=data.dtype.name,
                crs=crs,
                transform=transform,
                nodata=nodata,
                **profile,
            ) as dataset:
                dataset.write(data)
                if names:
                    dataset.descriptions = tuple(names)
                if colours:
                    dataset.colorinterp = tuple(colours)
                if palette:
                    dataset.write_colormap(1, palette)
                if mask is not None:
                    dataset.write_mask(mask)
        return path

    def image(self, path: Path, shape: tuple[int, int] = (8, 10), bands: int = 3, **how: object) -> Path:
        """Write a picture of pixels that differ."""
        count = bands * shape[0] * shape[1]
        values = (np.arange(count) * 7 % 251).astype(np.uint8).reshape(bands, *shape)
        return self.raster(path, values, **how)

    def geo_image(
        self, path: Path, shape: tuple[int, int] = (8, 10), origin: tuple[float, float] = (EAST, NORTH)
    ) -> Path:
        """Write a picture in UTM with 0.5 m pixels whose upper left corner is `origin`."""
        return self.image(path, shape, crs=UTM, transform=Affine(0.5, 0, origin[0], 0, -0.5, origin[1]))

    def label(self, path: Path, shape: tuple[int, int] = (8, 10), values: Sequence[int] = (0, 1)) -> Path:
        """Write a label map that holds all of `values`."""
        flat = np.resize(np.asarray(values, np.uint8), shape[0] * shape[1])
        return self.raster(path, flat.reshape(shape))

    def geojson(
        self, path: Path, shapes: Sequence[shapely.Geometry], crs: str | None = "EPSG::32645"
    ) -> Path:
        """Write shapes in UTM; with `crs=None` as longitude and latitude without a `crs` member."""
        if crs is None:
            shapes = [to_lonlat(shape) for shape in shapes]
        data: dict[str, object] = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(s)} for s in shapes
            ],
        }
        if crs is not None:
            data["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
        return path

    def gpkg(self, path: Path, layers: dict[str, Sequence[shapely.Geometry]], srs_id: int = 32645) -> Path:
        """Write a GeoPackage as OGC 12-128r18 lays it out, as far as a reader of polygons needs it."""
        with sqlite3.connect(path) as db:
            db.execute(
                "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization "
                "TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT)"
            )
            db.execute(
                "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', ?, 'EPSG', ?, '', '')", (srs_id, abs(srs_id))
            )
            db.execute(
                "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name "
                "TEXT, srs_id INTEGER, z TINYINT, m TINYINT)"
            )
            for table, shapes in layers.items():
                kind = shapes[0].geom_type.upper()
                db.execute(
                    "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table, kind, srs_id)
                )
                db.execute(f'CREATE TABLE "{table}" (fid INTEGER PRIMARY KEY, geom BLOB)')
                for shape in shapes:
                    left, bottom, right, top = shape.bounds
                    # Flags 3: little endian, envelope of four doubles.
                    head = b"GP" + bytes([0, 3]) + struct.pack("<i4d", srs_id, left, right, bottom, top)
                    db.execute(f'INSERT INTO "{table}" (geom) VALUES (?)', (head + shape.wkb,))
        db.close()
        return path


def to_lonlat(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape in UTM as longitude and latitude."""

    def warp(points: NDArray[np.float64]) -> NDArray[np.float64]:
        xs, ys = warp_points(CRS.from_string(UTM), CRS.from_epsg(4326), points[:, 0], points[:, 1])
        return np.column_stack([xs, ys])

    return shapely.transform(shape, warp)


def pixels(row: float, col: float, rows: float, cols: float) -> shapely.Polygon:
    """Return a rectangle in UTM that covers pixels of a `Fake.geo_image`."""
    x, y = EAST + col * 0.5, NORTH - row * 0.5
    return shapely.box(x, y - rows * 0.5, x + cols * 0.5, y)


@pytest.fixture
def fake() -> Fake:
    """Return a writer of fake files."""
    return Fake()


@pytest.fixture
def rectangle():
    """Return `pixels`: a rectangle over pixels of a fake georeferenced image."""
    return pixels


@pytest.fixture
def real_data() -> Path:
    """Return the folder of the real sets, or skip."""
    folder = os.environ.get("DIACHRON_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    return Path(folder)
