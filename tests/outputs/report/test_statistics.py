"""Counts and figures over all samples agree with the records."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diachron.outputs.report import charts
from diachron.outputs.report.page import spread
from diachron.outputs.report.statistics import gather


def test_statistics_are_those_of_the_records(package, event, picture):
    made = package(n=5)
    built = event(2, 4, 4, 6, 10)  # 60 px of 0.25 m²
    cleared = built | {"id": 1, "phase": "cleared", "visible_px": 0, "visible_m2": 0.0}
    gone = event(3, 20, 20, 4, 4, kind="demolition")
    made.add(0, [picture(0), picture(1)], [cleared, built])
    made.add(3, [picture(2), picture(3)], [gone], split="val", licence=None)
    found = gather(
        made.open(
            {"sample": 1, "source": "a.tif", "reason": "no_texture", "detail": ""},
            {"sample": 3, "source": "a.tif", "reason": "filtered", "detail": "refused once, done later"},
            {"sample": None, "source": "b.tif", "reason": "unreadable", "detail": ""},
        )
    )
    assert (found.planned, found.done, found.refused, found.missing) == (5, 2, 1, 2)
    assert list(found.change_share) == [60 / 48**2, 16 / 48**2]
    assert found.area_m2 == 2 * 48**2 * 0.25
    assert found.changed_m2 == 76 * 0.25
    assert found.events == {("construction", "built"): 1, ("demolition", "demolished"): 1}
    assert found.hidden_events == 1
    assert {kind: list(sizes) for kind, sizes in found.sizes_m2.items()} == {
        "construction": [15.0],
        "demolition": [4.0],
    }
    assert found.class_pixels[0] == {0: 2 * 48**2 - 16, 1: 16}
    assert found.class_pixels[1] == {0: 2 * 48**2 - 60, 1: 60}
    assert found.transitions == {(0, 1): 76}
    assert found.processes["construction"].why == {"no_room": 2}
    assert found.splits == {"train": 1, "val": 1}
    assert found.licences == {"CC-BY-4.0": 1, "not stated": 1}
    assert found.refusals["unreadable"].sources == 1
    assert found.refusals["no_texture"].samples == 1


def test_no_pixel_is_read(package, event, picture):
    made = package()
    made.add(0, [picture(0), picture(1)], [event(1, 4, 4, 6, 6)])
    for raster in made.root.glob("samples/*/*/*.tif"):
        raster.unlink()
    assert gather(made.open()).done == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123, "0.0123"),
        (1.5, "1.5"),
        (12.34, "12.3"),
        (123456, "123,456"),
        (-2.5, "−2.5"),
        (100.0, "100"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert charts.number(value) == text


def test_a_tiny_share_is_not_called_none():
    assert charts.percent(0) == "0 %"
    assert charts.percent(1e-6) == "< 0.01 %"
    assert charts.percent(0.0321) == "3.21 %"


@given(st.floats(1e-6, 1e9))
def test_ticks_are_few_even_and_cover_the_top(top):
    marks = charts.ticks(top)
    assert marks[0] == 0
    assert marks[-1] >= top * (1 - 1e-6)
    assert 2 <= len(marks) <= 6
    np.testing.assert_allclose(np.diff(marks), marks[1])


@given(st.lists(st.floats(0, 1), max_size=40))
@example([1e-9])
def test_every_sample_is_in_one_bar_of_the_share_histogram(shares):
    chart = charts.share_histogram("c", "Change", shares, label="Changed", what="samples")
    assert sum(int(count.replace(",", "")) for _, count in chart.rows) == len(shares)
    assert int(chart.rows[0][1]) == sum(share == 0 for share in shares)
    for bar in chart.bars:
        assert bar.x >= 0 and bar.x + bar.width <= charts.WIDTH
        assert bar.height >= 0 and bar.y + bar.height <= chart.height


@given(
    st.dictionaries(
        st.sampled_from(["construction", "demolition"]), st.lists(st.floats(0.01, 1e7), min_size=1)
    )
)
def test_every_object_is_in_one_bar_of_the_size_histogram(sizes):
    chart = charts.size_histogram("s", "Sizes", sizes, dict.fromkeys(sizes, "s0"))
    for column, kind in enumerate(sizes, start=1):
        assert sum(int(row[column]) for row in chart.rows) == len(sizes[kind])
    assert all(math.isfinite(bar.x + bar.y + bar.width + bar.height) for bar in chart.bars)


@given(st.integers(0, 300), st.integers(0, 40))
def test_shown_samples_are_spread_evenly(count, limit):
    ids = list(range(0, 3 * count, 3))
    shown = spread(ids, limit)
    assert len(shown) == min(limit, count)
    assert len(set(shown)) == len(shown) and set(shown) <= set(ids)
    if 2 <= limit <= count:
        assert shown[0] == ids[0] and shown[-1] == ids[-1]
        gaps = np.diff(shown)
        assert gaps.max() - gaps.min() <= 3
