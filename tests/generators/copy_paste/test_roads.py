"""Roads in the picture: as the scene's own road across, and one without labelled roads grey."""

from __future__ import annotations

import numpy as np

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.sample import RenderRequest
from diachron.core.scene import Scene
from diachron.generators import copy_paste
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import roads
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import COLOURS, World, raw_scene


def painted(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Return (picture, pixels of new roads)."""
    site = Site(scene, survey(scene))
    outcome = roads.forward(np.random.default_rng(2), site, [1.0] * 4, roads.Parameters(width_m=5.0))
    log = EventLog(outcome.events)
    assert len(log) > 0
    state = snapshot(scene, log, time_years=2.0, anchor_years=0.0)
    picture = copy_paste.paint(RenderRequest(scene, state, log, {scene.source: scene}), {"texture_seed": 1})
    new = np.zeros(scene.grid.shape, bool)
    for event in log:
        new[event.footprint.window] |= event.footprint.mask
    assert (picture.edit == new).all()
    return picture.image, new


def test_a_new_road_has_the_level_of_the_old_one():
    scene = prepare(raw_scene(World(rows=120, cols=120, seed=4, sun_azimuth_deg=None)))
    image, new = painted(scene)
    level = np.median(image[:, new], axis=1)
    np.testing.assert_allclose(level, 255.0 * np.asarray(COLOURS[hub.ROAD][:3]), atol=12)


def test_markings_stay_in_the_middle():
    raw = raw_scene(World(rows=120, cols=120, seed=4, sun_azimuth_deg=None))
    middle = raw.labels.shape[0] // 2
    raw.image[:, middle] = 250
    image, new = painted(prepare(raw))
    bright = image[:3].mean(axis=0)
    white = new & (bright > 200)
    # A fifth of a road of five pixels, less where it was resampled and at its ends.
    assert 0.05 < np.count_nonzero(white) / np.count_nonzero(new) < 0.4


def test_without_roads_a_road_is_plain():
    scene = prepare(raw_scene(World(rows=120, cols=120, seed=4, scheme="building", sun_azimuth_deg=None)))
    image, new = painted(scene)
    level = np.median(image[:, new].astype(float), axis=1)
    assert np.ptp(level) < 45
    assert image[:, new].mean(axis=0).std() < scene.image[:, new].mean(axis=0).std()
