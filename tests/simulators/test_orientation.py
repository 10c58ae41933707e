"""Which way walls run, modulo a quarter turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.grid import GeoGrid
from diachron.core.scene import RawScene
from diachron.core.schemes import schema_named
from diachron.simulators.orientation import (
    at,
    orientation_deg,
    orientation_field,
    quarter_turn_difference,
    wall_vectors,
)
from diachron.simulators.preparation import prepare


def turned_house(angle_deg: float, side: int = 64, length: float = 26.0, width: float = 16.0) -> np.ndarray:
    """Return a mask of a house whose length runs at an angle from the column axis towards the row axis."""
    row, col = np.mgrid[:side, :side].astype(float) - side / 2
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return (np.abs(col * c + row * s) <= length / 2) & (np.abs(row * c - col * s) <= width / 2)


def apart(a_deg: float, b_deg: float) -> float:
    return abs((a_deg - b_deg + 45.0) % 90.0 - 45.0)


@pytest.mark.parametrize("angle_deg", range(0, 180, 10))
def test_a_house_reads_as_it_was_turned(angle_deg):
    labels = turned_house(angle_deg).astype(np.uint8)
    scene = prepare(
        RawScene(
            image=np.full((3, 64, 64), 120, np.uint8), bands=("red", "green", "blue"), full_scale=255.0,
            nodata=None, grid=GeoGrid.plain((64, 64), 0.5), labels=labels, schema=schema_named("building"),
            footprints=None, void=np.zeros((64, 64), bool), source="house",
        )
    )  # fmt: skip
    (house,) = scene.objects.values()
    assert house.orientation_deg is not None
    assert 0.0 <= house.orientation_deg < 90.0
    assert apart(house.orientation_deg, angle_deg) <= 2.0


@pytest.mark.parametrize("angle_deg", [0.0, 20.0, 65.0])
def test_the_neighbourhood_runs_as_its_houses_do(angle_deg):
    field = orientation_field(wall_vectors(turned_house(angle_deg)), 0.5)
    assert field.shape == (16, 16)
    for row, col in ((32, 32), (20, 40), (0, 0), (63, 63)):
        local = at(field, row, col)
        assert local is not None
        assert apart(local, angle_deg) <= 3.0


def test_nothing_has_no_direction():
    field = orientation_field(wall_vectors(np.zeros((40, 44), bool)), 0.5)
    assert at(field, 10, 10) is None
    assert orientation_deg(0j) is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 9), (5, 4), (64, 2)])
def test_small_pictures_have_a_field_too(shape):
    field = orientation_field(wall_vectors(np.zeros(shape, bool)), 0.5)
    assert at(field, shape[0] - 1, shape[1] - 1) is None


@given(st.floats(-720, 720), st.floats(-720, 720))
def test_the_turn_between_directions_is_the_smallest(a_deg, b_deg):
    turn = quarter_turn_difference(a_deg, b_deg)
    assert -45.0 <= turn <= 45.0
    # Turned by it, a is b up to quarter turns.
    assert apart(a_deg + turn, b_deg) == pytest.approx(0.0, abs=1e-6)
