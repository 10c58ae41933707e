"""The surface under every pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diachron.core import hub
from diachron.simulators.ground import estimate_ground, fill_under_objects

NONE = np.zeros((20, 20), bool)


def house_on(surface: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (surface with a hole, ids) with a house in the middle."""
    ids = np.zeros(surface.shape, np.int32)
    ids[6:14, 6:14] = 3
    return np.where(ids > 0, hub.IGNORE, surface).astype(np.uint8), ids


def test_a_house_stands_on_the_ground_around_it():
    surface, ids = house_on(np.full((20, 20), hub.GRASS))
    assert (fill_under_objects(surface, ids, NONE, estimated=False) == hub.GRASS).all()


def test_a_house_stands_on_one_ground_that_of_most_of_its_pixels():
    around = np.full((20, 20), hub.GRASS)
    around[:, :8] = hub.BARE
    surface, ids = house_on(around)
    assert (fill_under_objects(surface, ids, NONE, estimated=False)[ids > 0] == hub.GRASS).all()


@pytest.mark.parametrize("closed", [hub.WATER, hub.IGNORE])
def test_water_and_ignore_never_spread_under_a_house(closed):
    around = np.full((20, 20), closed)
    around[:, 19] = hub.CROP
    surface, ids = house_on(around)
    filled = fill_under_objects(surface, ids, NONE, estimated=False)
    assert (filled[ids > 0] == hub.CROP).all()
    np.testing.assert_array_equal(filled[ids == 0], surface[ids == 0])


@pytest.mark.parametrize("closed", [hub.WATER, hub.IGNORE])
def test_where_there_is_no_open_ground_at_all_it_is_bare(closed):
    surface, ids = house_on(np.full((20, 20), closed))
    assert (fill_under_objects(surface, ids, NONE, estimated=False)[ids > 0] == hub.BARE).all()


def test_a_road_lies_on_the_nearest_ground_pixel_by_pixel():
    surface = np.full((20, 20), hub.GRASS, np.uint8)
    surface[:, 10:] = hub.BARE
    ids = np.zeros((20, 20), np.int32)
    ids[9:12] = 1
    surface[ids > 0] = hub.IGNORE
    filled = fill_under_objects(surface, ids, ids > 0, estimated=False)
    assert (filled[9:12, :10] == hub.GRASS).all()
    assert (filled[9:12, 10:] == hub.BARE).all()


@settings(max_examples=60)
@given(
    hnp.arrays(np.uint8, (9, 11), elements=st.sampled_from((0, *hub.SURFACES))),
    hnp.arrays(np.int32, (9, 11), elements=st.sampled_from((0, 0, 1, 2, 5))),
    st.booleans(),
)
def test_open_ground_stays_and_every_object_gets_ground(surface, ids, estimated):
    surface = np.where(ids > 0, hub.IGNORE, surface).astype(np.uint8)
    kept = surface.copy()
    filled = fill_under_objects(surface, ids, np.zeros(ids.shape, bool), estimated=estimated)
    np.testing.assert_array_equal(surface, kept)
    np.testing.assert_array_equal(filled[ids == 0], surface[ids == 0])
    assert filled.dtype == np.uint8
    for number in set(np.unique(ids).tolist()) - {0}:
        kinds = set(np.unique(filled[ids == number]).tolist())
        assert len(kinds) == 1
        assert not kinds & {hub.IGNORE, hub.WATER}


def picture(red: float, green: float, blue: float, side: int = 60) -> np.ndarray:
    grain = 0.02 * np.random.default_rng(0).standard_normal((3, side, side))
    return (np.array([red, green, blue])[:, None, None] + grain).astype(np.float32)


@pytest.mark.parametrize(
    ("colour", "kind"),
    [((0.35, 0.5, 0.28), hub.GRASS), ((0.6, 0.47, 0.36), hub.BARE), ((0.45, 0.45, 0.46), hub.DEVELOPED)],
)
def test_ground_is_told_by_its_colour_among_others(colour, kind):
    unit = picture(0.5, 0.45, 0.36)
    unit[:, 15:45, 15:45] = picture(*colour, side=30)
    ground = estimate_ground(unit, ("red", "green", "blue"), 1.0, np.zeros((60, 60), bool))
    assert np.mean(ground[20:40, 20:40] == kind) > 0.9


@pytest.mark.parametrize("bands", [("band1",), ("red", "nir"), ("band1", "band2", "band3")])
def test_without_three_colours_all_ground_is_bare(bands):
    unit = np.full((len(bands), 12, 12), 0.4, np.float32)
    assert (estimate_ground(unit, bands, 1.0, np.zeros((12, 12), bool)) == hub.BARE).all()


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from((0.1, 0.3, 1.0, 2.0)), st.integers(0, 99))
def test_any_size_of_picture_has_ground_at_every_pixel(rows, cols, gsd_m, seed):
    unit = np.random.default_rng(seed).random((3, rows, cols), np.float32)
    buildings = np.random.default_rng(seed).random((rows, cols)) < 0.2
    ground = estimate_ground(unit, ("red", "green", "blue"), gsd_m, buildings)
    assert ground.shape == (rows, cols)
    assert set(np.unique(ground)) <= set(hub.SURFACES)
