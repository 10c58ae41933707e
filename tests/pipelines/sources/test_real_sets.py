"""The real sets behind DIACHRON_DATA: what is found in each without patterns, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import RecipeError, SourceError
from diachron.pipelines.sources import SourceOptions, discover, read_scheme_file

# The examples of the page that tells users how.
PAGE = Path(__file__).parents[3] / "docs" / "your-own-tiles.md"


def example(name: str, folder: Path) -> str:
    """Write a scheme of the page to a file and return its path."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = (block for block in blocks if f"name: {name}\n" in block)
    (folder / "example.yaml").write_text(text, encoding="utf-8")
    return str(folder / "example.yaml")


@pytest.mark.parametrize("name", ["jewar", "soft-roads", "roof-planes"])
def test_the_examples_of_the_page_are_schemes(tmp_path, name):
    assert read_scheme_file(example(name, tmp_path)).name == name


@pytest.mark.parametrize(
    ("name", "options", "tiles", "refused", "scheme", "gsd_m"),
    [
        ("building_cities", {}, 80, {"no_gsd": 10}, "building", 0.3),
        ("dubai_mbrsc", {"schema": "mbrsc", "gsd_m": 1.0}, 22, {}, "mbrsc", 1.0),
        ("dubai_scenes", {"schema": "mbrsc", "gsd_m": 1.0}, 2, {}, "mbrsc", 1.0),
        ("isprs", {"schema": "isprs", "gsd_m": 0.05}, 2, {}, "isprs", 0.05),
        ("loveda", {"schema": "loveda", "gsd_m": 0.3}, 3, {}, "loveda", 0.3),
        ("jewar_hindon", {"schema": "docs:jewar", "gsd_m": 0.5}, 4, {}, "jewar", 0.5),
        ("epfl_roads", {"schema": "docs:soft-roads", "gsd_m": 0.3}, 16, {}, "soft-roads", 0.3),
        ("roof_planes", {"schema": "docs:roof-planes", "gsd_m": 0.12}, 28, {}, "roof-planes", 0.12),
        ("xiamen_z18", {"schema": "building", "gsd_m": 0.54}, 142, {}, "building", 0.54),
        ("zurich_summer", {"schema": "zurich-summer"}, 1, {}, "zurich-summer", 0.6),
        ("oam_kampala", {}, 2, {}, "building", 0.25),
        ("oam_banepa", {}, 12, {"no_label": 4}, "building", 0.25),
        ("oam_more", {}, 24, {}, "building", 0.25),
        ("spacenet_pan", {}, 1, {"no_label": 1}, "building", 0.5),
    ],
)
def test_sets_with_labels_are_found(real_data, tmp_path, name, options, tiles, refused, scheme, gsd_m):
    if options.get("schema", "").startswith("docs:"):
        options = {**options, "schema": example(options["schema"].removeprefix("docs:"), tmp_path)}
    source = discover(SourceOptions(source=str(real_data / name), **options))
    assert len(source.tiles) == tiles
    assert Counter(refusal.reason for refusal in source.refusals) == refused
    assert source.schema.name == scheme
    assert source.tiles[0].grid.gsd_m == pytest.approx(gsd_m, rel=0.01)
    units = source.units(512)
    for unit in (units[0], units[-1]):
        scene = source.read(unit)
        assert scene.image.shape == (len(source.bands), *scene.labels.shape)
        assert set(np.unique(scene.labels)) <= set(source.schema.names)
        assert scene.image.max() <= source.full_scale


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("dubai_mbrsc", RecipeError, r"22 label maps hold the values 0-5, .*\(mbrsc, "),
        (
            "xiamen_z18",
            RecipeError,
            r"142 label maps \(\d+ looked at\) hold .* 0-1, .*building, road",
        ),
        ("epfl_roads", RecipeError, r"no built-in scheme holds all of them"),
        ("dsm_vietnam", SourceError, r"8 not_an_image.*one band of int16"),
        ("heights_alexandria", SourceError, r"3 not_an_image"),
        ("landsat_pucallpa", SourceError, r"8 no_label"),
        ("landsat_s2_amazon_labels", SourceError, r"training_polygons_lt5\.geojson does not say"),
        ("levir_cd", SourceError, r"holds pairs \(t1, t2\)"),
    ],
)
def test_sets_that_lack_something_say_what(real_data, name, error, text):
    with pytest.raises(error, match=text):
        discover(SourceOptions(source=str(real_data / name)))


def test_kampala_polygons_fit_the_roofs_that_the_sheet_counts(real_data):
    source = discover(SourceOptions(source=str(real_data / "oam_kampala")))
    scenes = {
        tile.name: source.read(unit) for tile, unit in zip(source.tiles, source.units(2000), strict=True)
    }
    counts = {name: len(np.unique(scene.footprints)) - 1 for name, scene in scenes.items()}
    # README-open-imagery.md: 98 and 107 polygons; those at the edge may cover no pixel centre.
    assert 90 <= counts["kampala_informal"] <= 98
    assert 100 <= counts["kampala_suburb"] <= 107


def test_four_bands_that_tiff_calls_alpha_stay_four(real_data, tmp_path, fake):
    image = real_data / "landsat_pucallpa" / "pucallpa_1985_swir1-nir-r-g.tif"
    fake.label(tmp_path / "x.png", (256, 256), values=(0, 1))
    (tmp_path / "list.txt").write_text(f"{image}, x.png\n")
    source = discover(SourceOptions(source=str(tmp_path / "list.txt"), schema="building"))
    assert source.bands == ("swir1", "nir", "red", "green")
    # 0.000808 degrees at 8.4 degrees south.
    assert source.tiles[0].grid.gsd_m == pytest.approx(0.000808 * 111_320 * 0.989**0.5, rel=0.005)


@pytest.mark.parametrize(("name", "least"), [("building_cities", 80), ("oam_more", 24)])
def test_larger_pixels_keep_the_built_area(real_data, name, least):
    def built(resample_m):
        source = discover(SourceOptions(source=str(real_data / name), resample_m=resample_m))
        scenes = [source.read(unit) for unit in source.units(2000)]
        assert len(scenes) >= least
        return sum(float((scene.labels == 1).sum()) * scene.grid.pixel_area_m2 for scene in scenes)

    # Less than a pixel of 2 m is cut off each tile of 76-230 m.
    assert built(2.0) == pytest.approx(built(None), rel=0.02)
