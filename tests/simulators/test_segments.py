"""Things in pictures without labels: bright boxes on grass, at any gsd, and nothing where nothing stands."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from diachron.pipelines.sources import SourceOptions, discover
from diachron.simulators.segments import LARGEST_M2, SMALLEST_M2, find_things

RGB = ("red", "green", "blue")
GRASS = (0.33, 0.42, 0.25)
ROOF = (0.75, 0.7, 0.66)


def meadow(seed: int, shape: tuple[int, int] = (160, 160)) -> NDArray[np.float32]:
    """Return (3, H, W) grass with noise."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.02, (1, *shape))
    return (np.asarray(GRASS)[:, None, None] + noise).clip(0, 1).astype(np.float32)


def with_box(picture: NDArray[np.float32], box: tuple[int, int, int, int], colour=ROOF) -> None:
    row, col, rows, cols = box
    patch = picture[:, row : row + rows, col : col + cols]
    patch += np.asarray(colour, np.float32)[:, None, None] - np.asarray(GRASS, np.float32)[:, None, None]


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return np.count_nonzero(one & other) / max(1, np.count_nonzero(one | other))


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 99),
    sides=st.lists(st.tuples(st.integers(14, 34), st.integers(14, 34)), min_size=1, max_size=4),
)
def test_bright_boxes_on_grass_are_the_things(seed, sides):
    picture = meadow(seed)
    truth = np.zeros(picture.shape[1:], bool)
    for (rows, cols), (top, left) in zip(sides, ((20, 20), (20, 95), (95, 20), (95, 95)), strict=False):
        with_box(picture, (top, left, rows, cols))
        truth[top : top + rows, left : left + cols] = True
    things = find_things(picture, RGB, 0.6)
    assert ndimage.label(things)[1] == len(sides)
    assert overlap(things, truth) > 0.85


def test_the_same_picture_gives_the_same_things_and_is_not_changed():
    picture = meadow(1)
    with_box(picture, (40, 50, 25, 20))
    before = picture.copy()
    first = find_things(picture, RGB, 0.6)
    np.testing.assert_array_equal(first, find_things(picture, RGB, 0.6))
    np.testing.assert_array_equal(picture, before)
    assert first.any()


def test_sizes_are_in_metres():
    picture = meadow(2)
    with_box(picture, (40, 50, 25, 20))
    coarse = find_things(picture, RGB, 0.6)
    fine = find_things(picture.repeat(2, axis=1).repeat(2, axis=2), RGB, 0.3)
    np.testing.assert_array_equal(fine, coarse.repeat(2, axis=0).repeat(2, axis=1))
    # The same pixels are a kennel at 0.2 m and a field at 5 m.
    assert SMALLEST_M2 > 25 * 20 * 0.2**2
    assert LARGEST_M2 < 25 * 20 * 5.0**2
    assert not find_things(picture, RGB, 0.2).any()
    assert not find_things(picture, RGB, 5.0).any()


@pytest.mark.parametrize(
    ("box", "colour"),
    [
        ((40, 10, 8, 140), ROOF),  # a road
        ((40, 40, 30, 30), (0.15, 0.19, 0.11)),  # a shadow
        ((40, 40, 30, 30), (0.45, 0.62, 0.3)),  # a brighter lawn
    ],
    ids=["road", "shadow", "lawn"],
)
def test_what_is_no_thing(box, colour):
    picture = meadow(3)
    with_box(picture, box, colour)
    assert not find_things(picture, RGB, 0.6).any()


def test_nothing_is_found_beside_pixels_without_data():
    picture = meadow(4)
    with_box(picture, (40, 50, 25, 20))
    with_box(picture, (100, 50, 25, 20))
    void = np.zeros(picture.shape[1:], bool)
    void[:42] = True
    picture[:, :42] = np.nan
    things = find_things(picture, RGB, 0.6, void)
    assert not things[:90].any()
    assert things[110, 60]
    assert not find_things(picture, RGB, 0.6, np.ones_like(void)).any()
    assert not find_things(np.full((3, 30, 30), 0.4, np.float32), RGB, 0.6).any()


def test_one_band_is_enough():
    picture = meadow(5)
    with_box(picture, (40, 50, 25, 20))
    truth = np.zeros(picture.shape[1:], bool)
    truth[40:65, 50:70] = True
    assert overlap(find_things(picture[:1], ("band1",), 0.6), truth) > 0.85


def test_things_in_a_real_town_are_mostly_roofs():
    folder = os.environ.get("DIACHRON_DATA")
    if not folder or not Path(folder, "oam_kampala").is_dir():
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    source = discover(SourceOptions(source=str(Path(folder, "oam_kampala"))))
    hits = found = roofs = pixels = 0
    for unit in source.units(512):
        raw = source.read(unit)
        things = find_things(raw.image / np.float32(raw.full_scale), raw.bands, raw.grid.gsd_m, raw.void)
        hits += np.count_nonzero(things & (raw.labels == 1))
        found += np.count_nonzero(things)
        roofs += np.count_nonzero(raw.labels == 1)
        pixels += things.size
    # Twice what chance gives: a quarter of the picture is roof.
    assert hits / found > 2 * roofs / pixels
    assert hits / roofs > 0.4
