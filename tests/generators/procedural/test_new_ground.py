"""Ground that events changed: farms of panels, car parks, and borders that nobody built."""

from __future__ import annotations

import json

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.place import COVER_IDS
from diachron.core.sample import Snapshot
from diachron.core.scene import Footprint
from diachron.core.streams import stream
from diachron.generators import procedural
from diachron.generators.procedural.borders import FARTHEST_M
from diachron.generators.procedural.state import state_in
from tests.generators.procedural.place import SUN, place, request, scene_of

# On the lawn of the place, of 96 m and 0.5 m: south of the street and west of the field, houses left out.
BOX = (slice(116, 188), slice(4, 128))
PANELS = {"pitch_m": 6.0, "width_m": 3.0, "along_deg": 0.0}


@pytest.fixture(scope="module")
def world():
    model, state = place(trees=False)
    return model, state, scene_of(model, state)


def changed(state, surface, process, parameters):
    """Return the state after the lawn of `BOX` has become another ground, and the log."""
    lawn = (state.instances[BOX] == 0) & (state.surface[BOX] == hub.GRASS)
    ground = state.surface.copy()
    ground[BOX][lawn] = surface
    event = ChangeEvent(
        1, process, process, "built", 1.0, 0, Cover(0, hub.GRASS), Cover(0, surface),
        Footprint(BOX[0].start, BOX[1].start, lawn), float(lawn.sum()) / 4, parameters=parameters,
    )  # fmt: skip
    return Snapshot(2.0, ground, state.instances, state.objects), EventLog((event,))


def painted(scene, target, log):
    asked = request(scene, target, log)
    params = procedural.draw(stream(0, 0, "render"), asked)
    return procedural.paint(asked, json.loads(json.dumps(params)))


@pytest.mark.parametrize(
    ("surface", "process", "parameters"),
    [
        (hub.DEVELOPED, "solar_farm", {"panels": PANELS}),
        (hub.DEVELOPED, "parking", {}),
        (hub.BARE, "clearance", {}),
    ],
)
def test_bytes_outside_edit_stay_and_inside_are_those_of_the_whole_picture(
    world, surface, process, parameters
):
    model, state, scene = world
    target, log = changed(state, surface, process, parameters)
    picture = painted(scene, target, log)
    assert picture.image[:, ~picture.edit].tobytes() == scene.image[:, ~picture.edit].tobytes()
    whole = procedural.picture_of(
        model, target, sun_azimuth_deg=SUN[0], sun_elevation_deg=SUN[1], bands=scene.bands, dtype="uint8",
        full_scale=255.0, log=log,
    )  # fmt: skip
    off = np.abs(picture.image.astype(int) - whole).max(axis=0)
    assert (off > 2).mean() < 0.001


def test_a_solar_farm_is_rows_of_dark_panels_with_green_between(world):
    _, state, scene = world
    target, log = changed(state, hub.DEVELOPED, "solar_farm", {"panels": PANELS})
    picture = painted(scene, target, log)
    inside = target.surface != state.surface
    red, green, blue, nir = (band.astype(float) for band in picture.image)
    module = inside & (nir < 1.15 * red) & (blue >= 0.9 * red)
    grown = inside & (nir > 1.4 * red)
    # Rows of 3 m every 6 m would be half of the ground; what has no room for a whole table stays free.
    assert 0.12 < module.sum() / inside.sum() < 0.5
    assert grown.sum() / inside.sum() > 0.2
    assert green[module].mean() < 0.8 * scene.image[1][inside].mean()
    # Along a row nothing changes, across rows the pitch comes back.
    profile = module[BOX].mean(axis=1) - module[BOX].mean()
    # 72 rows, made 720 by zeros: the strongest of 20 and more waves in them is the pitch.
    power = np.abs(np.fft.rfft(profile, 720))
    waves = 20 + int(power[20:].argmax())
    assert 0.5 * 720 / waves == pytest.approx(PANELS["pitch_m"], rel=0.1)


def test_tables_stand_at_the_same_place_in_every_window(world):
    model, state, _ = world
    target, log = changed(state, hub.DEVELOPED, "solar_farm", {"panels": PANELS})
    places = []
    for box in ((slice(0, 192), slice(0, 192)), (slice(110, 192), slice(2, 140))):
        part = state_in(model, target, log, box)
        (farm,) = part.farms
        places.append({(round(r + part.frame.top), round(c + part.frame.left)) for r, c in zip(
            farm.row, farm.col, strict=True)})  # fmt: skip
    assert places[0] == places[1]
    assert len(places[0]) > 20


def test_panels_wait_for_their_time(world):
    model, state, _ = world
    target, log = changed(state, hub.DEVELOPED, "solar_farm", {"panels": PANELS})
    early = Snapshot(0.5, state.surface, state.instances, state.objects)
    box = (slice(0, 192), slice(0, 192))
    assert state_in(model, early, log, box).farms == ()
    assert state_in(model, target, log, box).farms != ()


def test_a_car_park_is_asphalt_with_white_lines(world):
    model, state, scene = world
    target, log = changed(state, hub.DEVELOPED, "parking", {})
    part = state_in(model, target, log, (slice(0, 192), slice(0, 192)))
    inside = np.repeat(np.repeat(target.surface != state.surface, 2, axis=0), 2, axis=1)
    assert (part.cover[inside] == COVER_IDS["asphalt"]).all()
    # The piece is 62 x 36 m: bays lie across its longer side, cars along them.
    assert np.minimum(part.direction_deg[inside], 180.0 - part.direction_deg[inside]).max() < 25.0
    picture = painted(scene, target, log)
    lot = picture.image[:3, target.surface != state.surface].astype(float)
    ground = np.median(lot)
    assert np.ptp(np.median(lot, axis=1)) < 0.15 * ground
    assert (lot.min(axis=0) > 1.25 * ground).mean() > 0.03


def test_grass_reaches_into_bare_ground_unevenly_and_nothing_beyond_it(world):
    model, state, _ = world
    target, log = changed(state, hub.BARE, "clearance", {})
    part = state_in(model, target, log, (slice(0, 192), slice(0, 192)))
    inside = np.repeat(np.repeat(target.surface != state.surface, 2, axis=0), 2, axis=1)
    left = inside & (part.cover == model.cover)
    assert 0.005 < left.sum() / inside.sum() < 0.08
    assert (part.cover == model.cover)[~inside].all()
    # Along the straight western rim the depth of what is left differs from row to row.
    rim = left[2 * BOX[0].start + 12 : 2 * BOX[0].stop - 12, 2 * BOX[1].start :]
    depth = np.argmin(rim, axis=1) * part.frame.step_m
    assert depth.std() > 0.2
    assert depth.max() <= FARTHEST_M


def test_kerbs_stay_straight(world):
    model, state, _ = world
    target, log = changed(state, hub.DEVELOPED, "parking", {})
    part = state_in(model, target, log, (slice(0, 192), slice(0, 192)))
    inside = np.repeat(np.repeat(target.surface != state.surface, 2, axis=0), 2, axis=1)
    assert not (inside & (part.cover == model.cover)).any()
