"""Lists, globs and paired globs."""

from __future__ import annotations

from pathlib import Path

import pytest

from diachron.core.errors import RecipeError, SourceError
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.listing import stars


def found(**options: object):
    return discover(SourceOptions(**{"schema": "building", "gsd_m": 1.0, **options}))


def pairs(source) -> list[tuple[str, str | None]]:
    return [(tile.name, tile.label.name if tile.label else None) for tile in source.tiles]


def test_list_is_relative_to_its_own_folder(tmp_path, fake):
    fake.image(tmp_path / "in" / "a b.png")
    fake.image(tmp_path / "in" / "c_rgb.png")
    fake.label(tmp_path / "out" / "whatever.png")
    fake.label(tmp_path / "in" / "c_label.png")
    listing = tmp_path / "lists" / "tiles.txt"
    listing.parent.mkdir()
    listing.write_text("# my tiles\n\nimage,label\n../in/a b.png, ../out/whatever.png\n../in/c_rgb.png\n")
    source = found(source=str(listing))
    assert pairs(source) == [("../in/a b", "whatever.png"), ("../in/c", "c_label.png")]


def test_listed_files_that_are_missing_are_refused(tmp_path, fake):
    fake.image(tmp_path / "a.png")
    fake.label(tmp_path / "a_label.png")
    (tmp_path / "tiles.txt").write_text("a.png\na.png\ngone.png\n")
    source = found(source=str(tmp_path / "tiles.txt"))
    assert pairs(source) == [("a", "a_label.png")]
    assert [(r.path, r.reason, r.detail) for r in source.refusals] == [
        ("gone.png", "unreadable", "there is no such file")
    ]


def test_binary_list_is_refused(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match=r"a\.bin: not an image and not a text list"):
        found(source=str(tmp_path / "a.bin"))


def test_glob_takes_images_only_and_finds_their_labels(tmp_path, fake):
    for name in ("town_1", "town_2", "field_1"):
        fake.image(tmp_path / "image" / f"{name}.png")
        fake.label(tmp_path / "label" / f"{name}.png")
    (tmp_path / "image" / "town_notes.txt").write_text("x")
    assert pairs(found(source=str(tmp_path / "image" / "town*"))) == [
        ("town_1", "town_1.png"),
        ("town_2", "town_2.png"),
    ]


def test_one_image_is_a_source(tmp_path, fake):
    fake.image(tmp_path / "a_rgb.png")
    fake.label(tmp_path / "a_label.png")
    assert pairs(found(source=str(tmp_path / "a_rgb.png"))) == [("a", "a_label.png")]


def test_two_globs_pair_by_the_text_of_their_stars(tmp_path, fake):
    for number in ("1", "2", "10"):
        fake.image(tmp_path / f"city_{number}" / f"sat{number}.jpg")
        fake.label(tmp_path / "gt" / f"city_{number}-{number}-classes.png")
    fake.image(tmp_path / "city_3" / "sat3.jpg")
    source = found(images=f"{tmp_path}/city_*/sat*.jpg", labels=f"{tmp_path}/gt/city_*-*-classes.png")
    assert [(t.image.name, t.label.name) for t in source.tiles] == [
        ("sat1.jpg", "city_1-1-classes.png"),
        ("sat10.jpg", "city_10-10-classes.png"),
        ("sat2.jpg", "city_2-2-classes.png"),
    ]
    assert [(r.path, r.reason) for r in source.refusals] == [("city_3/sat3.jpg", "no_label")]


def test_globs_whose_stars_differ_pair_by_equal_stems_only(tmp_path, fake):
    for name in ("a", "b"):
        fake.image(tmp_path / "x" / "deep" / f"{name}.png")
        fake.label(tmp_path / "y" / f"{name}.tif")
    source = found(images=f"{tmp_path}/x/*/*.png", labels=f"{tmp_path}/y/*.tif")
    assert pairs(source) == [("deep/a", "a.tif"), ("deep/b", "b.tif")]
    fake.image(tmp_path / "z" / "q.png")
    with pytest.raises(SourceError, match=r"none of 2 label maps pairs with one of 1 images.*must be equal"):
        found(images=f"{tmp_path}/z/*.png", labels=f"{tmp_path}/y/*.tif")


def test_labels_of_a_folder_may_be_given_by_a_glob(tmp_path, fake):
    fake.image(tmp_path / "pictures" / "a_rgb.png")
    fake.label(tmp_path / "truth" / "a-classes.png")
    source = found(source=str(tmp_path / "pictures"), labels=f"{tmp_path}/truth/*-classes.png")
    assert pairs(source) == [("a", "a-classes.png")]


def test_one_folder_for_both_globs_does_not_take_labels_for_images(tmp_path, fake):
    fake.image(tmp_path / "a.png")
    fake.label(tmp_path / "a-truth.png")
    source = found(images=f"{tmp_path}/*.png", labels=f"{tmp_path}/*-truth.png")
    assert pairs(source) == [("a", "a-truth.png")]
    assert not source.refusals


@pytest.mark.parametrize(
    ("pattern", "path", "texts"),
    [
        ("a/*", "a/x.jpg", ("x",)),
        ("./a/*_rgb.*", "a/x_1_rgb.jpg", ("x_1",)),
        ("**/im?[0-9]*.tif", "p/q/img7z.tif", ("p/q/", "z")),
        ("a/x.tif", "a/x.tif", ()),
    ],
)
def test_stars_are_the_text_that_they_matched(pattern, path, texts):
    assert stars(pattern, Path(path)) == texts


def test_source_is_needed_once(tmp_path):
    with pytest.raises(RecipeError, match=r"no source of images; give --source"):
        found()
    with pytest.raises(RecipeError, match="two sources"):
        found(source=str(tmp_path), images="*.tif")


def test_a_slip_in_the_path_gets_the_nearest_name(tmp_path):
    (tmp_path / "tiles").mkdir()
    with pytest.raises(SourceError, match=r"tils: there is no such file or folder; did you mean 'tiles'\?"):
        found(source=str(tmp_path / "tils"))
    with pytest.raises(SourceError, match="no image found; looked for"):
        found(source=str(tmp_path))
    with pytest.raises(SourceError, match=r"--labels .*: no file matches"):
        found(images=f"{tmp_path}/*.tif", labels=f"{tmp_path}/*.png")
