"""Every layout that is found without patterns, and what is refused with which reason."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine

from diachron.core.errors import REJECTION_REASONS, RecipeError, SourceError, UnknownNameError
from diachron.pipelines.sources import Source, SourceOptions, discover

UTM = "EPSG:32645"


def found(folder: Path, **options: object) -> Source:
    return discover(SourceOptions(source=str(folder), **options))


def names(source: Source) -> list[str]:
    return [tile.name for tile in source.tiles]


def reasons(source: Source) -> dict[str, str]:
    assert all(refusal.reason in REJECTION_REASONS for refusal in source.refusals)
    return {refusal.path: refusal.reason for refusal in source.refusals}


def test_rgb_and_label_side_by_side_pair_by_name(tmp_path, fake):
    for name in ("b", "a"):
        fake.image(tmp_path / f"{name}_rgb.jpg")
        fake.label(tmp_path / f"{name}_label.png")
    source = found(tmp_path, schema="mbrsc", gsd_m=1.0)
    assert names(source) == ["a", "b"]
    assert source.tiles[0].label == tmp_path / "a_label.png"
    assert not source.refusals


@pytest.mark.parametrize("image_folder", ["image", "images", "Images"])
@pytest.mark.parametrize("label_folder", ["label", "labels", "mask", "masks"])
def test_folders_pair_by_stem_whatever_the_suffix(tmp_path, fake, image_folder, label_folder):
    fake.image(tmp_path / image_folder / "x.webp", QUALITY=100)
    fake.label(tmp_path / label_folder / "x.png")
    fake.label(tmp_path / label_folder / "layout_without_image.png")
    source = found(tmp_path, schema="building", gsd_m=0.5)
    assert names(source) == [f"{image_folder}/x"]
    assert source.tiles[0].label == tmp_path / label_folder / "x.png"


def test_upper_case_suffixes_are_seen_and_hidden_files_are_not(tmp_path, fake):
    fake.image(tmp_path / "x.tif").rename(tmp_path / "x.TIF")
    fake.label(tmp_path / "x_label.png")
    fake.image(tmp_path / ".hidden.tif")
    source = found(tmp_path, schema="building", gsd_m=0.5)
    assert names(source) == ["x"]
    assert not source.refusals


def test_train_val_test_folders_become_splits(tmp_path, fake):
    for split in ("train", "val", "test"):
        fake.image(tmp_path / split / "image" / "x.png")
        fake.label(tmp_path / split / "label" / "x.png")
    source = found(tmp_path, schema="building", gsd_m=0.5)
    assert {tile.name: tile.split for tile in source.tiles} == {
        f"{split}/image/x": split for split in ("train", "val", "test")
    }


def test_names_stay_unique_when_only_the_suffix_differs(tmp_path, fake):
    fake.image(tmp_path / "a.png")
    fake.image(tmp_path / "a.jpg")
    fake.image(tmp_path / "b_rgb.png")
    fake.image(tmp_path / "b.png")
    for stem in "ab":
        fake.label(tmp_path / f"{stem}_label.png")
    source = found(tmp_path, schema="building", gsd_m=0.5)
    assert names(source) == ["a.jpg", "a.png", "b.png", "b_rgb.png"]


def test_own_polygons_need_no_scheme_and_no_gsd(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "kampala_rgb.tif")
    fake.geojson(tmp_path / "kampala_buildings.geojson", [rectangle(1, 1, 2, 3)], crs=None)
    source = found(tmp_path)
    (tile,) = source.tiles
    assert (source.schema.name, tile.gsd_from, tile.label) == ("building", "file", None)
    assert tile.grid.gsd_m == pytest.approx(0.5)
    assert tile.footprints == tmp_path / "kampala_buildings.geojson"


def test_one_polygon_file_serves_all_tiles_that_its_bounds_reach(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "t_r0c0_rgb.tif")
    fake.geo_image(tmp_path / "t_r0c1_rgb.tif", origin=(350_005.0, 3_050_000.0))
    fake.geo_image(tmp_path / "far_rgb.tif", origin=(351_000.0, 3_050_000.0))
    fake.geojson(
        tmp_path / "osm_buildings.geojson", [rectangle(1, 1, 2, 2), rectangle(1, 15, 2, 2)], crs=None
    )
    source = found(tmp_path)
    assert names(source) == ["t_r0c0", "t_r0c1"]
    assert {tile.place for tile in source.tiles} == {"t"}
    assert reasons(source) == {"far_rgb.tif": "no_label"}
    assert re.search(r"osm_buildings\.geojson does not reach it", source.refusals[0].detail)


def test_polygons_of_a_place_beside_the_folders_cover_its_tiles(tmp_path, fake, rectangle):
    for place, east in (("nepal", 350_000.0), ("kenya", 360_000.0)):
        fake.geo_image(tmp_path / "image" / f"{place}_a_r0c0.tif", origin=(east, 3_050_000.0))
        fake.label(tmp_path / "label" / f"{place}_a_r0c0.png", values=(0, 255))
        shift = shapely.affinity.translate(rectangle(1, 1, 2, 2), east - 350_000.0)
        fake.geojson(tmp_path / f"{place}_buildings.geojson", [shift], crs=None)
    source = found(tmp_path)
    assert [tile.footprints.name for tile in source.tiles] == [
        "kenya_buildings.geojson",
        "nepal_buildings.geojson",
    ]
    assert source.schema.name == "building"


def test_vector_folder_pairs_by_the_stem_before_the_last_word(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "image" / "atlanta_pan.tif")
    fake.geo_image(tmp_path / "image" / "vegas_pan.tif", origin=(360_000.0, 3_050_000.0))
    fake.geojson(tmp_path / "vector" / "atlanta_buildings.geojson", [rectangle(1, 1, 2, 2)])
    fake.geojson(
        tmp_path / "vector" / "vegas_roads.geojson", [shapely.LineString([(360_000, 3_050_000), (0, 0)])]
    )
    source = found(tmp_path)
    assert names(source) == ["image/atlanta_pan"]
    assert reasons(source) == {"image/vegas_pan.tif": "no_label"}
    assert re.search(r"vegas_roads\.geojson holds 1 lines, .* no width", source.refusals[0].detail)


def test_polygons_that_do_not_say_building_are_not_guessed(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "a.tif")
    fields = fake.geojson(tmp_path / "fields.geojson", [rectangle(1, 1, 2, 2)])
    with pytest.raises(SourceError, match=r"1 no_label.*fields\.geojson does not say.*--footprints"):
        found(tmp_path)
    assert found(tmp_path, footprints=str(fields)).tiles[0].footprints == fields


def test_two_polygon_files_that_reach_a_tile_are_ambiguous(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "a.tif")
    for name in ("osm", "city"):
        fake.geojson(tmp_path / f"{name}_buildings.geojson", [rectangle(1, 1, 2, 2)])
    with pytest.raises(SourceError, match=r"several polygon files reach it: city_buildings.*--footprints"):
        found(tmp_path)


def test_two_label_maps_of_one_image_are_ambiguous(tmp_path, fake):
    fake.image(tmp_path / "image" / "a.png")
    fake.label(tmp_path / "label" / "a.png")
    fake.label(tmp_path / "label" / "a.tif")
    with pytest.raises(SourceError, match=r"several label maps: a\.png, a\.tif; name one with --labels"):
        found(tmp_path, schema="building", gsd_m=1.0)


def test_table_gives_gsd_split_and_place(tmp_path, fake):
    for name in "abc":
        fake.image(tmp_path / "image" / f"{name}.jpg")
        fake.label(tmp_path / "label" / f"{name}.png")
    (tmp_path / "tiles.csv").write_text("name,place,gsd_m,split\na,Wien,0.3,test\nb,Wien,0.3-2.5,\nc,,0.5,\n")
    source = found(tmp_path, schema="building")
    assert [(t.name, t.grid.gsd_m, t.gsd_from, t.split, t.place) for t in source.tiles] == [
        ("image/a", 0.3, "tiles.csv", "test", "Wien"),
        ("image/c", 0.5, "tiles.csv", None, "image/c"),
    ]
    assert reasons(source) == {"image/b.jpg": "no_gsd"}
    assert "'0.3-2.5' in line 3" in source.refusals[0].detail
    assert {t.gsd_from for t in found(tmp_path, schema="building", gsd_m=2.0).tiles} == {"given"}


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("stem,gsd_m\na,1\n", r"no column 'name'"),
        ("name,split\na,training\n", r"line 2, tile 'a': split is 'training'.*train, val, test"),
        ("name\na\na\n", r"line 3: tile 'a' stands there twice"),
    ],
)
def test_a_wrong_table_stops_the_whole_source(tmp_path, fake, table, text):
    fake.image(tmp_path / "a.png")
    fake.label(tmp_path / "a_label.png")
    (tmp_path / "tiles.csv").write_text(table)
    with pytest.raises(SourceError, match=text):
        found(tmp_path, schema="building", gsd_m=1.0)


@pytest.fixture
def flawed(tmp_path, fake):
    """A source with two good tiles and one of every flaw."""
    transform = Affine(0.5, 0, 350_000, 0, -0.5, 3_050_000)
    geo = {"crs": UTM, "transform": transform}
    rgb = np.ones((3, 8, 10), np.uint8)
    for name in ("good_1", "good_2", "shape", "shifted", "colour", "torn", "real"):
        fake.raster(tmp_path / f"{name}.tif", rgb, **geo)
        fake.label(tmp_path / f"{name}_label.png")
    fake.label(tmp_path / "shape_label.png", (10, 8))
    (tmp_path / "shifted_label.png").unlink()
    moved = Affine(0.5, 0, 350_000.3, 0, -0.5, 3_050_000)
    fake.raster(tmp_path / "shifted_label.tif", np.ones((8, 10), np.uint8), crs=UTM, transform=moved)
    fake.image(tmp_path / "colour_label.png")
    (tmp_path / "torn_label.png").write_bytes(b"\x89PNG but no more")
    (tmp_path / "real_label.png").unlink()
    fake.raster(tmp_path / "real_label.tif", np.ones((8, 10), np.float32))
    fake.raster(tmp_path / "unlabelled.tif", rgb, **geo)
    fake.raster(tmp_path / "dsm.tif", np.ones((8, 10), np.float32), **geo)
    fake.raster(tmp_path / "dem.tif", np.ones((8, 10), np.int16), **geo)
    fake.raster(tmp_path / "bit.png", np.ones((8, 10), np.uint8), NBITS=1)
    fake.raster(tmp_path / "indexed.png", np.ones((8, 10), np.uint8), palette={1: (9, 9, 9)})
    fake.raster(tmp_path / "signed.tif", rgb.astype(np.int16), **geo)
    fake.raster(tmp_path / "four.tif", np.full((4, 8, 10), 7, np.uint8), **geo)
    fake.raster(tmp_path / "deep.tif", rgb.astype(np.uint16), **geo)
    fake.raster(tmp_path / "plain.png", rgb)
    for name in ("four", "deep", "plain"):
        fake.label(tmp_path / f"{name}_label.png")
    (tmp_path / "zero.tif").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("not a picture")
    return tmp_path


def test_each_flaw_is_refused_with_its_reason_and_the_rest_goes_on(flawed):
    source = found(flawed, schema="building")
    assert names(source) == ["good_1", "good_2"]
    assert reasons(source) == {
        "bit.png": "not_an_image",
        "torn.tif": "unreadable",
        "colour.tif": "label_outside_scheme",
        "deep.tif": "band_mismatch",
        "dem.tif": "not_an_image",
        "dsm.tif": "not_an_image",
        "four.tif": "band_mismatch",
        "indexed.png": "not_an_image",
        "plain.png": "no_gsd",
        "real.tif": "label_outside_scheme",
        "shape.tif": "size_mismatch",
        "shifted.tif": "crs_mismatch",
        "signed.tif": "not_an_image",
        "text.jpg": "unreadable",
        "unlabelled.tif": "no_label",
        "zero.tif": "empty",
    }
    details = {refusal.path: refusal.detail for refusal in source.refusals}
    assert re.search(r"8 x 10 pixels.*shape_label\.png has 10 x 8", details["shape.tif"])
    assert re.search(r"colour-coded \(3 bands\); turn its colours to class ids", details["colour.tif"])
    assert re.search(r"3 x uint16, while 2 tiles .* 3 x uint8", details["deep.tif"])


def test_nothing_usable_is_one_line_with_counts_and_the_first_detail(tmp_path, fake):
    for name in "ab":
        fake.raster(tmp_path / f"{name}.tif", np.ones((4, 4), np.float32))
    (tmp_path / "c.tif").write_bytes(b"")
    with pytest.raises(
        SourceError, match=r"none of 3 images can be used \(2 not_an_image, 1 empty\); a\.tif: one band of"
    ) as caught:
        found(tmp_path)
    assert caught.value.reason == "not_an_image"
    assert "\n" not in str(caught.value)


def test_missing_gsd_names_the_option(tmp_path, fake):
    fake.image(tmp_path / "a.png")
    fake.label(tmp_path / "a_label.png")
    with pytest.raises(SourceError, match=r": no ground sampling distance in the files; add --gsd METRES$"):
        found(tmp_path, schema="building")


def test_missing_scheme_names_the_values_and_the_schemes_that_hold_them(tmp_path, fake):
    folder = tmp_path / "my_mbrsc"
    for index in range(3):
        fake.image(folder / f"{index}_rgb.png")
        fake.label(folder / f"{index}_label.png", values=range(6))
    text = (
        r"^my_mbrsc: 3 label maps hold the values 0-5, and no scheme is given; add --schema NAME\|FILE "
        r"\(mbrsc, .* hold these values\), and --gsd METRES"
    )
    with pytest.raises(RecipeError, match=text):
        found(folder)
    fake.label(folder / "1_label.png", values=(0, 77))
    with pytest.raises(RecipeError, match=r"0-5, 77,.*no built-in scheme holds all of them: write a FILE"):
        found(folder)


@pytest.mark.parametrize(
    ("folder", "ending", "values", "taken"),
    [
        ("cities_buildings", "_label", (0, 255), True),
        ("cities", "_building", (0, 1), True),
        ("cities", "_label", (0, 255), False),
        ("cities_buildings", "_label", (0, 2), False),
    ],
)
def test_masks_are_buildings_only_where_a_name_says_so(tmp_path, fake, folder, ending, values, taken):
    fake.image(tmp_path / folder / "a_rgb.png")
    fake.label(tmp_path / folder / f"a{ending}.png", values=values)
    if taken:
        assert found(tmp_path / folder, gsd_m=1.0).schema.name == "building"
    else:
        with pytest.raises(RecipeError, match="no scheme is given"):
            found(tmp_path / folder, gsd_m=1.0)


def test_scheme_file_beside_the_labels_is_used(tmp_path, fake):
    fake.image(tmp_path / "image" / "a.png")
    fake.label(tmp_path / "label" / "a.png", values=(0, 2))
    (tmp_path / "label" / "scheme.yaml").write_text(
        "name: mine\nrest: soil\n"
        "classes: [{id: 0, name: soil, hub: bare}, {id: 2, name: hut, hub: building}]\n"
    )
    assert found(tmp_path, gsd_m=1.0).schema.name == "mine"
    assert found(tmp_path, gsd_m=1.0, schema="loveda").schema.name == "loveda"


def test_wrong_scheme_name_gets_the_nearest(tmp_path, fake):
    fake.image(tmp_path / "a.png")
    with pytest.raises(UnknownNameError, match="did you mean 'mbrsc'"):
        found(tmp_path, schema="mbrcs")


def test_polygons_beside_a_scheme_without_buildings(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "a.tif")
    polygons = fake.geojson(tmp_path / "a_buildings.geojson", [rectangle(1, 1, 2, 2)])
    with pytest.raises(SourceError, match="scheme 'mbrsc' has no class of ground of unknown kind"):
        found(tmp_path, schema="mbrsc")
    fake.label(tmp_path / "a_label.png")
    assert found(tmp_path, schema="road").tiles[0].footprints is None
    with pytest.raises(RecipeError, match="polygons are buildings, and scheme 'road' has no class"):
        found(tmp_path, schema="road", footprints=str(polygons))


def test_footprints_that_cannot_serve_stop_the_source(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "a.tif")
    fake.label(tmp_path / "a_label.png")
    far = fake.geojson(tmp_path / "far.geojson", [shapely.affinity.translate(rectangle(1, 1, 2, 2), 9e4)])
    lines = fake.geojson(tmp_path / "lines.geojson", [shapely.LineString([(0, 0), (1, 1)])])
    with pytest.raises(SourceError, match=r"far\.geojson: the polygons reach none of 1 tiles"):
        found(tmp_path, schema="building", footprints=str(far))
    with pytest.raises(SourceError, match=r"lines\.geojson holds 1 lines"):
        found(tmp_path, schema="building", footprints=str(lines))
    with pytest.raises(SourceError, match="footprints cannot be read"):
        found(tmp_path, schema="building", footprints=str(tmp_path / "none.gpkg"))


def test_image_pairs_are_not_single_dates(tmp_path, fake):
    for folder in ("t1", "t2", "change"):
        fake.image(tmp_path / folder / "a.png")
    with pytest.raises(SourceError, match=r"no image found; the folder holds pairs \(t1, t2\)"):
        found(tmp_path)


@pytest.mark.parametrize("gsd", [0.0, -1.0, float("nan")])
def test_a_gsd_that_is_no_length_is_refused(tmp_path, fake, gsd):
    fake.image(tmp_path / "a.png")
    with pytest.raises(RecipeError, match=r"--gsd .*positive"):
        found(tmp_path, gsd_m=gsd)
