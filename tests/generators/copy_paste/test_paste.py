"""A pasted house has the edges, the blur and the noise of the picture; its yard comes where there is room."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.grid import GeoGrid
from diachron.core.motion import Motion
from diachron.core.optics import edge_blur_px, noise_of
from diachron.core.sample import Painted, RenderRequest, Snapshot
from diachron.core.scene import Footprint, Scene, SceneObject, Sun
from diachron.core.schemes import schema_named
from diachron.generators import copy_paste

ROWS, COLS, SIDE, YARD = 96, 192, 24, 12
HOUSE = SceneObject(1, hub.BUILDING, Footprint(36, 30, np.ones((SIDE, SIDE), bool)))
# A drive beside the house, and what lies beyond the yard.
DRIVE = slice(40, 48), slice(54, 64)
AWAY = 100


def place(*, blur_px: float = 0.8, noise: float = 1.0, seed: int = 0, sun: Sun | None = None) -> Scene:
    """Return even bare ground with a house and its pale drive on the left."""
    image = np.full((3, ROWS, COLS), 110.0)
    image[:, HOUSE.footprint.window[0], HOUSE.footprint.window[1]] = 190.0
    image[:, DRIVE[0], DRIVE[1]] = 150.0
    image = ndimage.gaussian_filter(image, (0, blur_px, blur_px))
    image += noise * np.random.default_rng(seed).standard_normal(image.shape)
    instances = np.zeros((ROWS, COLS), np.int32)
    instances[HOUSE.footprint.window] = HOUSE.id
    return Scene(
        image=np.rint(image).astype(np.uint8),
        bands=("red", "green", "blue"),
        full_scale=255.0,
        nodata=None,
        surface=np.full((ROWS, COLS), hub.BARE, np.uint8),
        instances=instances,
        objects={HOUSE.id: HOUSE},
        height_m=None,
        grid=GeoGrid.plain((ROWS, COLS), 0.5),
        labels=np.zeros((ROWS, COLS), np.uint8),
        schema=schema_named("openearthmap"),
        sun=sun,
        source=f"place{seed}",
    )


def pasted(
    scene: Scene, *, donor: Scene | None = None, margin_m: float | None = None, height_m: float | None = None
) -> tuple[Painted, SceneObject]:
    """Return the picture with the donor's house put up `AWAY` pixels to the right of its own place."""
    donor = donor or scene
    source = HOUSE.footprint
    new = SceneObject(9, hub.BUILDING, Footprint(source.row, source.col + AWAY, source.mask), height_m)
    motion = Motion(float(source.row), float(source.col), float(source.row), float(source.col + AWAY))
    record: dict[str, object] = {"donor_scene": donor.source, "donor_object": 1, "motion": motion.to_json()}
    if margin_m is not None:
        record["parcel_margin_m"] = margin_m
    event = ChangeEvent(
        id=1,
        process="construction",
        kind="construction",
        phase="built",
        time_years=1.0,
        object_id=new.id,
        before=Cover(0, None),
        after=Cover(new.id, None),
        footprint=new.footprint,
        area_m2=new.footprint.pixels * 0.25,
        new_object=new,
        parameters=record,
    )
    instances = scene.instances.copy()
    instances[new.footprint.window][new.footprint.mask] = new.id
    target = Snapshot(2.0, scene.surface, instances, {**scene.objects, new.id: new})
    donors = {scene.source: scene, donor.source: donor}
    request = RenderRequest(scene, target, EventLog((event,)), donors)
    return copy_paste.paint(request, copy_paste.draw(np.random.default_rng(0), request)), new


def around(entry: SceneObject, margin: int) -> tuple[slice, slice]:
    rows, cols = entry.footprint.window
    return slice(rows.start - margin, rows.stop + margin), slice(cols.start - margin, cols.stop + margin)


@pytest.mark.parametrize("blur_px", [0.5, 0.8, 1.1])
def test_a_new_roof_s_edges_are_as_wide_as_the_picture_s(blur_px):
    scene = place(blur_px=blur_px)
    picture, new = pasted(scene)
    found = []
    for image, entry in ((scene.image, HOUSE), (picture.image, new)):
        window = around(entry, 6)
        bright = image[:, window[0], window[1]].mean(axis=0).astype(np.float32)
        near = np.zeros(bright.shape, bool)
        near[3:-3, 3:-3] = True
        near[10:-10, 10:-10] = False
        found.append(edge_blur_px(bright, near))
    assert found[1] == pytest.approx(found[0], abs=0.2)


def test_a_sharper_donor_is_blurred_to_the_picture_and_gets_its_noise():
    scene, donor = place(blur_px=1.2, noise=4.0), place(blur_px=0.5, noise=1.0, seed=1)
    rough = donor.image.astype(np.float64)
    rough[:, 44:52:2, 38:46] += 30.0
    donor = dataclasses.replace(donor, image=np.clip(np.rint(rough), 0, 255).astype(np.uint8))
    picture, new = pasted(scene, donor=donor)
    inside = tuple(slice(s.start + 9, s.stop - 9) for s in new.footprint.window)
    roof = picture.image[:, inside[0], inside[1]].astype(np.float64)
    # Of rows 2 pixels apart, a Gaussian of 0.9 leaves exp(-(pi 0.9)^2 / 2), 2 %; chance is 1.6 (4 sigma).
    rows = roof.mean(axis=(0, 2))
    assert abs(rows[::2].mean() - rows[1::2].mean()) < 3.0
    own = noise_of(scene.image, np.zeros((ROWS, COLS), bool), 255.0)
    window = around(new, -4)
    grain = np.diff(picture.image[:, window[0], window[1]].astype(np.float64), n=2, axis=2)[:, :4]
    found = np.abs(grain).mean() * np.sqrt(np.pi / 2) / np.sqrt(6)
    assert found == pytest.approx(np.mean(own), rel=0.3)


def test_a_house_without_its_yard_leaves_the_ground_alone_but_for_its_edge():
    scene = place()
    picture, new = pasted(scene)
    assert set(picture.effects) == {"roof edge"}
    window = around(new, 3)
    allowed = np.zeros((ROWS, COLS), bool)
    allowed[window] = True
    assert not (picture.edit & ~allowed).any()


def test_a_yard_comes_with_what_lies_in_it():
    scene = place()
    alone, _ = pasted(scene)
    picture, new = pasted(scene, margin_m=6.0)
    assert picture.effects["parcel"] > 200
    drive = DRIVE[0], slice(DRIVE[1].start + 2 + AWAY, DRIVE[1].start + 6 + AWAY)
    assert picture.image[:, drive[0], drive[1]].mean() > 130
    assert alone.image[:, drive[0], drive[1]].mean() < 120
    # No more than the margin of 12 pixels away, and the real edge is kept.
    window = around(new, 12)
    allowed = np.zeros((ROWS, COLS), bool)
    allowed[window] = True
    assert not (picture.edit & ~allowed).any()


@pytest.mark.parametrize("what", ["water", "ignore", "object", "other ground", "shadow"])
def test_a_yard_covers_nothing_but_free_ground_of_its_kind(what):
    scene = place(sun=Sun(0.0, -1.0, 3.0, (0.4, 0.4, 0.4)) if what == "shadow" else None)
    # A strip eight pixels to the right of where the house comes to stand.
    strip = np.zeros((ROWS, COLS), bool)
    strip[:, HOUSE.footprint.col + AWAY + SIDE + 6 :] = True
    surface, instances, objects = scene.surface.copy(), scene.instances.copy(), dict(scene.objects)
    image = scene.image.copy()
    if what in ("water", "ignore", "other ground"):
        surface[strip] = {"water": hub.WATER, "ignore": hub.IGNORE, "other ground": hub.GRASS}[what]
    elif what == "object":
        objects[2] = SceneObject(2, hub.ROAD, Footprint(0, 0, strip))
        instances[strip] = 2
    else:
        image[:, strip] = 30
    scene = dataclasses.replace(
        scene, surface=surface, instances=instances, objects=objects, image=image, source="strip"
    )
    picture, _ = pasted(scene, donor=place(seed=1), margin_m=6.0)
    assert picture.effects["parcel"] > 100
    assert not (picture.edit & strip).any()


def test_a_yard_ends_half_of_the_way_to_the_neighbour_it_had():
    scene = place()
    other = SceneObject(
        2, hub.BUILDING, Footprint(30, HOUSE.footprint.col + SIDE + 8, np.ones((40, 20), bool))
    )
    instances = scene.instances.copy()
    instances[other.footprint.window] = 2
    donor = dataclasses.replace(
        scene, instances=instances, objects={1: HOUSE, 2: other}, source="beside a neighbour"
    )
    picture, new = pasted(scene, donor=donor, margin_m=6.0)
    right = new.footprint.window[1].stop
    assert picture.edit[40:56, right + 2].all()
    assert not picture.edit[40:56, right + 6 :].any()


def test_a_shadow_on_a_lower_roof_is_as_much_shorter_as_that_is_high():
    sun = Sun(0.0, 1.0, 8.0, (0.4, 0.4, 0.4))
    lengths = {}
    for height_m in (None, 0.0, 5.0, 12.0):
        neighbour = SceneObject(
            2,
            hub.BUILDING,
            Footprint(20, HOUSE.footprint.col + AWAY + SIDE + 2, np.ones((60, 30), bool)),
            height_m,
        )
        scene = place(sun=sun)
        image, instances = scene.image.copy(), scene.instances.copy()
        image[:, neighbour.footprint.window[0], neighbour.footprint.window[1]] = 200
        # The donor's own shadow, which tells its length: 16 pixels.
        image[:, 36:60, 54:70] = 44
        instances[neighbour.footprint.window] = 2
        scene = dataclasses.replace(
            scene, image=image, instances=instances, objects={1: HOUSE, 2: neighbour}, source="tall"
        )
        picture, _ = pasted(scene, height_m=10.0)
        start = neighbour.footprint.col
        lengths[height_m] = int(np.count_nonzero(picture.edit[48, start : start + 30]))
    # Unknown and higher roofs receive none; one on the ground all; one of half the height half of all.
    assert lengths[None] == lengths[12.0] == 0
    assert lengths[0.0] - lengths[5.0] == pytest.approx(8, abs=1.5)
    assert lengths[5.0] > 2
