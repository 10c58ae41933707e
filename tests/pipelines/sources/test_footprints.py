"""Polygon files: parsing, reach and burning."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from diachron.core.errors import SourceError
from diachron.core.grid import GeoGrid
from diachron.pipelines.sources.footprints import burn, reaches
from diachron.pipelines.sources.vectors import Polygons, read_polygons

GRID = GeoGrid((8, 10), (0.5, 0.0, 350_000.0, 0.0, -0.5, 3_050_000.0), "EPSG:32645", 0.5)


def polygons_of(shapes: list[shapely.Polygon]) -> Polygons:
    array = np.array(shapes, dtype=object)
    bounds = tuple(float(v) for v in shapely.total_bounds(array))
    return Polygons("x", CRS.from_epsg(32645), array, shapely.STRtree(array), bounds, {})


@pytest.mark.parametrize("crs", ["EPSG::32645", None])
def test_ids_follow_the_file_and_areas_fit_in_any_crs(tmp_path, fake, rectangle, crs):
    shapes = [rectangle(1, 1, 2, 3), rectangle(50, 50, 2, 2), rectangle(5, 4, 2, 2)]
    ids = burn(read_polygons(fake.geojson(tmp_path / "a.geojson", shapes, crs=crs)), GRID)
    assert ids.dtype == np.int32
    expected = np.zeros((8, 10), np.int32)
    expected[1:3, 1:4] = 1
    expected[5:7, 4:6] = 3
    np.testing.assert_array_equal(ids, expected)


def test_the_first_of_two_that_overlap_keeps_its_pixels(tmp_path, fake, rectangle):
    path = fake.geojson(tmp_path / "a.geojson", [rectangle(1, 1, 3, 3), rectangle(2, 2, 4, 4)])
    ids = burn(read_polygons(path), GRID)
    assert (ids == 1).sum() == 9
    assert (ids == 2).sum() == 16 - 4


def test_a_polygon_without_a_pixel_centre_vanishes_and_keeps_its_id(tmp_path, fake, rectangle):
    path = fake.geojson(tmp_path / "a.geojson", [rectangle(1.1, 1.1, 0.2, 0.2), rectangle(4, 4, 1, 1)])
    assert set(np.unique(burn(read_polygons(path), GRID))) == {0, 2}


def test_a_multipolygon_is_one_object_a_part(tmp_path, fake, rectangle):
    both = shapely.MultiPolygon([rectangle(1, 1, 1, 1), rectangle(4, 4, 1, 1)])
    ids = burn(read_polygons(fake.geojson(tmp_path / "a.geojson", [both])), GRID)
    assert (ids[1, 1], ids[4, 4]) == (1, 2)


def test_invalid_polygons_are_repaired_and_other_shapes_left_out(tmp_path, fake):
    x, y = 350_000.0, 3_050_000.0
    bow = shapely.Polygon([(x, y), (x + 4, y - 4), (x + 4, y), (x, y - 4)])
    mixed = shapely.GeometryCollection([shapely.Point(x, y), shapely.box(x, y - 1, x + 1, y)])
    path = fake.geojson(tmp_path / "a.geojson", [bow, mixed, shapely.LineString([(x, y), (x + 1, y)])])
    polygons = read_polygons(path)
    assert len(polygons.geometries) == 3
    assert shapely.is_valid(polygons.geometries).all()
    assert polygons.kinds == {"Polygon": 1, "GeometryCollection": 1, "LineString": 1}


def test_geopackage_and_geojson_give_the_same_polygons(tmp_path, fake, rectangle):
    shapes = [rectangle(1, 1, 2, 3), rectangle(5, 4, 2, 2)]
    one = read_polygons(fake.gpkg(tmp_path / "a.gpkg", {"houses": shapes}))
    two = read_polygons(fake.geojson(tmp_path / "a.geojson", shapes))
    assert one.crs == two.crs
    assert shapely.equals_exact(one.geometries, two.geometries).all()
    np.testing.assert_array_equal(burn(one, GRID), burn(two, GRID))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.geojson", "a.gpkg"]


def test_geopackage_layer_is_chosen_by_its_kind_and_name(tmp_path, fake, rectangle):
    road = shapely.LineString([(0, 0), (1, 1)])
    mixed = fake.gpkg(tmp_path / "a.gpkg", {"roads": [road], "houses": [rectangle(1, 1, 1, 1)]})
    assert len(read_polygons(mixed).geometries) == 1
    layers = {"city_buildings": [rectangle(1, 1, 1, 1)], "fields": [rectangle(1, 1, 5, 5)] * 2}
    assert len(read_polygons(fake.gpkg(tmp_path / "b.gpkg", layers)).geometries) == 1
    layers = {"parcels": [rectangle(1, 1, 1, 1)], "fields": [rectangle(1, 1, 5, 5)]}
    with pytest.raises(SourceError, match=r"c\.gpkg: layers are fields, parcels; keep one"):
        read_polygons(fake.gpkg(tmp_path / "c.gpkg", layers))
    with pytest.raises(SourceError, match=r"CRS of the polygons is undefined \(srs_id -1\)"):
        read_polygons(fake.gpkg(tmp_path / "d.gpkg", {"a": [rectangle(1, 1, 1, 1)]}, srs_id=-1))
    assert read_polygons(fake.gpkg(tmp_path / "e.gpkg", {"roads": [road]})).problem.startswith(
        "e.gpkg holds 1 lines"
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"{", "neither GeoJSON nor GeoPackage"),
        (b'{"type": "FeatureCollection"}', "neither GeoJSON nor GeoPackage"),
        (b"\xff\xfe", "neither GeoJSON nor GeoPackage"),
        (b"SQLite format 3\0" + b"x" * 200, "not a readable GeoPackage"),
        (
            b'{"type": "Point", "coordinates": [0, 0], "crs": {"properties": {"name": "EPSG:0"}}}',
            "the CRS is not known",
        ),
        (b"", "the file is empty"),
    ],
)
def test_broken_files_are_refused_with_their_name(tmp_path, content, text):
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.geojson: {text}"):
        read_polygons(path)


def test_a_changed_file_is_parsed_again(tmp_path, fake, rectangle):
    path = tmp_path / "a.geojson"
    first = read_polygons(fake.geojson(path, [rectangle(1, 1, 2, 3)]))
    assert read_polygons(path) is first
    assert len(read_polygons(fake.geojson(path, [rectangle(1, 1, 2, 3)] * 2)).geometries) == 2


def test_reach_is_by_the_bounds_of_all_polygons_and_needs_a_crs(rectangle):
    around = polygons_of([rectangle(-9, -9, 1, 1), rectangle(20, 20, 1, 1)])
    assert reaches(around, GRID)
    assert not burn(around, GRID).any()
    assert not reaches(polygons_of([rectangle(8, 0, 1, 1)]), GRID)
    assert not reaches(around, GeoGrid.plain((8, 10), 0.5))


corners = st.tuples(st.floats(-2, 9), st.floats(-2, 11), st.floats(0.3, 6), st.floats(0.3, 6))


@settings(deadline=None)
@given(boxes=st.lists(corners, min_size=1, max_size=6), row=st.integers(0, 7), col=st.integers(0, 9))
def test_a_window_burns_the_same_ids_as_the_whole(boxes, row, col):
    # Multiples of 1/8 px away from centres: sums are exact, so both ways round alike.
    snapped = [[round(value * 4) / 4 + 0.125 for value in box] for box in boxes]
    shapes = [
        shapely.box(350_000 + c / 2, 3_050_000 - (r + h) / 2, 350_000 + (c + w) / 2, 3_050_000 - r / 2)
        for r, c, h, w in snapped
    ]
    polygons = polygons_of(shapes)
    rows, cols = 8 - row, 10 - col
    np.testing.assert_array_equal(
        burn(polygons, GRID.window(row, col, rows, cols)), burn(polygons, GRID)[row:, col:]
    )
