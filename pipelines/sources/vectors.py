"""Polygons of GeoJSON and GeoPackage files, parsed once a process.

A GeoPackage is an SQLite file; its geometries are WKB behind a short header (OGC 12-128r18, 2.1.3), so the
standard library and shapely read it without another dependency.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import CRSError

from diachron.core.errors import SourceError

# RFC 7946: GeoJSON without a `crs` member is longitude, latitude on WGS 84.
_GEOJSON_CRS = "OGC:CRS84"

# Bytes of the envelope behind a GeoPackage geometry's fixed header of 8, by the code in its flags.
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_FIXED_BYTES = 8


@dataclass(frozen=True)
class Polygons:
    """The polygons of one file, in its order; a multipolygon counts as one polygon a part.

    Args:
        crs: of the coordinates.
        geometries: valid, 2-D polygons.
        tree: over `geometries`.
        bounds: (left, bottom, right, top) of all of them; nan without any.
        kinds: how many geometries of which type the file holds.
    """

    path: Path
    crs: CRS
    geometries: NDArray[np.object_]
    tree: shapely.STRtree
    bounds: tuple[float, float, float, float]
    kinds: dict[str, int]

    @property
    def problem(self) -> str | None:
        """Why the file cannot serve as footprints, None where it can."""
        if len(self.geometries):
            return None
        lines = sum(count for kind, count in self.kinds.items() if "LineString" in kind)
        if lines:
            return (
                f"{self.path.name} holds {lines} lines, and lines (roads) carry no width; "
                "buffer them to polygons or burn them to a label map"
            )
        return f"{self.path.name} holds no polygon"


def read_polygons(path: Path) -> Polygons:
    """Return the polygons of a file; parsed again only when the file has changed.

    Invalid polygons are repaired (`shapely.make_valid`), what is not a polygon is left out.

    Raises:
        SourceError: the file cannot be read, or does not say in which CRS it is.
    """
    try:
        state = path.stat()
    except OSError as err:
        raise SourceError(f"{path}: the footprints cannot be read ({err.strerror})") from err
    if state.st_size == 0:
        raise SourceError(f"{path}: the file is empty (0 bytes); copy it again", "empty")
    return _parse(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _parse(path: Path, mtime_ns: int, size: int) -> Polygons:
    with path.open("rb") as file:
        is_sqlite = file.read(6) == b"SQLite"
    crs, shapes = _read_gpkg(path) if is_sqlite else _read_geojson(path)
    known = [shape for shape in shapes if shape is not None]
    kinds = Counter(shape.geom_type for shape in known)
    polygons = _single_polygons(np.array(known, dtype=object))
    edges = shapely.bounds(polygons).reshape(-1, 4)
    bounds = (math.nan,) * 4
    if len(edges):
        low, high = edges.min(axis=0), edges.max(axis=0)
        bounds = (float(low[0]), float(low[1]), float(high[2]), float(high[3]))
    return Polygons(path, crs, polygons, shapely.STRtree(polygons), bounds, dict(kinds))


def _single_polygons(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return every polygon part, repaired, in order."""
    areal = shapely.get_parts(shapes)
    areal = shapely.get_parts(areal)  # collections may hold multipolygons
    areal = shapely.force_2d(areal[np.isin(shapely.get_type_id(areal), (3, 6))])
    broken = ~shapely.is_valid(areal)
    areal[broken] = shapely.make_valid(areal[broken])
    parts = shapely.get_parts(shapely.get_parts(areal))
    kept: NDArray[np.object_] = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    return kept


def _read_geojson(path: Path) -> tuple[CRS, list[Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        crs = _geojson_crs(data.get("crs"))
        if data["type"] == "FeatureCollection":
            members = [feature.get("geometry") for feature in data["features"]]
        elif data["type"] == "Feature":
            members = [data["geometry"]]
        else:
            members = [data]
        return crs, [None if m is None else shapely.geometry.shape(m) for m in members]
    except CRSError as err:
        raise SourceError(f"{path}: the CRS is not known ({err}); save it as WGS 84") from err
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, shapely.errors.ShapelyError) as err:
        raise SourceError(f"{path}: neither GeoJSON nor GeoPackage ({type(err).__name__}: {err})") from err


def _geojson_crs(member: Any) -> CRS:
    name = _GEOJSON_CRS if member is None else member["properties"]["name"]
    return CRS.from_user_input(name)


def _read_gpkg(path: Path) -> tuple[CRS, list[Any]]:
    # immutable: a database in WAL mode would otherwise get files beside it, and no input is ever modified.
    address = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            table, column, srs_id = _polygon_table(database, path)
            crs = _gpkg_crs(database, srs_id, path)
            rows = database.execute(f"SELECT {_quoted(column)} FROM {_quoted(table)} ORDER BY rowid")
            return crs, [_gpkg_shape(blob) for (blob,) in rows]
    except (sqlite3.Error, shapely.errors.ShapelyError, KeyError, IndexError, TypeError) as err:
        raise SourceError(f"{path}: not a readable GeoPackage ({type(err).__name__}: {err})") from err


def _polygon_table(database: sqlite3.Connection, path: Path) -> tuple[str, str, int]:
    """Return table, geometry column and srs id of the layer to use."""
    layers = database.execute(
        "SELECT table_name, column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns "
        "ORDER BY table_name"
    ).fetchall()
    usable = [row for row in layers if "LINE" not in row[2].upper() and "POINT" not in row[2].upper()]
    named = [row for row in usable if "building" in row[0].lower()]
    chosen = usable if len(usable) == 1 else named
    if not usable and layers:
        chosen = layers[:1]
    if len(chosen) != 1:
        found = ", ".join(row[0] for row in layers) or "none"
        raise SourceError(f"{path}: layers are {found}; keep one, or call one of them building")
    table, column, _, srs_id = chosen[0]
    return table, column, int(srs_id)


def _gpkg_crs(database: sqlite3.Connection, srs_id: int, path: Path) -> CRS:
    row = database.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
        "WHERE srs_id = ?",
        (srs_id,),
    ).fetchone()
    if row is None or srs_id <= 0:
        raise SourceError(f"{path}: the CRS of the polygons is undefined (srs_id {srs_id}); save it with one")
    authority, code, definition = row
    try:
        return CRS.from_user_input(f"{authority}:{code}" if authority.upper() == "EPSG" else definition)
    except CRSError as err:
        raise SourceError(f"{path}: the CRS is not known ({err}); save it as WGS 84") from err


def _gpkg_shape(blob: bytes | None) -> Any:
    if blob is None:
        return None
    if blob[:2] != b"GP":
        raise SourceError("a geometry has no GeoPackage header")
    flags = blob[3]
    empty = flags >> 4 & 1
    return None if empty else shapely.from_wkb(blob[_FIXED_BYTES + _ENVELOPE_BYTES[flags >> 1 & 7] :])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
