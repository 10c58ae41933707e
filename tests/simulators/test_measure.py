"""The measure by which pieces are cut: its nearest pixels are those that sorting all of them gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.simulators.measure import Measure
from tests.worlds import seeds

BOX = (slice(10, 74), slice(30, 121))


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds(),
    count=st.integers(1, 900),
    elongation=st.floats(1.0, 4.0),
    straight=st.booleans(),
    rough=st.floats(0.0, 0.5),
    share=st.floats(0.3, 1.0),
)
def test_the_nearest_are_those_of_a_sorted_list(seed, count, elongation, straight, rough, share):
    rng = np.random.default_rng(seed)
    mask = rng.random((64, 91)) < share
    at = int(rng.integers(10, 74)), int(rng.integers(30, 121))
    along_deg = float(rng.uniform(0, 180))
    measure = Measure(rng, BOX, at, along_deg, elongation, straight, rough, 3.0)
    found, box = measure.nearest(mask, count)
    rows, cols = mask.nonzero()
    distance = measure.at(rows + 10, cols + 30)
    bound = np.sort(distance)[count - 1]
    expected = np.zeros(mask.shape, bool)
    expected[rows, cols] = distance <= bound
    whole = np.zeros((120, 160), bool)
    whole[box] = found
    np.testing.assert_array_equal(whole[BOX], expected)
    assert whole.sum() == expected.sum()
    for axis, side, outer in zip((1, 0), box, BOX, strict=True):
        ends = found.any(axis=axis)
        assert not ends[0] or side.start == outer.start
        assert not ends[-1] or side.stop == outer.stop
