"""North on a turned grid: shadows fall where they fall on the ground."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.grid import GeoGrid
from diachron.core.light import shadow_direction
from diachron.simulators.acquisition import another_sun, clouds
from diachron.simulators.acquisition.context import Context
from diachron.simulators.bearing import NORTH_UP, bearing_of
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

GSD_M = 0.5


def turned(degrees: float, *, mirrored: bool = False) -> GeoGrid:
    """Return a grid whose columns run so many degrees clockwise from east."""
    angle = math.radians(degrees)
    a, d = GSD_M * math.cos(angle), -GSD_M * math.sin(angle)
    sign = 1.0 if mirrored else -1.0
    b, e = sign * GSD_M * math.sin(angle), sign * GSD_M * math.cos(angle)
    return GeoGrid((40, 50), (a, b, 500000.0, d, e, 4.6e6), "EPSG:32633", GSD_M)


def on_the_ground(grid: GeoGrid, row: float, col: float) -> np.ndarray:
    """Return a step on the grid in metres to the east and to the north."""
    a, b, _, d, e, _ = grid.transform
    return np.array([a * col + b * row, d * col + e * row])


@given(azimuth=st.floats(0, 360), degrees=st.floats(-180, 180), mirrored=st.booleans())
def test_a_shadow_points_away_from_the_sun_on_any_grid(
    azimuth: float, degrees: float, mirrored: bool
) -> None:
    grid = turned(degrees, mirrored=mirrored)
    row, col = bearing_of(grid).shadow_direction(azimuth)
    east, north = on_the_ground(grid, row, col) / GSD_M
    away = math.radians(azimuth + 180.0)
    np.testing.assert_allclose((east, north), (math.sin(away), math.cos(away)), atol=1e-9)
    back = bearing_of(grid).sun_azimuth_deg(row, col)
    assert math.cos(math.radians(back - azimuth)) == pytest.approx(1.0)


def test_up_is_north_where_nothing_else_is_said() -> None:
    assert bearing_of(turned(0.0)) == NORTH_UP
    assert bearing_of(GeoGrid.plain((10, 10), 1.0)) == NORTH_UP
    assert NORTH_UP.shadow_direction(135.0) == shadow_direction(135.0)


def test_a_quarter_turn() -> None:
    """Columns run south, rows west: the shadow of a sun in the east falls to the west, down the rows."""
    row, col = bearing_of(turned(90.0)).shadow_direction(90.0)
    assert (row, col) == pytest.approx((1.0, 0.0), abs=1e-12)


@pytest.mark.parametrize("degrees", [30.0, -75.0, 160.0])
def test_a_stated_sun_shades_a_turned_tile_as_the_ground(degrees: float) -> None:
    raw = raw_scene(World(rows=40, cols=50, gsd_m=GSD_M, sun_azimuth_deg=None))
    raw = dataclasses.replace(raw, grid=turned(degrees), sun_azimuth_deg=150.0, sun_elevation_deg=45.0)
    sun = prepare(raw).sun
    assert sun is not None
    east, north = on_the_ground(raw.grid, sun.shadow_row, sun.shadow_col) / GSD_M
    np.testing.assert_allclose((east, north), (-0.5, math.sqrt(0.75)), atol=1e-9)


@pytest.mark.parametrize("step", [another_sun, clouds])
def test_steps_turn_with_the_grid(step: object) -> None:
    """The same draw on a turned grid is the same way on the ground."""
    ways = []
    for grid in (turned(0.0), turned(33.0)):
        context = Context(("red", "green", "blue"), GSD_M, latitude_deg=45.0, bearing=bearing_of(grid))
        record = step.draw(np.random.default_rng(4), step.Parameters(chance=1.0), context)  # type: ignore[attr-defined]
        ways.append(on_the_ground(grid, *record["shadow_px"]))
    np.testing.assert_allclose(ways[0], ways[1], atol=1e-3)
    assert np.hypot(*ways[0]) > 0.1
