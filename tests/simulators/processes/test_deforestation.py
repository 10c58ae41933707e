"""Fronts and pits: parts of like area, one after the other outwards, each with the last as its cause."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.core.scene import Scene
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import deforestation, quarry
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=3, scheme="hub", many=True)))


def distances(events: Sequence[ChangeEvent]) -> list[float]:
    """Return how far the parts lie from the middle of the first, on average."""
    places = [np.argwhere(e.footprint.mask) + np.array([e.footprint.row, e.footprint.col]) for e in events]
    return [float(np.hypot(*(part - places[0].mean(axis=0)).T).mean()) for part in places]


@pytest.mark.parametrize("step", ["forward", "backward"])
def test_strips_follow_each_other_in_time_and_in_space(scene, step):
    given = deforestation.Parameters(area_m2=500.0, steps=4.0, step_years=0.5)
    outcome = getattr(deforestation, step)(
        np.random.default_rng(1), Site(scene, survey(scene), needs_pixels=True), [3.0], given
    )
    events = outcome.events
    assert len(events) == 4
    assert events[0].causes == ()
    whole = np.zeros(scene.grid.shape, int)
    for before, after in pairwise(events):
        assert after.causes == (before.id,)
        assert after.time_years == pytest.approx(before.time_years + 0.5)
    for event in events:
        assert event.before.surface == hub.TREE
        whole[event.footprint.window] += event.footprint.mask
    assert whole.max() == 1
    assert np.ptp([event.area_m2 for event in events]) <= 1.0
    # The first strip is the one at the edge of the ground that is cleared, and the others lie around it.
    kind = scene.surface[events[0].footprint.window][events[0].footprint.mask][0]
    inside = ndimage.distance_transform_edt(scene.surface == kind)
    assert inside[events[0].footprint.window][events[0].footprint.mask].min() <= deforestation.EDGE_M
    assert distances(events) == sorted(distances(events))
    assert (events[-1] if step == "backward" else events[0]).time_years == pytest.approx(3.0)


@pytest.mark.parametrize("step", ["forward", "backward"])
def test_a_pit_grows_outwards(scene, step):
    given = quarry.Parameters(area_m2=300.0, steps=3.0, years=2.0)
    outcome = getattr(quarry, step)(
        np.random.default_rng(4), Site(scene, survey(scene), needs_pixels=True), [4.0, 4.5], given
    )
    events = outcome.events[:3]
    assert [event.phase for event in events] == ["opened", "grown", "grown"]
    assert {event.after.surface for event in events} == {hub.BARE}
    assert distances(events) == sorted(distances(events))
