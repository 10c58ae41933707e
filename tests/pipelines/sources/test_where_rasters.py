"""A map of weights steers where things happen: laid over every tile, refused where it cannot be, recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine
from rasterio.warp import transform as warp_points

from diachron.core.errors import RecipeError
from diachron.core.grid import GeoGrid
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.where_rasters import read_onto
from tests.tiles import (
    EAST,
    NORTH,
    OPTIONS,
    SCHEME,
    SIDE,
    UTM,
    call,
    digests,
    refusal,
    write_raster,
    write_source,
)  # fmt: skip

TILES = 2


def weights_file(path: Path, values: np.ndarray, crs: str = UTM, **more: object) -> Path:
    """Write weights over the whole of the tiles of `write_source`, and 200 m around them."""
    left, top, right, bottom = EAST - 200, NORTH + 200, EAST + 1000.0 * TILES + 200, NORTH - SIDE - 200
    if crs != UTM:
        xs, ys = warp_points(UTM, crs, [left, right, left, right], [top, top, bottom, bottom])
        left, right, bottom, top = min(xs), max(xs), min(ys), max(ys)
    rows, cols = values.shape[-2:]
    transform = Affine((right - left) / cols, 0, left, 0, (bottom - top) / rows, top)
    return write_raster(path, values, crs=crs, transform=transform, **more)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("town"), TILES)


def plan(town: Path, raster: Path, samples: int = 4) -> Plan:
    recipe = load_recipe("building-change", [f"processes.construction.where={{raster: {raster}}}"])
    return Plan(recipe, discover(SourceOptions(source=str(town), schema=SCHEME)), 0, samples)


def east_half(value: float = 3.0) -> np.ndarray:
    """Return weights on the tiles' own pixels, in a picture of the first tile: its eastern half only."""
    values = np.zeros((SIDE, SIDE), np.float32)
    values[:, SIDE // 2 :] = value
    return values


def grid(crs: str = UTM) -> GeoGrid:
    return GeoGrid((SIDE, SIDE), (1.0, 0.0, EAST, 0.0, -1.0, NORTH), crs, 1.0)


@pytest.mark.parametrize("crs", [UTM, "EPSG:4326", "EPSG:3857"])
def test_a_plane_comes_out_the_same_in_any_crs(tmp_path, crs):
    # A function of the place, linear in UTM: between pixels bilinear weights meet it but for the map's bend.
    rows, cols = 240, 1200
    blank = weights_file(tmp_path / "blank.tif", np.zeros((rows, cols), np.float32), crs)
    with rasterio.open(blank) as file:
        xs, ys = rasterio.transform.xy(file.transform, *np.mgrid[:rows, :cols].reshape(2, -1))
    east, north = (np.asarray(axis) for axis in warp_points(crs, UTM, list(xs), list(ys)))
    plane = 10 + 0.01 * (east - EAST) + 0.02 * (north - NORTH)
    file = weights_file(tmp_path / "plane.tif", plane.reshape(rows, cols).astype(np.float64), crs)
    row, col = np.mgrid[:SIDE, :SIDE] + 0.5
    expected = 10 + 0.01 * col - 0.02 * row
    np.testing.assert_allclose(read_onto(file, grid()), expected, atol=0.01)


def test_where_it_has_no_data_nothing_is_likely(tmp_path):
    values = np.ones((SIDE, SIDE), np.float32)
    values[:40] = -5
    values[60:] = np.nan
    transform = Affine(1, 0, EAST + 10, 0, -1, NORTH)
    file = write_raster(tmp_path / "a.tif", values, crs=UTM, transform=transform, nodata=-5)
    weights = read_onto(file, grid())
    assert (weights[:39] == 0).all()
    assert (weights[61:] == 0).all()
    assert (weights[:, :9] == 0).all()
    np.testing.assert_allclose(weights[42:58, 12:], 1.0)


def test_events_fall_where_it_is_high(town, tmp_path):
    file = write_raster(tmp_path / "w.tif", east_half(), crs=UTM, transform=Affine(1, 0, EAST, 0, -1, NORTH))
    out = tmp_path / "out"
    code, _, said = call(
        "generate", "building-change", "--source", town / "image" / "town_0.tif", *OPTIONS, "--out", out,
        "-n", 24, "--set", f"processes={{class_transition: {{rate_per_km2_year: 100, area_m2: 20, where: "
        f"{{raster: {file}}}}}}}", "--set", "acquisition=none", "--set", "paint=t2",
        "--set", "filters=none",
    )  # fmt: skip
    assert code == 0, said
    events = [
        event["footprint"]
        for path in out.glob("samples/*/*/sample.json")
        for event in json.loads(path.read_text())["events"]
    ]
    assert len(events) > 20
    # The drawn pixel lies in the eastern half; a piece of 20 m2 around it reaches a few pixels over the line.
    assert min(event["col"] + event["shape"][1] for event in events) > SIDE // 2


def test_the_bytes_are_the_same_with_two_workers_and_where_the_file_moved(town, tmp_path):
    file = weights_file(tmp_path / "w.tif", np.random.default_rng(0).random((30, 90)).astype(np.float32))
    moved = tmp_path / "there" / "w.tif"
    moved.parent.mkdir()
    shutil.copy(file, moved)
    made = []
    for name, raster, workers in (("a", file, 1), ("b", file, 2), ("c", moved, 1)):
        out = tmp_path / name
        code, _, said = call(
            "generate", "building-change", "--source", town, *OPTIONS, "--out", out, "-n", 4,
            "--workers", workers, "--set", f"processes.construction.where={{raster: {raster}}}",
            "--set", "processes.construction.rate_per_km2_year=100",
        )  # fmt: skip
        assert code == 0, said
        made.append(out)
    assert digests(made[0]) == digests(made[1])
    info = [json.loads((out / "dataset.json").read_text()) for out in made]
    assert info[0]["plan"] == info[2]["plan"]
    (recorded,) = info[0]["where_rasters"]
    assert (recorded["process"], recorded["file"]) == ("construction", "w.tif")
    assert digests(made[0] / "samples") == digests(made[2] / "samples")


def test_other_weights_under_the_same_name_are_another_plan(town, tmp_path):
    first = plan(town, weights_file(tmp_path / "w.tif", np.ones((9, 9), np.float32))).fingerprint
    second = plan(town, weights_file(tmp_path / "w.tif", np.full((9, 9), 2, np.float32))).fingerprint
    assert first != second


@pytest.mark.parametrize(
    ("values", "crs", "text"),
    [
        (np.full((9, 9), -0.5, np.float32), UTM, r"where\.raster .*w\.tif: holds -0\.5; weights are finite"),
        (np.full((9, 9), np.inf, np.float32), UTM, "holds inf"),
        (np.ones((2, 9, 9), np.uint8), UTM, "2 bands; a map of weights has one"),
        (np.ones((9, 9), np.uint8), "EPSG:32646", "reaches none of 2 tiles; check the CRS"),
    ],
)
def test_what_is_no_map_of_weights_is_refused_with_the_plan(town, tmp_path, values, crs, text):
    transform = Affine(300, 0, EAST - 200, 0, -300, NORTH + 200)
    file = write_raster(tmp_path / "w.tif", values, crs=crs, transform=transform)
    with pytest.raises(RecipeError, match=text):
        plan(town, file)


def test_a_raster_that_is_missing_or_lies_nowhere_is_refused(town, tmp_path):
    with pytest.raises(RecipeError, match=r"construction\.where\.raster .*none\.tif: there is no such file"):
        plan(town, tmp_path / "none.tif")
    file = write_raster(tmp_path / "w.tif", np.ones((9, 9), np.float32))
    with pytest.raises(RecipeError, match="it has no CRS"):
        plan(town, file)


def test_it_is_refused_over_worlds_and_plain_pictures(tmp_path):
    file = weights_file(tmp_path / "w.tif", np.ones((9, 9), np.float32))
    code, _, said = call(
        "generate", "world", "--out", tmp_path / "out", "-n", 1, "--set", "window_px=64",
        "--set", f"processes.construction.where.raster={file}",
    )  # fmt: skip
    assert "has no CRS (worlds and plain pictures have none)" in refusal(code, said, expected=2)
    assert not (tmp_path / "out").exists()
