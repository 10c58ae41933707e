"""What the acquisition layer may know of a sample, and what it leaves on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS

from diachron.core.grid import GeoGrid
from diachron.core.registry import load
from diachron.core.streams import stream
from diachron.outputs.readers import Dataset
from diachron.outputs.validation import validate
from diachron.pipelines.acquiring import acquire, latitude_deg
from diachron.pipelines.recipes import Recipe
from diachron.simulators.acquisition.apply import displacement_of
from diachron.simulators.acquisition.context import Place
from diachron.simulators.acquisition.warp import warp_labels
from diachron.simulators.preparation import prepare
from tests.tiles import call, generation, write_source
from tests.worlds import World, played, raw_scene

PRESETS = (
    "aerial",
    "gf1",
    "gf1_china",
    "google_earth",
    "naip_ca",
    "planetscope",
    "sentinel2",
    "sentinel2_cities",
)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_record_is_the_same_whatever_happened(preset: str) -> None:
    scene = prepare(raw_scene(World(rows=64, cols=64)))
    steps = Recipe(name="x", acquisition={"preset": preset}).acquisition_steps()
    assert steps is not None
    records = []
    for incidents in (0.0, 4.0):
        play = played(scene, seed=1, incidents=incidents)
        images = [scene.image, scene.image]
        done = acquire(
            scene, play.states, images, steps, lambda stage: stream(7, 0, stage), keep_displacement=False
        )
        assert done.drawn is not None
        records.append(json.dumps(done.drawn, allow_nan=False))
        assert done.drawn[0] != done.drawn[1]
    assert len(played(scene, seed=1, incidents=4.0).log) > 0
    assert records[0] == records[1]


def test_another_sun_turns_with_the_grid() -> None:
    scene = prepare(raw_scene(World(rows=48, cols=48)))
    steps = Recipe(name="x", acquisition={"another_sun": {"chance": 1.0}}).acquisition_steps()
    assert steps is not None
    ways = []
    # North up, and a quarter turn: columns run to the south, rows to the west.
    for transform in ((1.0, 0.0, 5e5, 0.0, -1.0, 4.6e6), (0.0, -1.0, 5e5, -1.0, 0.0, 4.6e6)):
        turned = replace(scene, grid=GeoGrid(scene.grid.shape, transform, "EPSG:32633", 1.0))
        states = played(turned, seed=1, incidents=0.0).states
        images = [scene.image, scene.image]
        done = acquire(
            turned, states, images, steps, lambda stage: stream(7, 0, stage), keep_displacement=False
        )
        assert done.drawn is not None
        ways.append(np.array(done.drawn[0]["another_sun"]["shadow_px"]))  # type: ignore[index]
    (down, right), turned_way = ways
    assert abs(down) > 0.1
    # A step to the south is one along the columns there, a step to the east one up the rows.
    np.testing.assert_allclose(turned_way, (-right, down), atol=1e-4)


def test_one_date_drawn_by_lot_keeps_the_look_of_its_source() -> None:
    scene = prepare(raw_scene(World(rows=48, cols=48)))
    steps = Recipe(name="x", acquisition={"preset": "aerial"}).acquisition_steps()
    assert steps is not None
    states = played(scene, seed=1, incidents=0.0).states
    kept = []
    for seed in range(60):
        done, all_drawn = (
            acquire(
                scene,
                states,
                [scene.image] * 2,
                steps,
                lambda stage, seed=seed: stream(seed, 0, stage),
                keep_displacement=True,
                as_taken=share,
            )
            for share in (0.5, 0.0)
        )
        assert done.drawn is not None and all_drawn.drawn is not None
        same = [bool((image == scene.image).all()) for image in done.images]
        kept.append(same.index(True) if any(same) else None)
        for date, untouched in enumerate(same):
            # The other date is the one that it would be without: nothing is drawn from its stream.
            assert done.drawn[date] == ({} if untouched else all_drawn.drawn[date])
            if untouched:
                assert not done.displacements[date].any()
    # 60 fair coins, then 60 halves of them: within four standard deviations.
    assert 14 <= sum(date is not None for date in kept) <= 46
    assert kept.count(0) >= 4
    assert kept.count(1) >= 4


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("dtype", "bands"), [("uint8", 1), ("uint16", 4), ("float32", 5)])
def test_every_preset_takes_every_kind_of_picture(preset: str, dtype: str, bands: int) -> None:
    scene = prepare(raw_scene(World(rows=48, cols=70, dtype=dtype, bands=bands, void=True)))
    steps = Recipe(name="x", acquisition={"preset": preset}).acquisition_steps()
    assert steps is not None
    play = played(scene, seed=1, incidents=0.0)
    done = acquire(
        scene, play.states, [scene.image] * 2, steps, lambda s: stream(3, 0, s), keep_displacement=False
    )
    for image in done.images:
        assert image.dtype == scene.image.dtype
        assert image.shape == scene.image.shape
        np.testing.assert_array_equal(image[:, scene.void], scene.image[:, scene.void])
        assert (image[:, ~scene.void] != scene.image[:, ~scene.void]).mean() > 0.3
    # A record is read by people, too: no arrays.
    assert len(json.dumps(done.drawn)) < 20_000


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 2)


@pytest.fixture(scope="module")
def kept(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("kept") / "out"
    code, _, said = call(*generation(town, out, "--set", "keep_displacement=true", samples=2))
    assert code == 0, said
    return Dataset(out)


def test_the_displacement_on_disk_is_that_of_the_record(kept: Dataset) -> None:
    record = kept.record(0)
    for number, drawn in enumerate(record["acquisition"], start=1):
        stored = kept.layer(0, f"displacement_t{number}")
        assert stored.dtype == np.float32
        modules = {name: load("acquisition", name) for name in drawn}
        ids = kept.layer(0, f"instance_t{number}")
        flat = Place(kept.layer(0, f"surface_t{number}"), ids, {}, kept.record(0)["grid"]["gsd_m"])
        expected = displacement_of(ids.shape, drawn, modules, flat)
        ground = ids == 0
        # 11 significant bits; roofs lean, and the record does not hold their heights.
        share = np.isclose(stored, expected, rtol=2**-10, atol=1e-4).all(axis=0)[ground].mean()
        assert share > 0.9
        assert warp_labels(kept.layer(0, f"label_t{number}"), stored).shape == ids.shape


def test_a_set_that_keeps_displacements_must_have_them(kept: Dataset) -> None:
    assert validate(kept).problems == []
    path = kept.folder(1) / "displacement_t2.tif"
    content = path.read_bytes()
    path.unlink()
    try:
        assert any("displacement_t2.tif is missing" in problem for problem in validate(kept).problems)
    finally:
        path.write_bytes(content)


def test_displacements_are_left_out_by_default(tmp_path: Path, town: Path) -> None:
    code, _, said = call(*generation(town, tmp_path / "out", samples=1))
    assert code == 0, said
    assert not list((tmp_path / "out").rglob("displacement_*"))


def test_latitude_is_that_of_the_middle() -> None:
    plain = GeoGrid.plain((10, 10), 1.0)
    assert latitude_deg(plain) is None
    # UTM 33 north: 5,400,000 m north of the equator is 48.75 degrees on the central meridian.
    utm = GeoGrid((10, 10), (1.0, 0.0, 500_000.0, 0.0, -1.0, 5_400_000.0), "EPSG:32633", 1.0)
    assert latitude_deg(utm) == pytest.approx(48.75, abs=0.01)
    site = CRS.from_wkt('LOCAL_CS["site",UNIT["metre",1]]').to_wkt()
    assert latitude_deg(GeoGrid((10, 10), utm.transform, site, 1.0)) is None
