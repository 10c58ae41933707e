"""Fields in the picture: rows of a real field, turned."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.sample import RenderRequest
from diachron.core.scene import Footprint, Scene
from diachron.generators import copy_paste
from diachron.simulators.preparation import prepare
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene

PARCEL = Footprint(10, 62, np.ones((30, 30), bool))


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Grass on the right, and on the left a field whose rows run down."""
    rng = np.random.default_rng(0)
    bare = prepare(raw_scene(World(rows=100, cols=100, seed=1, road=False, water=False, ignored=False)))
    rows = 100 + 40 * np.sin(np.arange(100) * 2 * math.pi / 6)
    image = np.where(np.arange(100) < 55, rows, 90.0) + rng.normal(0, 3, (3, 100, 100))
    surface = np.where(np.arange(100) < 55, hub.CROP, hub.GRASS) * np.ones((100, 1))
    return dataclasses.replace(
        bare,
        image=image.astype(np.uint8),
        surface=surface.astype(np.uint8),
        instances=np.zeros_like(bare.instances),
        objects={},
        sun=None,
    )


def painted(scene: Scene, rows_deg: float) -> np.ndarray:
    event = ChangeEvent(
        id=1,
        process="fields",
        kind="field change",
        phase="turned over",
        time_years=1.0,
        object_id=0,
        before=Cover(0, hub.GRASS),
        after=Cover(0, hub.CROP),
        footprint=PARCEL,
        area_m2=900.0,
        parameters={"rows_deg": rows_deg},
    )
    log = EventLog((event,))
    state = snapshot(scene, log, time_years=2.0, anchor_years=0.0)
    picture = copy_paste.paint(RenderRequest(scene, state, log, {scene.source: scene}), {"texture_seed": 1})
    assert np.count_nonzero(picture.edit) == 900
    return picture.image[:, 13:37, 65:89].astype(float).mean(axis=0)


@pytest.mark.parametrize(("rows_deg", "axis"), [(0.0, 0), (90.0, 1)])
def test_rows_run_along_the_parcel(scene, rows_deg, axis):
    inside = painted(scene, rows_deg)
    # Brightness changes across the rows: down the picture where they run to the right.
    steps = [np.abs(np.diff(inside, axis=k)).mean() for k in (0, 1)]
    assert steps[axis] > 2.5 * steps[1 - axis]


def test_rows_keep_their_contrast(scene):
    assert painted(scene, 0.0).std() > 0.7 * scene.image[:, :, :50].astype(float).mean(axis=0).std()
