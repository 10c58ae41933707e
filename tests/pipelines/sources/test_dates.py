"""Places with several dates: by name, on one grid, with a label map at one date at least."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import Affine

from diachron.core.errors import REJECTION_REASONS, SourceError
from diachron.pipelines.sources import DateOptions, Source, SourceOptions, discover
from diachron.pipelines.sources.dates import split_name, years_of
from tests.dated_tiles import SCHEME, SIDE, write_place, write_places
from tests.tiles import EAST, NORTH, UTM, write_raster


def found(folder: Path, **more: object) -> Source:
    options = SourceOptions(str(folder), schema=SCHEME, dates=DateOptions(), **more)  # type: ignore[arg-type]
    return discover(options)


def reasons(source: Source) -> dict[str, str]:
    assert all(refusal.reason in REJECTION_REASONS for refusal in source.refusals)
    return {refusal.path: refusal.reason for refusal in source.refusals}


@pytest.mark.parametrize(
    ("stem", "told"),
    [
        ("chico_16_2018", ("chico_16", "2018")),
        ("nd4709963se_20160816", ("nd4709963se", "20160816")),
        ("town-2020", ("town", "2020")),
        ("town_20160231", None),
        ("town_0512", None),
        ("2018", None),
        ("town_2018_b", None),
    ],
)
def test_a_name_tells_place_and_date(stem, told):
    assert split_name(stem) == told


def test_a_year_alone_is_its_middle_and_a_day_its_share():
    assert years_of("2018") == 2018.5
    assert years_of("20160701") == pytest.approx(2016 + 182 / 366)


def test_dates_of_a_place_stand_together_in_order_of_time(tmp_path):
    write_places(tmp_path, 2, dates=("2020", "2016", "20180716"))
    source = found(tmp_path)
    assert [tile.name for tile in source.tiles][:3] == ["town_0_2016", "town_0_20180716", "town_0_2020"]
    assert {tile.place for tile in source.tiles} == {"town_0", "town_1"}
    for tile, others in zip(source.tiles, source.others, strict=True):
        assert tile.name not in {other.name for other in others}
        times = [other.time_years for other in others]
        assert len(times) == 2
        assert times == sorted(times)
        assert {other.place for other in others} == {tile.place}


def test_a_date_without_labels_is_another_date_and_no_tile(tmp_path):
    write_place(tmp_path, "town", labelled=("2018",))
    source = found(tmp_path)
    assert [tile.name for tile in source.tiles] == ["town_2018"]
    assert [other.name for other in source.others[0]] == ["town_2016"]
    window = source.read_date(source.units(SIDE)[0], source.others[0][0])
    assert window.labels is None
    assert window.image.shape == (3, SIDE, SIDE)


def test_other_layers_of_a_picture_are_not_pictures(tmp_path):
    write_place(tmp_path, "town")
    for year in ("2016", "2018"):
        write_raster(tmp_path / f"town_{year}_nir.tif", np.ones((SIDE, SIDE), np.uint8))
    source = found(tmp_path)
    assert len(source.tiles) == 2
    assert source.refusals == ()


def test_a_date_on_another_grid_is_refused(tmp_path):
    write_place(tmp_path, "town", dates=("2014", "2016", "2018"))
    shifted = Affine(1.0, 0, EAST + 0.6, 0, -1.0, NORTH)
    write_raster(
        tmp_path / "town_2020_rgb.tif", np.full((3, SIDE, SIDE), 9, np.uint8), crs=UTM, transform=shifted
    )
    write_raster(
        tmp_path / "town_2021_rgb.tif", np.full((3, SIDE, 8), 9, np.uint8), crs=UTM, transform=shifted
    )
    source = found(tmp_path)
    assert len(source.tiles) == 3
    assert reasons(source) == {"town_2020_rgb.tif": "crs_mismatch", "town_2021_rgb.tif": "crs_mismatch"}


def test_one_date_no_date_and_no_labels_are_refused_with_a_reason(tmp_path):
    write_place(tmp_path, "town")
    write_place(tmp_path, "alone", dates=("2016",))
    write_place(tmp_path, "bare", labelled=())
    write_place(tmp_path, "town", dates=("x",))
    assert reasons(found(tmp_path)) == {
        "alone_2016_rgb.tif": "one_date",
        "bare_2016_rgb.tif": "no_label",
        "bare_2018_rgb.tif": "no_label",
        "town_x_rgb.tif": "no_date",
    }


def test_two_pictures_of_one_time_leave_one(tmp_path):
    write_place(tmp_path, "town")
    # The middle of 2016, which is what a year alone stands for.
    write_place(tmp_path, "town", dates=("20160702",))
    source = found(tmp_path)
    assert reasons(source) == {"town_2016_rgb.tif": "no_date"}
    assert [tile.date for tile in source.tiles] == ["20160702", "2018"]


def test_the_table_of_places_leaves_out_and_splits(tmp_path):
    write_places(tmp_path, 3)
    table = "place,years,split,change_level\ntown_0,2016|2018,test,none seen\ntown_1,2016|2018,train,strong\n"
    (tmp_path / "places.csv").write_text(table)
    source = found(tmp_path)
    assert {tile.place: tile.split for tile in source.tiles} == {"town_0": "test", "town_2": None}
    assert {other.split for other in source.others[0]} == {"test"}
    assert set(reasons(source).values()) == {"really_changed"}
    (tmp_path / "places.csv").write_text("place,split\ntown_0,later\n")
    with pytest.raises(SourceError, match="split is 'later'"):
        found(tmp_path)


def test_without_any_label_the_error_names_the_way_to_labels(tmp_path):
    write_places(tmp_path, 2, labelled=())
    with pytest.raises(SourceError, match=r"none of 4 pictures has a label map.*`diachron segment IMAGES"):
        found(tmp_path)


def test_labels_are_found_in_a_folder_of_segment(tmp_path):
    images = tmp_path / "images"
    write_places(images, 2)
    (images / "labels").rename(tmp_path / "label")
    (tmp_path / "confidence").mkdir()
    source = found(images, labels=str(tmp_path))
    assert len(source.tiles) == 4
    assert all(tile.label is not None and tile.label.parent == tmp_path / "label" for tile in source.tiles)


def test_the_fingerprint_follows_dates_and_other_pictures(tmp_path):
    write_place(tmp_path, "town", labelled=("2018",))
    before = found(tmp_path).fingerprint()
    assert before == found(tmp_path).fingerprint()
    other = tmp_path / "town_2016_rgb.tif"
    write_raster(
        other, np.full((3, SIDE, SIDE), 9, np.uint8), crs=UTM, transform=Affine(1, 0, EAST, 0, -1, NORTH)
    )
    changed = found(tmp_path).fingerprint()
    assert changed != before
    other.rename(tmp_path / "town_2015_rgb.tif")
    assert found(tmp_path).fingerprint() not in (before, changed)
