"""Two votes on change: hand-made towns at two dates, one case a rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from diachron.core.errors import GridError, RecipeError
from diachron.pipelines.labelling.change_events import Rules, building_change

BUILDING, GROUND, UNSURE = 0, 3, 255
PUBLISHED = Rules(smallest_m2=0.0, overlap=0.0, part_m=None)


def town(*houses: tuple[int, int, int, int], value: int = BUILDING) -> NDArray[np.uint8]:
    """Return open ground with boxes of (first row, first column, rows, columns)."""
    labels = np.full((60, 60), GROUND, np.uint8)
    for row, col, rows, cols in houses:
        labels[row : row + rows, col : col + cols] = value
    return labels


def box(row: int, col: int, rows: int, cols: int) -> NDArray[np.bool_]:
    """Return where one box lies."""
    return town((row, col, rows, cols)) == BUILDING


def test_new_and_lost_houses_are_change_and_standing_ones_are_not() -> None:
    stays, gone, new = (5, 5, 10, 10), (30, 5, 12, 12), (30, 35, 14, 10)
    change = building_change(town(stays, gone), town(stays, new), 1.0)
    np.testing.assert_array_equal(change == 1, box(*gone) | box(*new))
    assert not (change == 255).any()


@pytest.mark.parametrize("rules", [PUBLISHED, Rules()])
def test_an_outline_that_is_drawn_wider_is_no_change(rules: Rules) -> None:
    change = building_change(town((20, 20, 12, 12)), town((19, 18, 14, 15)), 1.0, rules)
    assert not change.any()


def test_a_new_house_that_touches_an_old_one_is_lost_as_published_and_found_here() -> None:
    old, new = (20, 10, 12, 12), (20, 22, 12, 12)
    before, after = town(old), town(old, new)
    assert not building_change(before, after, 1.0, PUBLISHED).any()
    np.testing.assert_array_equal(building_change(before, after, 1.0) == 1, box(*new))
    # Half of the pixels a metre, and the part is too narrow to be a house.
    assert not building_change(before, after, 0.25, Rules(smallest_m2=0.0)).any()


def test_a_house_may_share_a_few_pixels_with_its_neighbour_of_the_other_date() -> None:
    # 4 of 144 pixels: a neighbour drawn one pixel too far.
    before, after = town((8, 22, 12, 1), (20, 22, 4, 1)), town((20, 22, 12, 12))
    assert not building_change(before, after, 1.0, PUBLISHED)[box(20, 22, 12, 12)].any()
    found = building_change(before, after, 1.0, Rules(part_m=None, smallest_m2=0.0))
    assert (found == 1).sum() == 144 - 4


def test_what_one_date_is_not_sure_of_is_unknown() -> None:
    house = (20, 20, 10, 10)
    before = town((20, 20, 10, 3), value=UNSURE)
    change = building_change(before, town(house), 1.0)
    np.testing.assert_array_equal(change == 255, box(20, 20, 10, 3))
    np.testing.assert_array_equal(change == 1, box(20, 23, 10, 7))


def test_a_house_on_ground_that_is_mostly_unsure_is_unknown_whole() -> None:
    house = (20, 20, 10, 10)
    before = town((20, 20, 10, 6), value=UNSURE)
    for pair in ((before, town(house)), (town(house), before)):
        np.testing.assert_array_equal(building_change(*pair, 1.0) == 255, box(*house))


def test_a_speck_is_unknown_and_not_a_house() -> None:
    speck = (30, 30, 3, 4)
    change = building_change(town(), town(speck), 1.0)
    np.testing.assert_array_equal(change == 255, box(*speck))
    np.testing.assert_array_equal(building_change(town(), town(speck), 2.0) == 1, box(*speck))


def test_a_part_at_the_edge_of_the_picture_is_measured_inside_it() -> None:
    old, strip = (0, 0, 20, 20), (20, 0, 2, 20)
    assert not building_change(town(old), town(old, strip), 1.0).any()


def test_other_changes_of_the_ground_are_not_asked_for() -> None:
    assert not building_change(town((5, 5, 20, 20), value=2), town((5, 5, 20, 20), value=4), 1.0).any()


MAPS = arrays(np.uint8, (12, 12), elements=st.sampled_from([BUILDING, GROUND, UNSURE]))


@settings(max_examples=60, deadline=None)
@given(MAPS, MAPS)
def test_order_of_the_dates_has_no_meaning_and_unsure_pixels_are_unknown(
    t1: NDArray[np.uint8], t2: NDArray[np.uint8]
) -> None:
    change = building_change(t1, t2, 2.0)
    np.testing.assert_array_equal(change, building_change(t2, t1, 2.0))
    assert (change[(t1 == UNSURE) | (t2 == UNSURE)] == 255).all()
    assert not change[(t1 == GROUND) & (t2 == GROUND)].any()
    assert ((t1 == BUILDING) ^ (t2 == BUILDING))[change == 1].all()
    assert not building_change(t1, t1, 2.0)[t1 != UNSURE].any()


def test_maps_of_two_sizes_and_rules_out_of_range_are_refused() -> None:
    with pytest.raises(GridError, match="t1 has 60 x 60 pixels, that of t2 30 x 60"):
        building_change(town(), town()[:30], 1.0)
    with pytest.raises(RecipeError, match="overlap"):
        Rules(overlap=1.5)
