"""Which polygons reach a tile, and burning them into a window of it."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.features import rasterize
from rasterio.transform import Affine
from rasterio.warp import transform as warp_points
from rasterio.warp import transform_bounds

from diachron.core.grid import GeoGrid
from diachron.pipelines.sources.vectors import Polygons

# Points added to each edge of a window before it is projected: edges bend between CRSs.
_EDGE_POINTS = 21


def reaches(polygons: Polygons, grid: GeoGrid) -> bool:
    """Return whether the bounds of all polygons of a file intersect a tile.

    A tile inside the bounds may hold no polygon: then nothing is built there. Outside nobody has looked.
    False for a tile without CRS.
    """
    box = _bounds_in(polygons.crs, grid)
    if box is None or not len(polygons.geometries):
        return False
    left, bottom, right, top = polygons.bounds
    return bool(box[0] < right and left < box[2] and box[1] < top and bottom < box[3])


def burn(polygons: Polygons, grid: GeoGrid) -> NDArray[np.int32]:
    """Return (H, W) int32: 1 + the place of the polygon in its file at each pixel centre, 0 off polygons.

    Where polygons overlap the first in the file keeps its pixels; one that covers no pixel centre vanishes.
    Only polygons that may touch the window are projected.
    """
    ids = np.zeros(grid.shape, np.int32)
    box = _bounds_in(polygons.crs, grid)
    if box is None or grid.crs is None:
        return ids
    hits = np.sort(polygons.tree.query(shapely.box(*box)))
    if not len(hits):
        return ids
    target = CRS.from_user_input(grid.crs)
    shapes = polygons.geometries[hits]
    if target != polygons.crs:
        shapes = shapely.transform(shapes, lambda points: _warp(points, polygons.crs, target))
    # rasterize lets the last one win: so the file's order is turned round.
    pairs = [
        (shape, int(hit) + 1)
        for shape, hit in zip(shapes[::-1], hits[::-1], strict=True)
        if all(map(math.isfinite, shape.bounds))
    ]
    if pairs:
        rasterize(pairs, out=ids, transform=Affine(*grid.transform), all_touched=False)
    return ids


def _bounds_in(crs: CRS, grid: GeoGrid) -> tuple[float, float, float, float] | None:
    """Return a grid's bounds in another CRS; None without CRS, or where it cannot be projected."""
    if grid.crs is None:
        return None
    try:
        box = transform_bounds(CRS.from_user_input(grid.crs), crs, *grid.bounds(), densify_pts=_EDGE_POINTS)
    except RasterioError:
        return None
    return box if all(map(math.isfinite, box)) else None


def _warp(points: NDArray[np.float64], source: CRS, target: CRS) -> NDArray[np.float64]:
    xs, ys = warp_points(source, target, points[:, 0], points[:, 1])
    return np.column_stack([xs, ys])
