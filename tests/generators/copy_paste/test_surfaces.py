"""Changed ground in the picture: it looks like its new kind, and shadows come and go with trees."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.errors import RenderError
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Footprint, Scene
from diachron.generators import copy_paste
from diachron.simulators.preparation import prepare
from diachron.simulators.snapshots import snapshot
from tests.worlds import COLOURS, World, raw_scene

PIECE = Footprint(8, 70, np.ones((22, 24), bool))


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Three strips of ground from left to right: trees, crops, and a lawn for the events."""
    scene = prepare(raw_scene(World(rows=100, cols=120, seed=1, scheme="hub", road=False, water=False)))
    surface = np.select([np.arange(120) < 30, np.arange(120) < 60], [hub.TREE, hub.CROP], hub.GRASS)
    surface = np.where(np.arange(100)[:, None] >= 0, surface, 0).astype(np.uint8)
    rng = np.random.default_rng(0)
    table = np.zeros((3, 256))
    for kind, colour in COLOURS.items():
        table[:, kind] = colour[:3]
    image = 255 * (table[:, surface] + rng.normal(0, 0.02, (3, 100, 120)))
    return dataclasses.replace(
        scene, image=np.clip(image, 1, 254).astype(np.uint8), surface=surface,
        instances=np.zeros_like(scene.instances), objects={},
    )  # fmt: skip


def painted(scene: Scene, before: int, after: int, piece: Footprint = PIECE, **parameters: Any) -> Painted:
    event = ChangeEvent(
        1, "class_transition", "class transition", "changed", 1.0, 0, Cover(0, before), Cover(0, after),
        piece, float(piece.pixels), parameters={"border_m": 1.0, **parameters},
    )  # fmt: skip
    log = EventLog((event,))
    state = snapshot(scene, log, time_years=2.0, anchor_years=0.0)
    return copy_paste.paint(RenderRequest(scene, state, log, {scene.source: scene}), {"texture_seed": 3})


@pytest.mark.parametrize("kind", [hub.TREE, hub.CROP])
def test_new_ground_has_the_colours_of_its_kind(scene, kind):
    picture = painted(scene, hub.GRASS, kind)
    inside = picture.image[:, 12:26, 74:90].astype(float)
    there = scene.image[:, scene.surface == kind].astype(float)
    np.testing.assert_allclose(inside.mean(axis=(1, 2)), there.mean(axis=1), rtol=0.06)
    # Real ground keeps its grain: nothing is smeared or levelled.
    assert inside.std() > 0.7 * there.std()


def test_the_border_lies_within_the_footprint(scene):
    picture = painted(scene, hub.GRASS, hub.CROP, border_m=3.0)
    own = np.zeros(scene.grid.shape, bool)
    own[PIECE.window] = PIECE.mask
    np.testing.assert_array_equal(picture.edit, own)
    assert picture.effects == {}
    off = np.abs(picture.image.astype(int) - scene.image).mean(axis=0)
    depth = ndimage.distance_transform_edt(own)
    assert off[own & (depth <= 1)].mean() < 0.8 * off[depth > 4].mean()


def test_trees_cast_a_shadow_beside_them_and_take_it_along(scene):
    assert scene.sun is not None
    sun = dataclasses.replace(scene.sun, shadow_row=0.0, shadow_col=1.0, shadow_length_m=8.0)
    lit = dataclasses.replace(scene, sun=sun)
    planted = painted(lit, hub.GRASS, hub.TREE)
    shade = (slice(12, 26), slice(95, 98))
    assert planted.image[(slice(None), *shade)].mean() < 0.7 * lit.image[(slice(None), *shade)].mean()
    assert set(planted.effects) == {"new shadow"}
    # The other way round: a wood that darkens the lawn beside it is felled.
    wooded = dataclasses.replace(
        lit,
        surface=np.where(np.isin(np.arange(120), range(70, 94)), hub.TREE, lit.surface).astype(np.uint8),
        image=np.where(
            np.isin(np.arange(120), range(94, 99)), np.asarray(sun.contrast)[:3, None, None] * lit.image,
            lit.image,
        ).astype(np.uint8),
    )  # fmt: skip
    felled = painted(wooded, hub.TREE, hub.GRASS)
    assert felled.image[(slice(None), *shade)].mean() > 1.5 * wooded.image[(slice(None), *shade)].mean()
    assert set(felled.effects) == {"removed shadow"}


def test_parts_side_by_side_have_no_border_between_them(scene):
    halves = [Footprint(8, 70, np.ones((22, 12), bool)), Footprint(8, 82, np.ones((22, 12), bool))]
    log = EventLog(
        tuple(
            ChangeEvent(
                number, "quarry", "quarry", "grown", float(number), 0, Cover(0, hub.GRASS),
                Cover(0, hub.CROP), half, 264.0, parameters={"border_m": 4.0},
            )
            for number, half in enumerate(halves, 1)
        )
    )  # fmt: skip
    state = snapshot(scene, log, time_years=5.0, anchor_years=0.0)
    picture = copy_paste.paint(
        RenderRequest(scene, state, log, {scene.source: scene}), {"texture_seed": 3}
    ).image.astype(float)
    seam, inside = picture[:, 14:24, 80:84], picture[:, 14:24, 75:79]
    np.testing.assert_allclose(seam.mean(axis=(1, 2)), inside.mean(axis=(1, 2)), rtol=0.08)


def test_panels_stand_in_rows_of_their_pitch_and_direction(scene):
    panels = {"pitch_m": 6.0, "width_m": 3.0, "along_deg": 0.0}
    rows = painted(scene, hub.GRASS, hub.DEVELOPED, panels=panels).image[:, 10:28, 74:90].mean(axis=(0, 2))
    spectrum = np.abs(np.fft.rfft(rows - rows.mean()))
    assert int(spectrum.argmax()) == 3, "18 metres hold three rows"
    panels["along_deg"] = 90.0
    across = painted(scene, hub.GRASS, hub.DEVELOPED, panels=panels).image[:, 10:28, 73:91].mean(axis=(0, 1))
    assert int(np.abs(np.fft.rfft(across - across.mean())).argmax()) == 3


def test_paving_that_no_picture_shows_is_made_and_other_ground_is_refused(scene):
    paved = painted(scene, hub.GRASS, hub.DEVELOPED).image[:, 12:26, 74:90].astype(float)
    means = paved.mean(axis=(1, 2))
    assert np.ptp(means) < np.ptp(scene.image[:, scene.surface == hub.GRASS].mean(axis=1)), "it is greyer"
    with pytest.raises(RenderError, match=r"no clear ground of 8 x 8 pixels to paint snow with"):
        painted(scene, hub.GRASS, hub.SNOW)
