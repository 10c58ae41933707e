"""Replacements: two linked events, another id and another footprint on the same plot."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import replacement
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=150, cols=150, seed=2, scheme="hub", ignored=False)))


@pytest.mark.parametrize("step", ["forward", "backward"])
def test_a_demolition_is_the_cause_of_what_is_built_there(scene, step):
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=True)
    given = replacement.Parameters(size=(0.8, 1.4), gap_m=2.0)
    times = [2.0, 2.5, 3.0, 3.5]
    events = getattr(replacement, step)(np.random.default_rng(1), site, times, given).events
    assert events
    for goes, comes in zip(events[::2], events[1::2], strict=True):
        assert (goes.kind, comes.kind, comes.causes) == ("demolition", "construction", (goes.id,))
        assert goes.time_years <= comes.time_years
        assert goes.object_id != comes.object_id
        assert {goes.new_object.object_class, comes.new_object.object_class} == {hub.BUILDING}
        standing, made = (goes, comes) if step == "forward" else (comes, goes)
        assert standing.object_id in scene.objects
        assert made.object_id not in scene.objects
        old, new = (np.zeros(scene.grid.shape, bool) for _ in range(2))
        old[standing.footprint.window] = standing.footprint.mask
        new[made.footprint.window] = made.footprint.mask
        assert (old & new).any(), "the plot is the same"
        assert (old ^ new).any()
        others = (scene.instances > 0) & ~old
        assert ndimage.distance_transform_edt(~others)[new].min() > 2.0
