"""The event log: order, intervals, records."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.scene import Footprint, SceneObject

MARK = Footprint(2, 3, np.array([[1, 1], [0, 1]], bool))
times = st.floats(-2.0, 8.0) | st.sampled_from((0.0, 1.0, 2.0))


def event(number: int, time_years: float, **more: object) -> ChangeEvent:
    fields: dict[str, object] = {
        "process": "construction", "kind": "construction", "phase": "cleared", "object_id": 4,
        "before": Cover(0, hub.GRASS), "after": Cover(0, hub.BARE), "footprint": MARK, "area_m2": 0.75,
    }  # fmt: skip
    return ChangeEvent(id=number, time_years=time_years, **{**fields, **more})


@st.composite
def logs(draw: st.DrawFn) -> EventLog:
    drawn = draw(st.lists(times, max_size=8))
    order = draw(st.permutations(range(len(drawn))))
    return EventLog(tuple(event(number + 1, drawn[number]) for number in order))


@given(logs())
def test_a_log_is_in_order_of_time_then_id(log):
    keys = [(entry.time_years, entry.id) for entry in log]
    assert keys == sorted(keys)
    assert len(log) == len(keys)
    if keys:
        assert log[0].id == keys[0][1]


@given(logs(), times, times)
def test_between_leaves_the_start_out_and_takes_the_end_in(log, start, end):
    expected = [entry.id for entry in log if start < entry.time_years <= end]
    assert [entry.id for entry in log.between(start, end)] == expected


@given(logs(), st.lists(times, min_size=2, max_size=5).map(sorted))
def test_intervals_that_meet_share_no_event_and_lose_none(log, cuts):
    parts = [log.between(a, b) for a, b in pairwise(cuts)]
    assert [e.id for part in parts for e in part] == [e.id for e in log.between(cuts[0], cuts[-1])]


def test_two_events_of_one_id_are_refused():
    with pytest.raises(ValueError, match="same id"):
        EventLog((event(1, 0.5), event(1, 1.5)))


@given(logs())
def test_a_log_comes_back_from_its_record(log):
    record = json.loads(json.dumps(log.to_json(), allow_nan=False))
    assert EventLog.from_json(record).to_json() == record


def test_every_field_of_an_event_comes_back():
    house = SceneObject(4, hub.BUILDING, MARK, 6.5)
    there = event(
        2,
        1.25,
        phase="built",
        before=Cover(0, None),
        after=Cover(4, None),
        new_object=house,
        parameters={"donor_scene": "tile", "motion": {"turn_deg": 90.0}},
        causes=(1,),
    )
    (back,) = EventLog.from_json(json.loads(json.dumps(EventLog((there,)).to_json())))
    for name in ("id", "process", "kind", "phase", "time_years", "object_id", "before", "after", "area_m2"):
        assert getattr(back, name) == getattr(there, name)
    assert (back.parameters, back.causes) == (there.parameters, there.causes)
    assert (back.footprint.row, back.footprint.col) == (2, 3)
    np.testing.assert_array_equal(back.footprint.mask, MARK.mask)
    assert back.new_object is not None
    assert (back.new_object.id, back.new_object.object_class, back.new_object.height_m) == (
        4,
        hub.BUILDING,
        6.5,
    )
    np.testing.assert_array_equal(back.new_object.footprint.mask, MARK.mask)


def test_ground_of_hub_id_zero_is_not_taken_for_as_it_was():
    (back,) = EventLog.from_json(EventLog((event(1, 0.0, before=Cover(0, 0)),)).to_json())
    assert back.before == Cover(0, 0)
