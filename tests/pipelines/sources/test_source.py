"""Units, keys, fingerprints, places, and travel to workers."""

from __future__ import annotations

import multiprocessing
import pickle
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core.errors import RecipeError, SourceError
from diachron.core.grid import GeoGrid
from diachron.core.schemes import SCHEMES
from diachron.pipelines.sources import Source, SourceOptions, Tile, Unit, discover
from diachron.pipelines.sources.tiles import place_of


def source_of(*shapes: tuple[int, int]) -> Source:
    tiles = tuple(
        Tile(f"t{i}", f"t{i}", None, None, None, GeoGrid.plain(shape, 1.0), 3, "uint8", None, None, "given")
        for i, shape in enumerate(shapes)
    )
    return Source(".", tiles, (), SCHEMES["building"], None, ("red", "green", "blue"), 255.0)


@settings(deadline=None)
@given(rows=st.integers(1, 300), cols=st.integers(1, 300), window=st.integers(16, 120))
def test_units_cover_every_pixel_with_windows_of_full_size(rows, cols, window):
    source = source_of((rows, cols))
    units = source.units(window)
    seen = np.zeros((rows, cols), np.int32)
    for unit in units:
        assert (unit.rows, unit.cols) == (min(rows, window), min(cols, window))
        assert unit.row + unit.rows <= rows
        assert unit.col + unit.cols <= cols
        seen[unit.row : unit.row + unit.rows, unit.col : unit.col + unit.cols] += 1
    assert seen.min() == 1
    assert seen.max() <= 4
    assert len(units) == -(-rows // window) * -(-cols // window)
    assert len({source.key(unit) for unit in units}) == len(units)
    assert list(units) == sorted(units, key=lambda u: (u.tile, u.row, u.col))


def test_keys_say_where_a_window_lies():
    source = source_of((8, 8), (1024, 600))
    assert [source.key(unit) for unit in source.units(512)] == [
        "t0", "t1@r0c0", "t1@r0c88", "t1@r512c0", "t1@r512c88",
    ]  # fmt: skip
    assert source.key(Unit(1, 0, 0, 1024, 600)) == "t1"
    with pytest.raises(RecipeError, match="at least one pixel, got 0"):
        source.units(0)


@pytest.fixture
def folder(tmp_path, fake, rectangle):
    """A source of two georeferenced tiles with polygons."""
    fake.geo_image(tmp_path / "s" / "a_r0c0.tif")
    fake.geo_image(tmp_path / "s" / "a_r0c1.tif", origin=(350_005.0, 3_050_000.0))
    fake.geojson(tmp_path / "s" / "a_buildings.geojson", [rectangle(1, 1, 4, 14)])
    return tmp_path / "s"


def labelled_pixels(source: Source) -> list[int]:
    return [int((source.read(unit).labels > 0).sum()) for unit in source.units(64)]


def test_a_source_travels_to_a_spawned_worker(folder):
    source = discover(SourceOptions(source=str(folder)))
    assert pickle.loads(pickle.dumps(source)) == source
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        scenes = pool.map(source.read, source.units(64))
    assert [int((scene.labels > 0).sum()) for scene in scenes] == labelled_pixels(source) == [36, 20]


def test_fingerprint_stays_when_the_folder_moves_and_changes_with_its_files(folder, tmp_path):
    def fingerprint(path, **options):
        return discover(SourceOptions(source=str(path), **options)).fingerprint()

    before = fingerprint(folder)
    moved = tmp_path / "elsewhere" / "deep"
    shutil.copytree(folder, moved)
    assert fingerprint(moved) == before
    assert fingerprint(folder, gsd_m=0.6) != before
    polygons = moved / "a_buildings.geojson"
    polygons.write_text(polygons.read_text() + " ")
    assert fingerprint(moved) != before
    data = bytearray((folder / "a_r0c0.tif").read_bytes())
    data[-1] ^= 1
    source = discover(SourceOptions(source=str(folder)))
    (folder / "a_r0c0.tif").write_bytes(bytes(data))
    assert source.fingerprint() != before
    (folder / "a_r0c0.tif").unlink()
    with pytest.raises(SourceError, match=r"a_r0c0\.tif: gone or not readable since it was found"):
        source.fingerprint()


def test_discovery_repeats_itself_and_leaves_no_file(folder):
    names = sorted(path.name for path in folder.iterdir())
    first, second = (discover(SourceOptions(source=str(folder))) for _ in range(2))
    labelled_pixels(first)
    assert first == second
    assert sorted(path.name for path in folder.iterdir()) == names


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("image/test_1_0512_0000", "image/test_1"),
        ("image/zanzibar_a_r1c3", "image/zanzibar_a"),
        ("banepa_train_r12c0", "banepa_train"),
        ("dubai_t1_p3_y0132_x0285", "dubai_t1"),
        ("chico_16_2018", "chico_16_2018"),
        ("z18_217060_112681", "z18_217060_112681"),
    ],
)
def test_names_tell_which_tiles_share_a_place(name, place):
    assert place_of(name) == place
