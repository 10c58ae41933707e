"""Pixels of polygons and discs, against a test of every pixel centre."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from diachron.simulators.worlds.raster import PixelGrid, disc_spans, polygon_spans, ring_spans

GRID = PixelGrid(-7, 12, (30, 34), 0.5)


def centres(grid: PixelGrid) -> np.ndarray:
    x, y = np.meshgrid(grid.x_m, grid.y_m)
    return shapely.points(x, y)


def painted(spans) -> np.ndarray:
    raster = np.zeros(GRID.shape, np.int32)
    spans.paint(raster, np.arange(1, 9, dtype=np.int32))
    return raster


corner = st.tuples(st.floats(2.0, 28.0), st.floats(-8.0, 16.0))


@given(st.lists(corner, min_size=3, max_size=7))
def test_a_convex_polygon_covers_the_centres_in_it(points):
    hull = shapely.MultiPoint(points).convex_hull
    if hull.geom_type != "Polygon" or hull.area < 0.01:
        return
    ring = np.array(hull.exterior.coords)[:-1]
    got = painted(polygon_spans([ring], GRID)) > 0
    expected = shapely.contains(hull, centres(GRID))
    on_rim = shapely.distance(hull.exterior, centres(GRID)) < 1e-9
    assert (got == expected)[~on_rim].all()


def test_a_hole_stays_open():
    outer = np.array([[7.0, -2.0], [17.0, -2.0], [17.0, 8.0], [7.0, 8.0]])
    inner = np.array([[10.1, 1.1], [14.1, 1.1], [14.1, 5.1], [10.1, 5.1]])
    got = painted(ring_spans([outer, inner], np.array([0, 0]), GRID)) > 0
    assert got.sum() == (20 * 20) - (8 * 8)


def test_shared_edges_belong_to_one_side():
    left = np.array([[7.0, -2.0], [11.3, -2.0], [10.2, 8.0], [7.0, 8.0]])
    right = np.array([[11.3, -2.0], [16.0, -2.0], [16.0, 8.0], [10.2, 8.0]])
    one, other = (painted(polygon_spans([ring], GRID)) > 0 for ring in (left, right))
    assert not (one & other).any()
    assert (one | other).sum() == 18 * 20


def test_later_polygons_cover_earlier_ones():
    ring = np.array([[7.0, -2.0], [11.0, -2.0], [11.0, 2.0], [7.0, 2.0]])
    assert set(np.unique(painted(polygon_spans([ring, ring + 1.0], GRID)))) == {0, 1, 2}
    assert painted(polygon_spans([ring, ring], GRID)).max() == 2


@given(st.floats(4.0, 24.0), st.floats(-6.0, 14.0), st.floats(0.05, 6.0))
def test_a_disc_covers_the_centres_in_it(x, y, radius):
    got = painted(disc_spans(np.array([x]), np.array([y]), np.array([radius]), GRID)) > 0
    away = shapely.distance(shapely.Point(x, y), centres(GRID))
    sure = np.abs(away - radius) > 1e-9
    assert (got == (away < radius))[sure].all()
