"""Heights of a snapshot follow its events: wings, trees, what goes and what comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.scene import Footprint, Scene
from diachron.simulators.preparation import prepare
from diachron.simulators.snapshots import USUAL_TREE_M, snapshot
from tests.worlds import World, raw_scene


def place() -> tuple[Scene, int]:
    """Return a scene with heights, and the id of a house of 5 m in it."""
    scene = prepare(raw_scene(World(rows=64, cols=64, scheme="hub", seed=1)))
    house = next(i for i, entry in scene.objects.items() if entry.object_class == hub.BUILDING)
    heights = np.where(scene.instances > 0, np.float32(5), np.float32(0)).astype(np.float32)
    # A ridge: it has to come back as it was.
    heights[tuple(np.argwhere(scene.instances == house)[0])] = 7
    objects = {**scene.objects, house: replace(scene.objects[house], height_m=5.0)}
    return replace(scene, height_m=heights, objects=objects), house


def heights_at(
    scene: Scene, box: tuple[int, int, int, int], before: Cover, after: Cover, object_id: int, *, years: float
) -> NDArray[np.float32]:
    """Return the heights in a box of ground one year after, or before, the picture."""
    row, col, rows, cols = box
    footprint = Footprint(row, col, np.ones((rows, cols), bool))
    event = ChangeEvent(
        id=1, process="test", kind="test", phase="done", time_years=years / 2, object_id=object_id,
        before=before, after=after, footprint=footprint, area_m2=1.0,
    )  # fmt: skip
    state = snapshot(scene, EventLog((event,)), time_years=years, anchor_years=0.0)
    assert state.height_m is not None
    return state.height_m[footprint.window]


def free_box(scene: Scene) -> tuple[int, int, int, int]:
    """Return three by three pixels on which nothing stands."""
    rows, cols = scene.grid.shape
    return next(
        (row, col, 3, 3)
        for row in range(rows - 3)
        for col in range(cols - 3)
        if not scene.instances[row : row + 3, col : col + 3].any()
    )


def test_a_wing_is_as_high_as_its_house() -> None:
    scene, house = place()
    found = heights_at(scene, free_box(scene), Cover(0, hub.GRASS), Cover(house), house, years=1.0)
    assert (found == 5).all()


def test_a_house_whose_height_is_not_stated_lends_its_mean() -> None:
    scene, house = place()
    # The wing takes in the pixel of the ridge, so the house shows in the window.
    row, col = np.argwhere(scene.instances == house)[0].tolist()
    scene = replace(scene, objects={**scene.objects, house: replace(scene.objects[house], height_m=None)})
    found = heights_at(scene, (row, col, 1, 1), Cover(house), Cover(house), house, years=1.0)
    assert found.tolist() == [[7.0]]


@pytest.mark.parametrize("years", [1.0, -1.0])
def test_trees_have_a_height_when_they_come_or_had_one_when_they_went(years: float) -> None:
    scene, _ = place()
    box = free_box(scene)
    covers = (Cover(0, hub.GRASS), Cover(0, hub.TREE))
    before, after = covers if years > 0 else covers[::-1]
    trees = (scene.surface == hub.TREE) & (scene.instances == 0)
    assert not trees.any()
    assert (heights_at(scene, box, before, after, 0, years=years) == USUAL_TREE_M).all()
    surface = scene.surface.copy()
    surface[-3:, -3:] = hub.TREE
    assert scene.height_m is not None
    heights = scene.height_m.copy()
    heights[(surface == hub.TREE) & (scene.instances == 0)] = 12
    wooded = replace(scene, surface=surface, height_m=heights)
    assert (heights_at(wooded, box, before, after, 0, years=years) == 12).all()


def test_what_goes_leaves_no_height() -> None:
    scene, house = place()
    row, col = np.argwhere(scene.instances == house)[0].tolist()
    found = heights_at(scene, (row, col, 1, 1), Cover(house), Cover(0, hub.BARE), house, years=1.0)
    assert found.tolist() == [[0.0]]
