"""Windows: the pixels, labels, footprints and void of exactly that part of the files."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from diachron.core.errors import GridError, LabelError, SourceError
from diachron.pipelines.sources import Source, SourceOptions, Unit, discover

XBD_YAML = """
classes:
  - {id: 0, name: ground, hub: unknown}
  - {id: 1, name: house, hub: building}
  - {id: 4, name: ruin, hub: building}
  - {id: 5, name: tree, hub: tree}
  - {id: 9, name: none, hub: ignore}
ignore: 9
rest: ground
"""


def found(folder, **options: object) -> Source:
    return discover(SourceOptions(**{"source": str(folder), "schema": "building", "gsd_m": 1.0, **options}))


def whole(source: Source):
    return source.read(source.units(10_000)[0])


def test_a_window_is_the_same_part_of_every_layer(tmp_path, fake, rectangle):
    image = fake.geo_image(tmp_path / "a.tif", (40, 50))
    fake.geojson(tmp_path / "buildings.geojson", [rectangle(5, 5, 20, 20)])
    source = discover(SourceOptions(source=str(tmp_path), licence="CC0-1.0"))
    scene = source.read(Unit(0, 10, 20, 16, 12))
    with rasterio.open(image) as dataset:
        np.testing.assert_array_equal(scene.image, dataset.read()[:, 10:26, 20:32])
    full = whole(source)
    np.testing.assert_array_equal(scene.footprints, full.footprints[10:26, 20:32])
    np.testing.assert_array_equal(scene.labels, full.labels[10:26, 20:32])
    np.testing.assert_array_equal(scene.labels, scene.footprints > 0)
    assert scene.labels.any()
    assert not scene.labels.all()
    assert scene.grid == full.grid.window(10, 20, 16, 12)
    assert (scene.grid.transform[2], scene.grid.transform[5]) == (350_010.0, 3_049_995.0)
    assert (scene.source, scene.licence, scene.bands) == ("a@r10c20", "CC0-1.0", ("red", "green", "blue"))
    with pytest.raises(GridError, match="does not lie inside"):
        source.read(Unit(0, 30, 0, 16, 12))


@pytest.mark.parametrize(
    ("dtype", "suffix"), [("uint8", "tif"), ("uint16", "tif"), ("float32", "tif"), ("uint16", "png")]
)
def test_pixels_come_in_the_type_and_scale_of_the_file(tmp_path, fake, dtype, suffix):
    values = (np.arange(3 * 80).reshape(3, 8, 10) * 3).astype(dtype)
    fake.raster(tmp_path / f"a.{suffix}", values)
    fake.label(tmp_path / "a_label.png")
    scene = whole(found(tmp_path))
    assert scene.image.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(scene.image, values)
    assert scene.nodata is None
    assert not scene.void.any()


def test_palette_labels_are_indices_and_other_spellings_become_ids(tmp_path, fake):
    values = np.resize(np.array([0, 1, 255], np.uint8), (8, 10))
    fake.image(tmp_path / "a.png")
    fake.raster(tmp_path / "a_label.png", values, palette={0: (9, 9, 9), 1: (200, 0, 0), 255: (1, 2, 3)})
    np.testing.assert_array_equal(whole(found(tmp_path)).labels, values > 0)


def test_grey_stored_as_rgb_is_a_label_map(tmp_path, fake):
    values = np.resize(np.array([0, 255], np.uint8), (8, 10))
    fake.image(tmp_path / "a.png")
    fake.raster(tmp_path / "a_label.png", np.stack([values] * 3))
    np.testing.assert_array_equal(whole(found(tmp_path)).labels, values > 0)


def test_a_value_outside_the_scheme_names_file_and_window(tmp_path, fake):
    fake.image(tmp_path / "a.png", (20, 20))
    values = np.zeros((20, 20), np.uint16)
    values[15, 12] = 300
    fake.raster(tmp_path / "a_label.png", values)
    source = found(tmp_path)
    source.read(Unit(0, 0, 0, 10, 20))
    with pytest.raises(
        LabelError, match=r"a_label\.png, window at row 10, column 10: value 300 at row 5, column 2"
    ):
        source.read(Unit(0, 10, 10, 10, 10))


def test_nodata_of_a_label_map_becomes_ignore(tmp_path, fake):
    (tmp_path / "s.yaml").write_text(XBD_YAML)
    fake.image(tmp_path / "a.tif")
    fake.raster(tmp_path / "a_label.tif", np.resize(np.array([0, 200], np.uint8), (8, 10)), nodata=200)
    assert set(np.unique(whole(found(tmp_path, schema=str(tmp_path / "s.yaml"))).labels)) == {0, 9}


def test_polygons_are_drawn_over_a_raster_of_another_scheme(tmp_path, fake, rectangle):
    (tmp_path / "s.yaml").write_text(XBD_YAML)
    fake.geo_image(tmp_path / "a.tif")
    values = np.full((8, 10), 5, np.uint8)
    values[1, 1] = 4
    values[6, 6:9] = 1
    fake.raster(tmp_path / "a_label.png", values)
    fake.geojson(tmp_path / "a_buildings.geojson", [rectangle(1, 1, 2, 2)])
    scene = whole(found(tmp_path, schema=str(tmp_path / "s.yaml")))
    expected = values.copy()
    expected[1:3, 1:3] = [[4, 1], [1, 1]]
    np.testing.assert_array_equal(scene.labels, expected)
    assert (scene.footprints > 0).sum() == 4
    only_polygons = whole(found(tmp_path))
    np.testing.assert_array_equal(only_polygons.labels, only_polygons.footprints > 0)


def test_void_is_nodata_in_all_bands(tmp_path, fake):
    values = np.full((3, 8, 10), 9, np.uint8)
    values[:, 0, :4] = 0
    values[0, 5, 5] = 0
    fake.raster(tmp_path / "a.tif", values, nodata=0)
    fake.label(tmp_path / "a_label.png")
    scene = whole(found(tmp_path))
    assert scene.nodata == 0
    assert scene.void.sum() == 4
    assert scene.void[0, :4].all()


def test_void_is_alpha_zero_and_alpha_is_dropped(tmp_path, fake):
    values = np.full((4, 8, 10), 255, np.uint8)
    values[3, 2, 3] = 0
    for name in ("a.png", "b.tif"):
        fake.raster(tmp_path / name, values)
        fake.label(tmp_path / f"{name[0]}_label.png")
    source = found(tmp_path)
    for unit in source.units(100):
        scene = source.read(unit)
        assert scene.image.shape == (3, 8, 10)
        assert np.argwhere(scene.void).tolist() == [[2, 3]]


def test_void_is_a_mask_band_of_zero(tmp_path, fake):
    valid = np.ones((8, 10), bool)
    valid[4:, 4:] = False
    fake.raster(tmp_path / "a.tif", np.full((3, 8, 10), 9, np.uint8), mask=valid)
    fake.label(tmp_path / "a_label.png")
    np.testing.assert_array_equal(whole(found(tmp_path)).void, ~valid)


def test_void_is_where_a_float_is_no_number(tmp_path, fake):
    values = np.full((3, 8, 10), 0.25, np.float32)
    values[:, 1, 1] = np.nan
    values[2, 2, 2] = np.inf
    fake.raster(tmp_path / "a.tif", values, nodata=float("nan"))
    fake.label(tmp_path / "a_label.png")
    scene = whole(found(tmp_path))
    assert np.argwhere(scene.void).tolist() == [[1, 1], [2, 2]]


def test_a_file_that_breaks_after_its_header_is_refused_by_name(tmp_path, fake):
    image = fake.image(
        tmp_path / "a.tif", (64, 64), compress="deflate", tiled=True, blockxsize=16, blockysize=16
    )
    fake.label(tmp_path / "a_label.png", (64, 64))
    source = found(tmp_path)
    image.write_bytes(image.read_bytes()[:1500] + b"\0" * (image.stat().st_size - 1500))
    with pytest.raises(SourceError, match=r"a\.tif: cannot be read as an image"):
        whole(source)


def test_tiles_without_georeference_get_a_plain_grid(tmp_path, fake):
    fake.image(tmp_path / "a.tif", transform=Affine(2, 0, 5, 0, -2, 7))
    fake.label(tmp_path / "a_label.png")
    scene = whole(found(tmp_path, gsd_m=0.7))
    assert (scene.grid.crs, scene.grid.gsd_m) == (None, 0.7)
    assert scene.grid.transform == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
