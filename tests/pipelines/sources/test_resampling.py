"""Reading at larger pixels: means, majorities, grids, and windows that are parts of the whole."""

from __future__ import annotations

import json
import tracemalloc
from fractions import Fraction
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rasterio.transform import Affine

from diachron.core.errors import LabelError, RecipeError, SourceError
from diachron.core.grid import GeoGrid
from diachron.pipelines.sources import Source, SourceOptions, Unit, discover, resampling
from diachron.pipelines.sources.footprints import burn
from diachron.pipelines.sources.resampling import averaged, majority, resampled
from diachron.pipelines.sources.vectors import read_polygons
from tests.tiles import call, digests, generation, write_source

SHAPES = st.tuples(st.integers(8, 26), st.integers(8, 26))
FACTORS = st.sampled_from([2.0, 3.0, 10 / 3, 4.0, 1.7, 6.25])


def found(folder: Path, resample_m: float | None, **options: object) -> Source:
    return discover(
        SourceOptions(
            **{"source": str(folder), "schema": "building", "gsd_m": 0.5, **options}, resample_m=resample_m
        )
    )


def whole(source: Source, tile: int = 0):
    return source.read(Unit(tile, 0, 0, *source.tiles[tile].grid.shape))


def coarse_shape(shape: tuple[int, int], factor: float) -> tuple[int, int]:
    return int(shape[0] / factor + 1e-6), int(shape[1] / factor + 1e-6)


def from_array(values, void=None):
    """Return a reader of windows of an array, as files are read."""
    void = np.zeros(values.shape[-2:], bool) if void is None else void

    def read(window):
        part = window.toslices()
        return values[(..., *part)], void[part]

    return read


def ids_from(values):
    return lambda window: values[window.toslices()]


def mean_by_fractions(band, row: int, col: int, factor: Fraction) -> Fraction:
    """Return the mean of a coarse pixel in exact numbers."""

    def shares(start: Fraction, length: int) -> list[tuple[int, Fraction]]:
        found = [(i, min(Fraction(i + 1), start + factor) - max(Fraction(i), start)) for i in range(length)]
        return [(i, share) for i, share in found if share > 0]

    down, right = shares(row * factor, band.shape[0]), shares(col * factor, band.shape[1])
    total = sum(int(band[i, j]) * h * w for i, h in down for j, w in right)
    return total / factor**2


@settings(deadline=None, max_examples=60)
@given(data=st.data(), factor=st.sampled_from([2, 3, 4, 7]), dtype=st.sampled_from(["uint8", "uint16"]))
def test_pictures_are_means_of_blocks(data, factor, dtype):
    values = data.draw(arrays.arrays(dtype, (2, 3 * factor + 1, 2 * factor)))
    rows, cols = 3, 2
    unit = Unit(0, 0, 0, rows, cols)
    image, void = averaged(
        from_array(values), unit, factor=float(factor), file_shape=values.shape[1:], nodata=None
    )
    blocks = values[:, : rows * factor].reshape(2, rows, factor, cols, factor).mean(axis=(2, 4))
    assert image.dtype == values.dtype
    np.testing.assert_array_equal(image, np.rint(blocks).astype(dtype))
    assert not void.any()


@pytest.mark.parametrize("factor", [Fraction(10, 3), Fraction(17, 10), Fraction(25, 4)])
def test_parts_of_pixels_count_by_their_area(factor):
    values = np.random.default_rng(3).integers(0, 256, (1, 23, 30)).astype(np.float32)
    rows, cols = coarse_shape(values.shape[1:], float(factor))
    image, _ = averaged(
        from_array(values),
        Unit(0, 0, 0, rows, cols),
        factor=float(factor),
        file_shape=values.shape[1:],
        nodata=None,
    )
    expected = [[float(mean_by_fractions(values[0], r, c, factor)) for c in range(cols)] for r in range(rows)]
    np.testing.assert_allclose(image[0], expected, rtol=1e-6)


@settings(deadline=None, max_examples=80)
@given(data=st.data(), shape=SHAPES, factor=FACTORS, strip_px=st.sampled_from([1, 60, 2**22]))
def test_a_window_is_that_part_of_the_whole(data, shape, factor, strip_px):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(0, 256, (3, *shape)).astype(data.draw(st.sampled_from(["uint8", "float32"])))
    void = rng.random(shape) < data.draw(st.sampled_from([0.0, 0.4]))
    ids = rng.integers(0, 3, shape).astype(np.uint8)
    rows, cols = coarse_shape(shape, factor)
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    part = Unit(0, row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col)))
    how = {"factor": factor, "file_shape": shape}
    image, empty = averaged(from_array(values, void), Unit(0, 0, 0, rows, cols), nodata=None, **how)
    labels = majority(ids_from(ids), Unit(0, 0, 0, rows, cols), **how)
    with mock.patch.object(resampling, "_STRIP_PX", strip_px):
        own, own_empty = averaged(from_array(values, void), part, nodata=None, **how)
        own_labels = majority(ids_from(ids), part, **how)
    inside = np.s_[row : row + part.rows, col : col + part.cols]
    np.testing.assert_array_equal(own, image[(slice(None), *inside)])
    np.testing.assert_array_equal(own_empty, empty[inside])
    np.testing.assert_array_equal(own_labels, labels[inside])


@settings(deadline=None, max_examples=60)
@given(data=st.data(), factor=st.sampled_from([2, 3, 5]))
def test_labels_are_majorities_and_the_centre_settles_a_draw(data, factor):
    ids = data.draw(arrays.arrays(np.uint8, (2 * factor, 3 * factor), elements=st.sampled_from([0, 1, 4, 9])))
    labels = majority(ids_from(ids), Unit(0, 0, 0, 2, 3), factor=float(factor), file_shape=ids.shape)
    for (row, col), label in np.ndenumerate(labels):
        block = ids[row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
        classes, counts = np.unique(block, return_counts=True)
        most = classes[counts == counts.max()]
        centre = block[factor // 2, factor // 2]
        assert label == (centre if centre in most else most[0])


def test_walls_that_halve_pixels_keep_the_size_of_houses():
    """Four houses of 6 x 6 pixels, at every parity, at a factor of 2."""
    ids = np.zeros((40, 40), np.uint8)
    for row, col in ((4, 4), (5, 24), (24, 5), (25, 25)):
        ids[row : row + 6, col : col + 6] = 1
    labels = majority(ids_from(ids), Unit(0, 0, 0, 20, 20), factor=2.0, file_shape=ids.shape)
    # Nine pixels each, but where both sides halve pixels a corner covers a quarter of one and has not got it.
    assert int(labels.sum()) == 4 * 9 - 1


def test_pixels_without_data_do_not_count_and_most_of_them_make_void():
    values = np.full((2, 4, 8), 10, np.uint8)
    void = np.zeros((4, 8), bool)
    void[:2, :4] = True
    void[:3, 4:] = True
    values[:, void] = 200
    how = {"factor": 4.0, "file_shape": (4, 8)}
    image, empty = averaged(from_array(values, void), Unit(0, 0, 0, 1, 2), nodata=None, **how)
    np.testing.assert_array_equal(empty, [[False, True]])
    np.testing.assert_array_equal(image[0], [[10, 0]])
    image, _ = averaged(from_array(values, void), Unit(0, 0, 0, 1, 2), nodata=255, **how)
    np.testing.assert_array_equal(image[1], [[10, 255]])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_files_with_nodata_and_alpha_are_averaged_off_them(tmp_path, fake, dtype):
    values = np.full((3, 8, 8), 40, dtype)
    values[:, :4, :2] = 0
    values[0, 4:, 4:] = 0
    fake.raster(tmp_path / "a.tif", values, nodata=0)
    fake.label(tmp_path / "a_label.png", (8, 8))
    scene = whole(found(tmp_path, 2.0))
    assert scene.image.dtype == np.dtype(dtype)
    assert not scene.void.any()
    np.testing.assert_array_equal(scene.image[1], [[40, 40], [40, 40]])
    np.testing.assert_array_equal(scene.image[0], [[40, 40], [40, 0]])


def test_a_float_that_is_no_number_does_not_spread(tmp_path, fake):
    values = np.full((3, 8, 8), 0.25, np.float32)
    values[1, 0, 0] = np.nan
    values[:, 4:, 4:] = np.nan
    fake.raster(tmp_path / "a.tif", values, nodata=float("nan"))
    fake.label(tmp_path / "a_label.png", (8, 8))
    scene = whole(found(tmp_path, 2.0))
    np.testing.assert_array_equal(scene.void, [[False, False], [False, True]])
    np.testing.assert_array_equal(scene.image[:, ~scene.void], 0.25)


GRIDS = st.builds(
    lambda rows, cols, gsd: GeoGrid(
        (rows, cols), (gsd, 0.0, 350_000.0, 0.0, -gsd, 3_050_000.0), "EPSG:32645", gsd
    ),
    st.integers(40, 4000),
    st.integers(40, 4000),
    st.floats(0.05, 1.0),
)


@settings(deadline=None)
@given(grid=GRIDS, resample_m=st.floats(1.02, 2.0))
def test_bounds_stay_to_within_a_pixel(grid, resample_m):
    factor, coarse = resampled(grid, resample_m)
    assert coarse.gsd_m == resample_m
    assert coarse.crs == grid.crs
    assert coarse.transform[0] == pytest.approx(resample_m)
    assert factor == pytest.approx(resample_m / grid.gsd_m)
    left, bottom, right, top = coarse.bounds()
    outer = grid.bounds()
    assert (left, top) == (outer[0], outer[3])
    assert -1e-5 < outer[2] - right < resample_m
    assert -1e-5 < bottom - outer[1] < resample_m


def test_a_rotated_grid_turns_with_its_pixels():
    grid = GeoGrid((40, 30), (0.3, 0.4, 9.0, 0.4, -0.3, 7.0), "EPSG:32645", 0.5)
    factor, coarse = resampled(grid, 2.0)
    assert (factor, coarse.shape) == (4.0, (10, 7))
    assert coarse.transform == pytest.approx((1.2, 1.6, 9.0, 1.6, -1.2, 7.0))


@pytest.mark.parametrize("resample_m", [0.497, 0.5, 0.504])
def test_equal_within_a_percent_reads_the_pixels_as_they_are(tmp_path, fake, resample_m):
    values = (np.arange(240) % 251).astype(np.uint8).reshape(3, 8, 10)
    fake.raster(tmp_path / "a.tif", values)
    fake.label(tmp_path / "a_label.png")
    source, plain = found(tmp_path, resample_m), found(tmp_path, None)
    np.testing.assert_array_equal(whole(source).image, values)
    assert source.tiles == plain.tiles
    assert source.fingerprint() == plain.fingerprint()


def test_tiles_of_several_gsd_are_all_read_at_one(tmp_path, fake):
    for name, gsd_m in (("a", 0.1), ("b", 0.3), ("c", 0.25), ("d", 1.5), ("e", 1.0)):
        transform = Affine(gsd_m, 0, 350_000, 0, -gsd_m, 3_050_000)
        fake.image(tmp_path / f"{name}.tif", (40, 50), crs="EPSG:32645", transform=transform)
        fake.label(tmp_path / f"{name}_label.png", (40, 50))
    source = found(tmp_path, 1.0, gsd_m=None)
    assert [(t.name, t.grid.gsd_m, t.grid.shape) for t in source.tiles] == [
        ("a", 1.0, (4, 5)),
        ("b", 1.0, (12, 15)),
        ("c", 1.0, (10, 12)),
        ("e", 1.0, (40, 50)),
    ]
    assert [unit.cols for unit in source.units(10)] == [5, 10, 10, 10, 10, 10, 10] + 20 * [10]
    (refusal,) = source.refusals
    assert refusal.path == "d.tif"
    assert refusal.detail == "its pixels of 1.5 m are larger than --resample 1; ask for 1.5 or more"


def test_nothing_coarser_than_the_tile_or_finer_than_its_pixels(tmp_path, fake):
    fake.image(tmp_path / "a.png")
    fake.label(tmp_path / "a_label.png")
    with pytest.raises(SourceError, match=r"none of 1 images .*a\.png: its pixels of 0\.5 m are larger"):
        found(tmp_path, 0.3)
    with pytest.raises(SourceError, match=r"it covers 4 x 5 m, not one pixel of --resample 4\.5"):
        found(tmp_path, 4.5)
    with pytest.raises(RecipeError, match=r"--resample 0: give a positive number"):
        found(tmp_path, 0)


def test_plain_tiles_stay_plain_and_agree_in_every_layer(tmp_path, fake):
    values = np.zeros((3, 12, 16), np.uint8)
    values[:, 4:8, 8:16] = 200
    fake.raster(tmp_path / "a.png", values)
    fake.raster(tmp_path / "a_label.png", (values[0] > 0).astype(np.uint8))
    source = found(tmp_path, 2.0)
    scene = whole(source)
    assert scene.grid == GeoGrid.plain((3, 4), 2.0)
    np.testing.assert_array_equal(scene.labels, [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(scene.image[1] > 0, scene.labels > 0)
    assert source.full_scale == 255.0
    assert source.key(Unit(0, 1, 2, 2, 2)) == "a@r1c2"


def test_polygons_are_burnt_into_the_large_pixels(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "a.tif", (40, 60))
    fake.geojson(tmp_path / "buildings.geojson", [rectangle(3, 5, 14, 22), rectangle(25, 31, 9, 8)])
    source = found(tmp_path, 1.7, schema=None, gsd_m=None)
    scene = whole(source)
    polygons = read_polygons(tmp_path / "buildings.geojson")
    np.testing.assert_array_equal(scene.footprints, burn(polygons, scene.grid))
    np.testing.assert_array_equal(scene.labels, scene.footprints > 0)
    assert scene.footprints.shape == scene.grid.shape == (11, 17)
    # In m²: 7 x 11 and 4.5 x 4, each to within a pixel around its outline.
    for number, area in ((1, 77.0), (2, 18.0)):
        assert (scene.footprints == number).sum() * 1.7**2 == pytest.approx(area, rel=0.35)
    part = source.read(Unit(0, 2, 5, 6, 9))
    np.testing.assert_array_equal(part.footprints, scene.footprints[2:8, 5:14])
    np.testing.assert_array_equal(part.image, scene.image[:, 2:8, 5:14])
    assert part.grid == scene.grid.window(2, 5, 6, 9)


def test_other_spellings_count_together_and_strange_values_are_named(tmp_path, fake):
    values = np.zeros((8, 8), np.uint8)
    # Seven of ground, four and five of a building in two spellings.
    values[0, :4], values[1, :4], values[2, 0] = 1, 255, 255
    fake.image(tmp_path / "a.png", (8, 8))
    fake.raster(tmp_path / "a_label.png", values)
    np.testing.assert_array_equal(whole(found(tmp_path, 2.0)).labels, [[1, 0], [0, 0]])
    values[7, 5] = 77
    fake.raster(tmp_path / "a_label.png", values)
    source = found(tmp_path, 2.0)
    source.read(Unit(0, 0, 0, 1, 2))
    with pytest.raises(LabelError, match=r"window at row 4, column 0: value 77 at row 3, column 5"):
        source.read(Unit(0, 1, 0, 1, 2))


def test_the_fingerprint_follows_the_pixels_that_are_read(tmp_path, fake):
    fake.image(tmp_path / "a.png", (40, 40))
    fake.label(tmp_path / "a_label.png", (40, 40))
    prints = [found(tmp_path, m).fingerprint() for m in (None, 1.0, 2.0, 2.5)]
    prints.append(found(tmp_path, 2.0, gsd_m=0.25).fingerprint())
    assert len(set(prints)) == len(prints)
    assert found(tmp_path, 2.0).fingerprint() == prints[2]


def test_overviews_of_a_file_are_not_taken_for_its_pixels(tmp_path, fake):
    values = np.full((3, 64, 64), 100, np.uint8)
    image = fake.raster(tmp_path / "a.tif", values)
    fake.label(tmp_path / "a_label.png", (64, 64))
    with rasterio.open(image, "r+") as dataset:
        dataset.build_overviews([2, 4])
        dataset.write(values // 2)
    np.testing.assert_array_equal(whole(found(tmp_path, 2.0)).image, 50)


def test_memory_does_not_grow_with_the_pixels_below_a_window(tmp_path, fake):
    side = 3000
    fake.raster(
        tmp_path / "a.tif",
        np.ones((3, side, side), np.uint8),
        tiled=True, blockxsize=256, blockysize=256, compress="deflate",
    )  # fmt: skip
    fake.raster(tmp_path / "a_label.tif", np.ones((side, side), np.uint8), tiled=True, compress="deflate")
    source = found(tmp_path, 25.0)
    with mock.patch.object(resampling, "_STRIP_PX", 2**18):
        tracemalloc.start()
        scene = whole(source)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert scene.grid.shape == (60, 60)
    # The window covers 27 MB of the file.
    assert peak < 8e6


def test_a_run_repeats_its_bytes_and_says_at_what_gsd_it_read(tmp_path):
    source = write_source(tmp_path / "town", 2)
    first, second = tmp_path / "first", tmp_path / "second"
    for out, workers in ((first, 1), (second, 2)):
        code, _, said = call(
            *generation(source, out, "--resample", 1.5, "--workers", workers, "--seed", 3, samples=2)
        )
        assert code == 0, said
    assert digests(first) == digests(second)
    assert json.loads((first / "dataset.json").read_text())["source"]["resample_m"] == 1.5
    with rasterio.open(next(first.glob("samples/*/*/t1.tif"))) as dataset:
        assert (dataset.shape, dataset.res) == ((64, 64), (1.5, 1.5))
    code, _, said = call(*generation(source, first, "--resample", 2, samples=2))
    assert code == 1
    assert "source.resample_m 1.5 there, 2.0 here" in said
