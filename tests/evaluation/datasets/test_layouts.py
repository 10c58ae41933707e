"""Every published layout, on fake data: parts, names, and what the labels become."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from diachron.core.errors import LabelError, SourceError, UnknownNameError
from diachron.core.schemes import schema_named
from diachron.evaluation.datasets import open_pairs
from tests.evaluation.datasets.conftest import dated, mask, picture, save
from tests.tiles import write_raster

SPLIT_FIRST = {
    "levir": (("A", "B", "label"), 0.5),
    "whu_cd": (("A", "B", "label"), 0.2),
    "s2looking": (("Image1", "Image2", "label"), 0.65),
    "clcd": (("time1", "time2", "label"), 1.0),
}


@pytest.mark.parametrize("name", SPLIT_FIRST)
@pytest.mark.parametrize("white", [1, 255])
def test_a_folder_for_each_split(name, white, tmp_path):
    names, gsd_m = SPLIT_FIRST[name]
    dated(tmp_path / "train", names, ["1", "2"], white)
    dated(tmp_path / "test", names, ["1"], white)
    whole = open_pairs(f"{name}:{tmp_path}")
    assert whole.names == ("train/1", "train/2", "test/1")
    pair = open_pairs(f"{name}:{tmp_path}@train")[1]
    assert (pair.name, pair.gsd_m, pair.full_scale, pair.shape) == ("2", gsd_m, 255.0, (16, 24))
    np.testing.assert_array_equal(pair.t1, np.moveaxis(picture(2), -1, 0))
    np.testing.assert_array_equal(pair.t2, np.moveaxis(picture(3), -1, 0))
    np.testing.assert_array_equal(pair.change, mask(1))
    assert open_pairs(f"{name}:{tmp_path}@train", gsd_m=0.3)[0].gsd_m == 0.3
    with pytest.raises(UnknownNameError, match="known: test, train"):
        open_pairs(f"{name}:{tmp_path}@val")


def test_levir_plus_lies_in_a_folder_of_its_own(tmp_path):
    dated(tmp_path / "LEVIR-CD+" / "test", ("A", "B", "label"), ["1", "2"])
    assert len(open_pairs(f"levir:{tmp_path}@test")) == 2


def test_flat_levir_splits_by_list_or_by_name(tmp_path):
    dated(tmp_path, ("A", "B", "label"), ["train_1", "train_2", "val_1", "test_1"])
    assert open_pairs(f"levir:{tmp_path}@train").names == ("train_1", "train_2")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "val.txt").write_text("train_2.png\nval_1\n")
    assert open_pairs(f"levir:{tmp_path}@val").names == ("train_2", "val_1")
    (tmp_path / "list" / "val.txt").write_text("train_9.png\n")
    with pytest.raises(SourceError, match=r"train_9\.png"):
        open_pairs(f"levir:{tmp_path}@val")


def test_levir_windows_are_parted_by_scene(tmp_path):
    dated(tmp_path, ("t1", "t2", "change"), ["test_1_0000_0512", "test_2", "test_121_0768_0256", "val_7"])
    assert open_pairs(f"levir:{tmp_path}@dev").names == ("test_1_0000_0512", "test_2")
    assert open_pairs(f"levir:{tmp_path}@test").names == ("test_121_0768_0256",)
    assert len(open_pairs(f"levir:{tmp_path}")) == 4


def test_gf1_is_parted_by_row(tmp_path):
    dated(tmp_path, ("t1", "t2", "change"), ["9_70", "29_1", "30_1", "38_99"])
    assert open_pairs(f"gf1:{tmp_path}@train").names == ("29_1", "9_70")
    assert open_pairs(f"gf1:{tmp_path}@test").names == ("30_1", "38_99")


@pytest.mark.parametrize("release", ["", "1. The two-period image data"])
def test_whole_whu_pictures_are_read_by_windows(release, tmp_path):
    root = tmp_path / release
    whole = picture(0, rows=600, cols=1100)
    for year in ("2012", "2016"):
        save(root / year / "whole_image" / "test" / "image" / f"{year}_test.tif", whole)
    save(root / "change_label" / "test" / "change_label.tif", mask(rows=600, cols=1100))
    opened = open_pairs(f"whu_cd:{tmp_path}@test")
    assert [pair.shape for pair in opened] == [
        (512, 512),
        (512, 512),
        (512, 76),
        (88, 512),
        (88, 512),
        (88, 76),
    ]
    np.testing.assert_array_equal(opened[5].t1, np.moveaxis(whole[512:, 1024:], -1, 0))
    assert [int(pair.change.sum()) for pair in opened] == [24, 0, 0, 0, 0, 0]
    with pytest.raises(UnknownNameError, match="known: test"):
        open_pairs(f"whu_cd:{tmp_path}@train")


def test_whu_before_and_after(tmp_path):
    for name in ("before", "after"):
        save(tmp_path / name / f"{name}.tif", picture(0))
        save(tmp_path / name / f"{name}_label.tif", mask())
    save(tmp_path / "change label" / "change_label.tif", mask())
    (pair,) = open_pairs(f"whu_cd:{tmp_path}")
    np.testing.assert_array_equal(pair.change, mask(1))


def second(folder, before, after, *, as_colours, stem="00001"):
    table = schema_named("second").colour_table()
    save(folder / "im1" / f"{stem}.png", picture(0))
    save(folder / "im2" / f"{stem}.png", picture(1))
    for name, ids in (("label1", before), ("label2", after)):
        if as_colours == "palette":
            image = Image.fromarray(ids).convert("P")
            image.putpalette([channel for class_id in range(7) for channel in table[class_id]])
            (folder / name).mkdir(parents=True, exist_ok=True)
            image.save(folder / name / f"{stem}.png")
        else:
            coloured = np.array([table[class_id] for class_id in range(7)], np.uint8)[ids]
            save(folder / name / f"{stem}.png", coloured if as_colours else ids)


@pytest.mark.parametrize("as_colours", [True, False, "palette"])
def test_second_maps_as_colours_or_ids(as_colours, tmp_path):
    before, after = mask(3), mask(5)
    # One pixel with a class at one date only.
    after[0, 0] = 0
    second(tmp_path / "test", before, after, as_colours=as_colours)
    (pair,) = open_pairs(f"second:{tmp_path}@test")
    np.testing.assert_array_equal(pair.labels_t1, before)
    np.testing.assert_array_equal(pair.labels_t2, after)
    assert pair.schema is schema_named("second")
    assert pair.change[0, 0] == 255
    np.testing.assert_array_equal(pair.change.ravel()[1:], mask(1).ravel()[1:])


def test_second_refuses_other_colours(tmp_path):
    second(tmp_path, mask(3), mask(5), as_colours=True)
    strange = picture(0) * 0 + 255
    strange[3, 2] = (1, 2, 3)
    save(tmp_path / "label2" / "00001.png", strange)
    with pytest.raises(LabelError, match=r"#010203 at row 3, column 2"):
        open_pairs(f"second:{tmp_path}")[0]
    save(tmp_path / "label2" / "00001.png", mask(9))
    with pytest.raises(LabelError, match="value 9"):
        open_pairs(f"second:{tmp_path}")[0]


def xbd(folder, damages, *, name="quake_00000007", polygons=True):
    for date in ("pre", "post"):
        save(folder / "images" / f"{name}_{date}_disaster.png", picture(0, 32, 32))
    if not polygons:
        drawn = np.zeros((32, 32), np.uint8)
        for number, damage in enumerate(damages):
            drawn[:4, 5 * number : 5 * number + 4] = {"no-damage": 1, "minor-damage": 2, "destroyed": 4}[
                damage
            ]
        save(folder / "targets" / f"{name}_post_disaster_target.png", drawn)
        save(folder / "targets" / f"{name}_pre_disaster_target.png", (drawn > 0).astype(np.uint8))
        return
    for date in ("pre", "post"):
        features = []
        for number, damage in enumerate(damages):
            x = 5 * number
            kind = {"feature_type": "building", "uid": str(number)}
            features.append(
                {
                    "properties": kind | ({"subtype": damage} if date == "post" else {}),
                    "wkt": f"POLYGON (({x} 0, {x + 4} 0, {x + 4} 4, {x} 4, {x} 0))",
                }
            )
        path = folder / "labels" / f"{name}_{date}_disaster.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"features": {"xy": features, "lng_lat": []}, "metadata": {}}))


@pytest.mark.parametrize("polygons", [True, False])
def test_xbd_damage_from_polygons_or_maps(polygons, tmp_path):
    xbd(tmp_path / "tier3", ["no-damage", "minor-damage", "destroyed"], polygons=polygons)
    (pair,) = open_pairs(f"xbd:{tmp_path}@tier3")
    assert (pair.name, pair.gsd_m) == ("quake_00000007", 0.5)
    assert pair.labels_t2[2].tolist() == [1] * 4 + [0] + [2] * 4 + [0] + [4] * 4 + [0] * 18
    assert pair.labels_t1[2].tolist() == [1] * 4 + [0] + [1] * 4 + [0] + [1] * 4 + [0] * 18
    assert pair.change.sum() == 32
    assert pair.schema is schema_named("xbd")


def test_xbd_buildings_nobody_classified_are_unknown(tmp_path):
    xbd(tmp_path, ["un-classified", "no-damage"])
    (pair,) = open_pairs(f"xbd:{tmp_path}")
    assert pair.change[0, :10].tolist() == [255] * 4 + [0] * 6
    assert pair.labels_t2[0, 0] == 255


def test_xbd_heavier_damage_stands_where_polygons_overlap(tmp_path):
    for order in (["destroyed", "no-damage", "un-classified"], ["un-classified", "no-damage", "destroyed"]):
        xbd(tmp_path, order)
        path = tmp_path / "labels" / "quake_00000007_post_disaster.json"
        found = json.loads(path.read_text())
        for feature in found["features"]["xy"]:
            feature["wkt"] = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
        path.write_text(json.dumps(found))
        (pair,) = open_pairs(f"xbd:{tmp_path}")
        assert np.unique(pair.labels_t2).tolist() == [0, 4]


def test_xbd_says_what_is_missing(tmp_path):
    xbd(tmp_path, ["no-damage"])
    (tmp_path / "labels" / "quake_00000007_post_disaster.json").write_text('{"features": {"xy": [{}]}}')
    with pytest.raises(SourceError, match="not polygons of xBD"):
        open_pairs(f"xbd:{tmp_path}")[0]
    (tmp_path / "labels" / "quake_00000007_post_disaster.json").unlink()
    with pytest.raises(SourceError, match="neither targets/ nor labels/"):
        open_pairs(f"xbd:{tmp_path}")
    (tmp_path / "images" / "quake_00000007_post_disaster.png").unlink()
    with pytest.raises(SourceError, match="one date only"):
        open_pairs(f"xbd:{tmp_path}")


@pytest.mark.parametrize("as_png", [True, False])
def test_oscd_as_published(as_png, tmp_path):
    prefix = "Onera Satellite Change Detection dataset - "
    for number, (city, labels) in enumerate((("paris", "Train"), ("chongqing", "Test"))):
        for date in (1, 2):
            for band in ("B02", "B03", "B04", "B08", "B8A"):
                values = np.full((16, 24), 1000 * date + int(band[1:].replace("A", "0")), np.uint16)
                write_raster(
                    tmp_path / f"{prefix}Images" / city / f"imgs_{date}_rect" / f"{band}.tif", values
                )
        cm = tmp_path / f"{prefix}{labels} Labels" / city / "cm"
        if as_png:
            save(cm / "cm.png", mask())
        else:
            write_raster(cm / f"{city}-cm.tif", mask(1) + np.uint8(1))
        assert len(open_pairs(f"oscd:{tmp_path}")) == number + 1
    (pair,) = open_pairs(f"oscd:{tmp_path}@test")
    assert (pair.name, pair.gsd_m, pair.full_scale) == ("chongqing", 10.0, 10_000.0)
    assert pair.bands == ("red", "green", "blue", "nir")
    assert pair.t1[:, 0, 0].tolist() == [1004, 1003, 1002, 1008]
    assert pair.t2[0, 0, 0] == 2004
    np.testing.assert_array_equal(pair.change, mask(1))


def test_oscd_windows_of_four_bands_meet_the_mask_at_their_offset(tmp_path):
    dated(tmp_path, ("t1", "t2", "change"), ["oslo_0010_0020"])
    bands = np.stack([np.full((16, 16), value, np.uint16) for value in (2, 3, 4, 8)])
    for date in ("t1_b4", "t2_b4"):
        # Two rows further up and four columns to the right of the mask, which is 16 x 24.
        write_raster(tmp_path / date / "oslo_0008_0024.tif", bands)
    (pair,) = open_pairs(f"oscd:{tmp_path}@b4")
    assert pair.t1[:, 0, 0].tolist() == [4, 3, 2, 8]
    expected = np.full((16, 16), 255)
    expected[2:] = mask(1)[:14, 4:20]
    np.testing.assert_array_equal(pair.change, expected)


def naip(folder):
    years = {"a_1": "2016|2018|2020", "b_2": "2018|2020", "c_3": "2020"}
    for place, taken in years.items():
        for year in taken.split("|"):
            save(folder / f"{place}_{year}_rgb.tif", picture(0))
    (folder / "places.csv").write_text(
        "place,years,split,change_level\n"
        "a_1,2016|2018|2020,train,none seen\nb_2,2018|2020,val,strong\nc_3,2020,train,\n"
    )
    (folder / "change_boxes.csv").write_text(
        "place,from_year,to_year,change,x0_px,y0_px,x1_px,y1_px\n"
        "b_2,2018,2020,built,1,2,3,4\nb_2,2018,2020,cleared,5,6,7,8\n"
    )
    return folder


def test_naip_unchanged_and_boxes(tmp_path):
    naip(tmp_path)
    still = open_pairs(f"naip:{tmp_path}@unchanged")
    assert still.names == ("a_1_2016_2018", "a_1_2016_2020", "a_1_2018_2020")
    assert not still[0].change.any()
    assert still[0].gsd_m == 0.6
    assert len(open_pairs(f"naip:{tmp_path}@unchanged-val")) == 0
    boxed = open_pairs(f"naip:{tmp_path}@boxes-val")
    assert boxed.names == ("b_2_2018_2020",)
    assert [(box.x0, box.y0, box.x1, box.y1, box.change) for box in boxed.boxes(0)] == [
        (1, 2, 3, 4, "built"),
        (5, 6, 7, 8, "cleared"),
    ]
    assert (boxed[0].change == 255).all()
    assert len(open_pairs(f"naip:{tmp_path}@boxes-train")) == 0


def test_naip_needs_a_part_and_its_tables(tmp_path):
    naip(tmp_path)
    with pytest.raises(UnknownNameError, match="say which pairs"):
        open_pairs(f"naip:{tmp_path}")
    (tmp_path / "b_2_2020_rgb.tif").unlink()
    with pytest.raises(SourceError, match=r"b_2_2020_rgb\.tif"):
        open_pairs(f"naip:{tmp_path}@boxes")
    (tmp_path / "change_boxes.csv").write_text("place\nb_2\n")
    with pytest.raises(SourceError, match="no column from_year"):
        open_pairs(f"naip:{tmp_path}@boxes")


def test_dates_of_two_sensors_differ_in_bands(tmp_path):
    dated(tmp_path, ("t1", "t2", "change"), ["italy", "beijing_a"])
    save(tmp_path / "t1" / "italy.png", mask(77))
    far, near = open_pairs(f"hetero:{tmp_path}")[1], open_pairs(f"hetero:{tmp_path}")[0]
    assert (far.t1.shape[0], far.t2.shape[0], far.gsd_m, far.bands) == (1, 3, 30.0, ("nir",))
    assert (near.t1.shape[0], near.gsd_m) == (3, 0.6)
    dated(tmp_path, ("t1", "t2", "change"), ["elsewhere"])
    with pytest.raises(SourceError, match="'elsewhere' are not known"):
        open_pairs(f"hetero:{tmp_path}")
    assert len(open_pairs(f"hetero:{tmp_path}", gsd_m=3.0)) == 3
