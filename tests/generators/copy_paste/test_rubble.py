"""Cleared blocks in the picture: no house is left, and rubble lies there as far as it is drawn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from diachron.core.events import EventLog
from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Scene
from diachron.generators import copy_paste
from diachron.generators.copy_paste.edits import plan_edits
from diachron.generators.copy_paste.rubble import _soft_rim, _with_rubble
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import clearance
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene

WORLD = World(rows=96, cols=96, seed=4)


def request(scene: Scene, rubble: float) -> RenderRequest:
    parameters = clearance.Parameters(least_buildings=2, area_m2=2500.0, rubble=rubble)
    outcome = clearance.forward(np.random.default_rng(3), Site(scene, survey(scene)), [1.0], parameters)
    log = EventLog(outcome.events)
    state = snapshot(scene, log, time_years=2.0, anchor_years=0.0)
    return RenderRequest(scene, state, log, {scene.source: scene})


def painted(asked: RenderRequest) -> Painted:
    return copy_paste.paint(asked, {"texture_seed": 5})


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(WORLD))


def test_a_block_is_planned_once_with_all_its_houses(scene):
    asked = request(scene, 1.0)
    edits = plan_edits(asked)
    (block,) = edits.blocks
    assert len(block.removed) == len(asked.log) - 1
    assert not (edits.removed or edits.cleared or edits.added)


def test_no_house_is_left(scene):
    asked = request(scene, 1.0)
    picture = painted(asked)
    (block,) = plan_edits(asked).blocks
    ground = asked.log[0].footprint
    rows, cols = ground.window
    around = [image[:, rows, cols][:, ground.mask].mean(axis=1) for image in (scene.image, picture.image)]
    for entry in block.removed:
        box, mask = entry.footprint.window, entry.footprint.mask
        # Rubble has a level of its own, between bare ground and roofs: houses do not stand out from it.
        off = [
            np.abs(image[:, box[0], box[1]][:, mask].mean(axis=1) - level).max()
            for image, level in zip((scene.image, picture.image), around, strict=True)
        ]
        assert off[1] < 0.5 * off[0]
        assert picture.edit[box][mask].all()


def test_rubble_is_rougher_than_swept_ground(scene):
    rough, swept = (painted(request(scene, share)).image.astype(float) for share in (1.0, 0.0))
    ground = request(scene, 1.0).log[0].footprint
    box, mask = ground.window, ground.mask
    spread = [image[:3, box[0], box[1]].mean(axis=0)[mask].std() for image in (rough, swept)]
    assert spread[0] > 1.2 * spread[1]


def test_a_flat_picture_stays_in_range_in_every_dtype():
    for dtype, bands in (("uint16", 4), ("float32", 1)):
        scene = prepare(raw_scene(dataclasses.replace(WORLD, dtype=dtype, bands=bands)))
        picture = painted(request(scene, 1.0))
        assert picture.image.dtype == np.dtype(dtype)
        values = picture.image[:, picture.edit].astype(float) / scene.full_scale
        assert values.min() >= 0
        assert values.max() <= 1.1


def test_rubble_of_a_fine_picture_is_no_scatter_of_single_pixels():
    fine = prepare(raw_scene(dataclasses.replace(WORLD, gsd_m=0.25)))
    asked = request(fine, 1.0)
    block = asked.log[0].footprint
    grey = painted(asked).image[:3, block.window[0], block.window[1]].astype(float).mean(axis=0)
    beside = block.mask[:, 1:] & block.mask[:, :-1]
    step = np.abs(np.diff(grey, axis=1))[beside].mean()
    # Of pixels that know nothing of each other it would be 1.13 of their spread.
    assert step < 0.8 * grey[block.mask].std()


def test_new_ground_goes_over_into_old_ground_and_not_into_single_lit_pixels():
    before, after = np.zeros((1, 40, 40), np.float32), np.ones((1, 40, 40), np.float32)
    beyond = np.zeros((40, 40), bool)
    beyond[:, :8] = True
    hole = ~beyond
    rng = np.random.default_rng(0)
    joined = _soft_rim(rng, before, after, beyond, (hole, hole), 6.0)[0]
    assert joined[:, 8].mean() < 0.4
    assert np.all(joined[:, 38:] == 1.0)
    rows, cols = np.indices(hole.shape)
    specks = hole & ((rows + cols) % 2 == 0)
    assert np.all(_soft_rim(rng, before, after, beyond, (hole, specks), 6.0) == 1.0)


def test_rubble_goes_on_to_the_wall_beyond_the_block():
    rng = np.random.default_rng(0)
    picture = rng.uniform(60, 200, (3, 40, 40)).astype(np.float32)
    bare = np.full_like(picture, 150.0)
    own, gone = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    own[8:32, 8:28], gone[12:28, 12:24] = True, True
    covered = own.copy()
    covered[8:32, 28:31] = True
    found = _with_rubble(np.random.default_rng(1), picture, bare, (own, covered), gone, 1.0, 0.5)
    assert np.array_equal(found[:, ~covered], bare[:, ~covered])
    rim = covered & ~own
    assert found[:, rim].std() > 0.5 * found[:, own].std()
