"""Only buildings count where the judge knows no other change; the pictures stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.errors import LabelError
from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.schemes import schema_named
from diachron.evaluation.zero_shot.building_target import BuildingTarget
from tests.pairs import Listed, bright_squares

SCHEME = schema_named("hub")
GRASS, BUILDING = SCHEME.draws[hub.GRASS], SCHEME.draws[hub.BUILDING]
CROP = SCHEME.draws[hub.CROP]


def pair() -> LabelledPair:
    """Return five columns: same, built, gone, field, replaced; the last row is unknown."""
    before = np.array([GRASS, GRASS, BUILDING, GRASS, BUILDING], np.uint8)
    after = np.array([GRASS, BUILDING, GRASS, CROP, BUILDING], np.uint8)
    change = np.tile(np.array([0, 1, 1, 1, 1], np.uint8), (3, 1))
    change[2] = UNKNOWN
    picture = np.zeros((3, 3, 5), np.uint8)
    return LabelledPair(
        "five",
        picture,
        picture + 1,
        255.0,
        0.5,
        change,
        np.tile(before, (3, 1)),
        np.tile(after, (3, 1)),
        SCHEME,
    )


def test_what_is_a_building_at_neither_date_counts_as_unchanged():
    given = pair()
    found = BuildingTarget(Listed([given]))
    assert len(found) == 1 and found.name == "listed"
    for made in (found[0], next(iter(found))):
        np.testing.assert_array_equal(made.change[:2], [[0, 1, 1, 0, 1]] * 2)
        assert (made.change[2] == UNKNOWN).all() and made.change.dtype == np.uint8
        assert made.t1 is given.t1 and made.t2 is given.t2
    assert (given.change[:2, 3] == 1).all()


def test_pairs_without_label_maps_are_refused():
    with pytest.raises(LabelError, match="pair_0: has no label maps"):
        BuildingTarget(bright_squares(1))[0]
    with pytest.raises(LabelError, match="use a set that has them"):
        BuildingTarget(Listed([replace(pair(), schema=None)]))[0]
