"""What holds for every format: names, parts, errors, and that nothing is read before it is asked for."""

from __future__ import annotations

import ast
import importlib
import pickle
import pkgutil
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import GridError, PackageError, RecipeError, SourceError, UnknownNameError
from diachron.evaluation import datasets
from diachron.evaluation.datasets import FORMATS, open_pairs
from diachron.evaluation.datasets.files import as_change, read_change
from tests.evaluation.datasets.conftest import dated, mask, picture, save
from tests.tiles import call, generation, write_raster, write_source

PLAIN = ("t1", "t2", "change")


def test_every_format_is_a_file_that_says_its_layout_and_parts():
    opens = set()
    for found in pkgutil.iter_modules(datasets.__path__):
        module = importlib.import_module(f"{datasets.__name__}.{found.name}")
        if hasattr(module, "open_set"):
            opens.add(found.name)
            text = ast.get_docstring(ast.parse(Path(module.__file__).read_text(encoding="utf-8")))
            assert "art" in text, f"{found.name} does not say its parts"
    assert opens == set(FORMATS)


def test_every_format_is_in_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "test-sets.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("text", ["levir", "levir:", ":somewhere", ""])
def test_text_without_format_or_folder_is_refused(text):
    with pytest.raises(RecipeError, match="FORMAT:DIR"):
        open_pairs(text)


def test_errors_name_what_is_near(tmp_path):
    dated(tmp_path / "train", ("A", "B", "label"), ["a"])
    with pytest.raises(UnknownNameError, match="did you mean 'levir'"):
        open_pairs(f"levirr:{tmp_path}")
    with pytest.raises(UnknownNameError, match=r"'trian'; did you mean 'train'"):
        open_pairs(f"levir:{tmp_path}@trian")
    with pytest.raises(SourceError, match="nowhere: there is no such folder"):
        open_pairs(f"levir:{tmp_path}/nowhere@test")
    with pytest.raises(RecipeError, match="above 0"):
        open_pairs(f"levir:{tmp_path}", gsd_m=0.0)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"diachron"}))
def test_an_empty_folder_is_refused_with_what_was_looked_for(name, tmp_path):
    part = "@unchanged" if name == "naip" else ""
    with pytest.raises(SourceError, match=str(tmp_path)):
        open_pairs(f"{name}:{tmp_path}{part}")


def test_a_folder_may_have_an_at_sign(tmp_path):
    folder = dated(tmp_path / "me@home" / "set@2", PLAIN, ["a"])
    assert len(open_pairs(f"pairs:{folder}", gsd_m=1.0)) == 1
    dated(tmp_path / "me@home" / "two" / "val", PLAIN, ["a"])
    opened = open_pairs(f"pairs:{tmp_path / 'me@home' / 'two'}@val", gsd_m=1.0)
    assert (opened.name, opened.names) == ("two-val", ("a",))


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    dated(tmp_path, PLAIN, ["a", "b"])
    for broken in (tmp_path / "t1" / "b.png", tmp_path / "change" / "b.png"):
        broken.write_bytes(b"no picture")
    opened = open_pairs(f"pairs:{tmp_path}", gsd_m=0.5)
    assert opened.names == ("a", "b")
    assert opened[0].gsd_m == 0.5
    with pytest.raises(SourceError, match=r"b\.png"):
        opened[1]
    with pytest.raises(IndexError):
        opened[2]


def test_sets_travel_to_other_processes(tmp_path):
    opened = open_pairs(f"pairs:{dated(tmp_path, PLAIN, ['a'])}", gsd_m=0.5)
    sent = pickle.loads(pickle.dumps(opened))
    np.testing.assert_array_equal(sent[0].t1, opened[0].t1)


def test_files_without_partners_are_refused(tmp_path):
    dated(tmp_path, PLAIN, ["a", "b", "c"])
    (tmp_path / "t2" / "b.png").unlink()
    with pytest.raises(SourceError, match=r"t2: 1 pictures are missing: b"):
        open_pairs(f"pairs:{tmp_path}", gsd_m=1.0)
    save(tmp_path / "t2" / "b.png", picture(0))
    save(tmp_path / "change" / "d.png", mask())
    with pytest.raises(SourceError, match="no partner: d"):
        open_pairs(f"pairs:{tmp_path}", gsd_m=1.0)


def test_dates_of_other_sizes_are_refused(tmp_path):
    dated(tmp_path, PLAIN, ["a"])
    save(tmp_path / "t2" / "a.png", picture(0, rows=8))
    with pytest.raises(GridError, match="t1 has 16 x 24 pixels, t2 8 x 24"):
        open_pairs(f"pairs:{tmp_path}", gsd_m=1.0)[0]


def test_pairs_take_their_ground_from_the_file_or_need_it(tmp_path):
    with pytest.raises(SourceError, match="metres a pixel") as caught:
        open_pairs(f"pairs:{dated(tmp_path / 'plain', PLAIN, ['a'])}")
    assert caught.value.reason == "no_gsd"
    town = write_source(tmp_path / "town", 1)
    for date in ("t1", "t2"):
        (tmp_path / "utm" / date).mkdir(parents=True)
        shutil.copy(town / "image" / "town_0.tif", tmp_path / "utm" / date / "a.tif")
    save(tmp_path / "utm" / "change" / "a.png", mask(rows=96, cols=96))
    pair = open_pairs(f"pairs:{tmp_path / 'utm'}")[0]
    assert pair.gsd_m == pytest.approx(1.0)
    assert pair.bands[:3] == ("red", "green", "blue")


def test_dates_of_two_depths_are_refused(tmp_path):
    dated(tmp_path, PLAIN, ["a"])
    (tmp_path / "t2" / "a.png").unlink()
    write_raster(tmp_path / "t2" / "a.tif", np.zeros((3, 16, 24), np.uint16))
    for form in ("pairs", "airchange"):
        with pytest.raises(SourceError, match="uint8, but the later date is uint16"):
            open_pairs(f"{form}:{tmp_path}", gsd_m=1.0)[0]


def test_alpha_is_no_band_and_a_fourth_band_is(tmp_path):
    dated(tmp_path, PLAIN, ["a"])
    seen = np.dstack([picture(0), np.full((16, 24), 255, np.uint8)])
    save(tmp_path / "t1" / "a.png", seen)
    assert open_pairs(f"pairs:{tmp_path}", gsd_m=1.0)[0].t1.shape[0] == 3
    (tmp_path / "t1" / "a.png").unlink()
    write_raster(tmp_path / "t1" / "a.tif", np.moveaxis(seen, -1, 0) // np.uint8(2))
    assert open_pairs(f"pairs:{tmp_path}", gsd_m=1.0)[0].bands == ("red", "green", "blue", "nir")


def test_sixteen_bits_get_the_usual_white_that_holds_them(tmp_path):
    values = np.full((4, 8, 8), 1900, np.uint16)
    for date in ("t1", "t2"):
        write_raster(tmp_path / date / "a.tif", values)
    save(tmp_path / "change" / "a.png", mask(1, rows=8, cols=8))
    pair = open_pairs(f"pairs:{tmp_path}", gsd_m=2.0)[0]
    assert (pair.t1.dtype, pair.t1.shape, pair.full_scale) == (np.uint16, (4, 8, 8), 2047.0)
    assert pair.bands == ("red", "green", "blue", "nir")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0], [0, 0]),
        ([0, 1], [0, 1]),
        ([1, 1], [1, 1]),
        ([0, 255], [0, 1]),
        ([255, 255], [1, 1]),
        ([0, 1, 255], [0, 1, 255]),
        # JPEG.
        ([0, 1, 3, 250, 255], [0, 0, 0, 1, 1]),
        ([12, 200], [0, 1]),
    ],
)
def test_masks_of_every_house_are_read_alike(values, expected):
    assert as_change(np.array([values], np.uint8)).tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "nodata", "expected"),
    [
        # Ours, where nothing changed, and where nothing is known.
        ([0, 255], 255, [0, 255]),
        ([255, 255], 255, [255, 255]),
        ([0, 1, 255], 255, [0, 1, 255]),
        ([0, 1], 255, [0, 1]),
        # Another value is declared, or the mask is no map of 0, 1 and 255.
        ([0, 255], 0, [0, 1]),
        ([0, 3, 250, 255], 255, [0, 0, 1, 1]),
    ],
)
def test_a_mask_that_declares_255_as_nodata_means_unknown(tmp_path, values, nodata, expected):
    path = tmp_path / "mask.tif"
    write_raster(path, np.array([[values]], np.uint8), nodata=nodata)
    assert read_change(path).tolist() == [expected]


@given(st.lists(st.sampled_from([0, 1, 255]), min_size=1, max_size=30))
def test_a_change_map_of_ours_reads_as_it_is(pixels):
    values = np.array([pixels], np.uint8)
    np.testing.assert_array_equal(as_change(values, nodata=255), values)


@given(st.lists(st.sampled_from([0, 1]), min_size=1, max_size=30))
def test_one_and_255_mean_the_same_change(pixels):
    ones = np.array([pixels], np.uint8)
    np.testing.assert_array_equal(as_change(ones), ones)
    np.testing.assert_array_equal(as_change(ones * 255), ones)


def test_our_own_data_sets_open(tmp_path):
    town = write_source(tmp_path / "town", 4)
    code, _, said = call(*generation(town, tmp_path / "out", "--set", "acquisition=none", samples=4))
    assert code == 0, said
    opened = open_pairs(f"diachron:{tmp_path / 'out'}")
    assert (len(opened), opened.name) == (4, "out")
    assert opened[0].gsd_m == 1.0
    assert opened[0].labels_t1 is not None
    parts = [open_pairs(f"diachron:{tmp_path / 'out'}@{split}") for split in ("train", "val", "test")]
    assert sum(len(part) for part in parts) == 4
    with pytest.raises(RecipeError, match="says its metres"):
        open_pairs(f"diachron:{tmp_path / 'out'}", gsd_m=2.0)
    with pytest.raises(PackageError, match="no data set"):
        open_pairs(f"diachron:{town}")
