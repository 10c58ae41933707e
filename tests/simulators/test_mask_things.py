"""Proposed masks become things: of fitting size and shape, apart from each other, the best first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from diachron.core.scene import Footprint
from diachron.simulators.mask_things import Proposal, things_of
from diachron.simulators.segments import LARGEST_M2, SMALLEST_M2

BANDS = ("red", "green", "blue")
SHAPE = (80, 90)


def box(row: int, col: int, rows: int, cols: int, score: float = 0.95) -> Proposal:
    return Proposal(score, Footprint(row, col, np.ones((rows, cols), bool)))


def things(*proposals: Proposal, gsd_m: float = 1.0, picture: np.ndarray | None = None, void=None):
    unit = np.full((3, *SHAPE), 0.5, np.float32) if picture is None else picture
    return things_of(proposals, unit, BANDS, gsd_m, np.zeros(SHAPE, bool) if void is None else void)


def test_a_house_is_a_thing_and_keeps_its_pixels():
    ids = things(box(10, 20, 12, 15))
    expected = np.zeros(SHAPE, np.int32)
    expected[10:22, 20:35] = 1
    np.testing.assert_array_equal(ids, expected)


@pytest.mark.parametrize(
    "proposal",
    [
        box(5, 5, 6, 6), box(0, 0, 75, 75), box(5, 5, 3, 30), box(5, 5, 10, 60),
        Proposal(0.99, Footprint(10, 10, np.tri(30, dtype=bool))),
    ],
    ids=["small", "large", "narrow", "long", "ragged"],
)  # fmt: skip
def test_what_has_no_size_or_shape_of_a_thing_is_none(proposal):
    assert not things(proposal).any()


def test_the_better_of_two_views_stays_and_neighbours_stay_apart():
    roof, house_and_yard = box(20, 20, 14, 16, 0.97), box(16, 16, 24, 26, 0.9)
    np.testing.assert_array_equal(things(roof, house_and_yard), things(roof))
    assert np.count_nonzero(things(box(20, 20, 14, 16, 0.8), box(16, 16, 24, 26, 0.9))) == 24 * 26
    row_houses = things(box(20, 20, 14, 16, 0.97), box(20, 36, 14, 16, 0.9))
    assert ndimage.label(row_houses > 0)[1] == 2
    assert [np.count_nonzero(row_houses == n) for n in (1, 2)] == [14 * 16, 14 * 15]


def test_holes_are_filled_and_green_dark_or_empty_ground_is_no_thing():
    courtyard = np.ones((16, 16), bool)
    courtyard[6:9, 6:9] = False
    assert np.count_nonzero(things(Proposal(0.9, Footprint(4, 4, courtyard)))) == 256
    lawn = np.full((3, *SHAPE), 0.5, np.float32)
    lawn[[0, 2], 10:30, 10:30] = 0.3
    assert not things(box(10, 10, 20, 20), picture=lawn).any()
    shadow = np.full((3, *SHAPE), 0.5, np.float32)
    shadow[:, 10:30, 10:30] = 0.05
    assert not things(box(10, 10, 20, 20), picture=shadow).any()
    void = np.zeros(SHAPE, bool)
    void[:, :10] = True
    assert not things(box(10, 10, 20, 20), void=void).any()
    assert things(box(10, 11, 20, 20), void=void).any()


@given(seed=st.integers(0, 2**20), count=st.integers(0, 40), gsd_m=st.sampled_from((0.5, 0.8, 1.0)))
def test_things_are_apart_of_fitting_size_and_independent_of_the_order(seed, count, gsd_m):
    rng = np.random.default_rng(seed)
    proposals = []
    for _ in range(count):
        row, col = rng.integers(0, (60, 70)).tolist()
        rows, cols = rng.integers(3, 20, 2).tolist()
        mask = rng.random((rows, cols)) < rng.choice([0.8, 1.0])
        mask[0, 0] = True
        proposals.append(Proposal(float(rng.choice([0.9, 0.92, 0.97])), Footprint(row, col, mask)))
    ids = things(*proposals, gsd_m=gsd_m)
    pieces, total = ndimage.label(ids > 0)
    assert total == ids.max()
    for number in range(1, total + 1):
        assert np.unique(pieces[ids == number]).size == 1
        area_m2 = np.count_nonzero(ids == number) * gsd_m**2
        assert SMALLEST_M2 <= area_m2 <= LARGEST_M2
    shuffled = [proposals[k] for k in rng.permutation(count)]
    distinct = {(p.score, p.footprint.row, p.footprint.col) for p in proposals}
    if len(distinct) == count:
        np.testing.assert_array_equal(things(*shuffled, gsd_m=gsd_m), ids)
