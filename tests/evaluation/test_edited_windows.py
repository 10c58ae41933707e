"""Edited windows are the full-frame label map and change mask, cut to what happened."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core.events import EventLog
from diachron.core.schemes import schema_named
from diachron.core.streams import stream
from diachron.evaluation.testmaps import Place, raw_scene, town
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction, demolition
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import difference, draw_labels, edited_windows, snapshot

# Late constructions are still under way at the end, and early ones are cut by the anchor.
RATES = {
    "construction": (construction, construction.Parameters(rate_per_km2_year=150.0)),
    "demolition": (demolition, demolition.Parameters(rate_per_km2_year=90.0)),
}


@pytest.fixture(scope="module")
def place():
    labels = town(5, side_px=320, houses=25).labels.copy()
    labels[:40, 200:] = 0
    scene = prepare(raw_scene(Place("cut", labels, np.zeros(labels.shape, np.int32))))
    return scene, survey(scene)


@pytest.mark.parametrize("scheme", ["openearthmap", "building", "hub"])
@pytest.mark.parametrize("anchor_years", [0.0, 2.5, 5.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_windows_put_together_are_the_frame(place, scheme, anchor_years, seed):
    scene, terrain = place
    schema = schema_named(scheme)
    log = simulate(
        Site(scene, terrain),
        RATES,
        first_years=0.0,
        last_years=5.0,
        anchor_years=anchor_years,
        stream_of=lambda stage: stream(seed, 0, stage),
    ).log
    assert len(log) > 4
    here = snapshot(scene, log, time_years=anchor_years, anchor_years=anchor_years)
    real = draw_labels(scene, here, log, schema)
    for time_years in (0.0, 5.0):
        state = snapshot(scene, log, time_years=time_years, anchor_years=anchor_years)
        wanted = draw_labels(scene, state, log, schema)
        first, last = ((here, real), (state, wanted))
        whole = difference(
            schema, scene.ignored, log, *((first, last) if time_years >= anchor_years else (last, first))
        )
        labels, owners = real.copy(), np.zeros(real.shape, int)
        for window in edited_windows(scene, log, schema, anchor_years=anchor_years, time_years=time_years):
            labels[window.window] = window.labels
            owners[window.window] += window.change
        np.testing.assert_array_equal(labels, wanted)
        # Disjoint, and together the change.
        np.testing.assert_array_equal(owners, whole.change == 1)


def test_a_plot_that_is_built_on_has_one_window(place):
    scene, terrain = place
    site = Site(scene, terrain)
    outcome = construction.forward(stream(0, 0, "add"), site, [0.1, 0.2, 0.3], construction.Parameters())
    log = EventLog(outcome.events)
    assert outcome.placed > 0
    assert len(log) == 2 * outcome.placed
    windows = edited_windows(scene, log, scene.schema)
    assert [window.event_id for window in windows] == [event.id for event in log if event.phase == "built"]
