"""Grids: windows, bounds, areas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import GridError
from diachron.core.grid import GeoGrid

UTM = GeoGrid((100, 200), (0.5, 0.0, 1000.0, 0.0, -0.5, 8000.0), "EPSG:32645", 0.5)
# A grid turned by a quarter: columns run north, rows run east.
TURNED = GeoGrid((100, 200), (0.0, 2.0, 10.0, 2.0, 0.0, 20.0), None, 2.0)


def place_of(grid: GeoGrid, row: float, col: float) -> tuple[float, float]:
    a, b, c, d, e, f = grid.transform
    return a * col + b * row + c, d * col + e * row + f


def test_bounds_are_left_bottom_right_top():
    # 200 columns and 100 rows of half a metre.
    assert UTM.bounds() == (1000.0, 7950.0, 1100.0, 8000.0)


def test_bounds_of_a_turned_grid_hold_all_corners():
    assert TURNED.bounds() == (10.0, 20.0, 210.0, 420.0)


def test_areas_are_in_square_metres_and_square_kilometres():
    assert UTM.pixel_area_m2 == 0.25
    assert UTM.area_km2 == pytest.approx(100 * 200 * 0.25 / 1e6)


def test_a_plain_grid_counts_pixels_and_keeps_its_gsd():
    grid = GeoGrid.plain((30, 40), 0.3)
    assert (grid.crs, grid.gsd_m) == (None, 0.3)
    assert grid.bounds() == (0.0, 0.0, 40.0, 30.0)


@given(st.sampled_from((UTM, TURNED)), st.integers(0, 99), st.integers(0, 199), st.data())
def test_a_pixel_of_a_window_lies_where_it_lay_in_the_whole(grid, row, col, data):
    rows = data.draw(st.integers(1, 100 - row))
    cols = data.draw(st.integers(1, 200 - col))
    part = grid.window(row, col, rows, cols)
    assert part.shape == (rows, cols)
    assert (part.crs, part.gsd_m) == (grid.crs, grid.gsd_m)
    for r, c in ((0, 0), (rows, cols)):
        assert place_of(part, r, c) == pytest.approx(place_of(grid, row + r, col + c))
    left, bottom, right, top = grid.bounds()
    inner = part.bounds()
    assert left <= inner[0] <= inner[2] <= right
    assert bottom <= inner[1] <= inner[3] <= top


@pytest.mark.parametrize("window", [(-1, 0, 5, 5), (0, -1, 5, 5), (96, 0, 5, 5), (0, 196, 5, 5)])
def test_a_window_that_leaves_the_grid_is_refused(window):
    row, col = window[:2]
    with pytest.raises(GridError, match=rf"row {row}, col {col}, 5 x 5.*\(100, 200\)"):
        UTM.window(*window)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5,)])
def test_a_grid_without_pixels_is_refused(shape):
    with pytest.raises(GridError, match="at least one row and one column"):
        GeoGrid.plain(shape, 1.0)


@pytest.mark.parametrize("gsd_m", [0.0, -0.5, float("nan"), float("inf")])
def test_a_gsd_that_is_no_length_is_refused(gsd_m):
    with pytest.raises(GridError, match=r"positive length in metres, got .*--gsd"):
        GeoGrid.plain((4, 4), gsd_m)
