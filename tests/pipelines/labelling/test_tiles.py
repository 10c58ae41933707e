"""Tiles of a source as a segmenter learns from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import RecipeError, UnknownNameError
from diachron.core.schemes import SCHEMES
from diachron.pipelines.labelling.source_list import read_tile_sets, tile_set
from diachron.pipelines.labelling.tiles import SourceTiles
from diachron.pipelines.sources import SourceOptions, discover
from diachron.training.segmenters.classes import ANY, CLASSES, allowed_classes, class_set
from tests.tiles import SCHEME, real_set, write_raster, write_source, write_tile


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_source(tmp_path_factory.mktemp("source") / "town", 4)
    (folder / "tiles.csv").write_text("name,split,place\ntown_0,train,east\ntown_1,test,west\n")
    return folder


def options(folder: Path) -> SourceOptions:
    return SourceOptions(source=str(folder), schema=SCHEME)


def test_a_pixel_may_be_what_its_label_allows(town: Path) -> None:
    tiles = tile_set(options(town))
    scene = discover(options(town)).read(discover(options(town)).units(1024)[0])
    tile = tiles.read(0)
    np.testing.assert_array_equal(tile.allowed, allowed_classes(SCHEMES[SCHEME])[scene.labels])
    np.testing.assert_array_equal(tile.image, scene.image)
    assert (tile.gsd_m, tile.full_scale, tile.bands) == (1.0, 255.0, scene.bands)


def test_test_splits_and_named_places_are_held_out(town: Path) -> None:
    def held_out(*patterns: str) -> list[str]:
        return [f.name for f in tile_set(options(town), hold_out=patterns).facts if f.held_out]

    assert held_out() == ["image/town_1"]
    assert held_out("town_[23]") == ["image/town_1", "image/town_2", "image/town_3"]
    assert held_out("east") == ["image/town_0", "image/town_1"]
    assert [f.place for f in tile_set(options(town)).facts][:2] == ["east", "west"]


def test_a_pattern_that_names_nothing_is_refused(town: Path) -> None:
    with pytest.raises(RecipeError, match=r"source 'town': no tile or place is called 'nairobi\*'.*east"):
        tile_set(options(town), hold_out=["nairobi*"])


def test_pixels_without_data_may_be_anything(tmp_path: Path) -> None:
    image, _ = write_tile(tmp_path, "hole", nodata=0)
    pixels = np.full((3, 96, 96), 77, np.uint8)
    pixels[:, :10] = 0
    write_raster(image, pixels, nodata=0)
    tiles = tile_set(SourceOptions(source=str(tmp_path), schema=SCHEME, gsd_m=1.0))
    assert (tiles.read(0).allowed[:10] == ANY).all()
    assert (tiles.read(0).allowed[10:] != ANY).any()


def test_a_long_raster_is_read_in_windows(tmp_path: Path) -> None:
    labels = np.zeros((80, 2500), np.uint8)
    labels[:, 2000:] = 1
    write_raster(tmp_path / "image" / "strip.png", np.full((3, 80, 2500), 90, np.uint8))
    write_raster(tmp_path / "label" / "strip.png", labels)
    tiles = tile_set(SourceOptions(source=str(tmp_path), schema="building", gsd_m=0.5))
    assert len(tiles.facts) == 3
    assert tiles.read(2).allowed.shape == (80, 1024)
    assert (tiles.read(2).allowed == 1).sum() == 80 * 500
    assert {facts.place for facts in tiles.facts} == {"image/strip"}


def test_a_list_of_sources_is_read_beside_its_file(town: Path, tmp_path: Path) -> None:
    other = write_source(tmp_path / "village", 2)
    listing = tmp_path / "sources.yaml"
    listing.write_text(
        f"- {{source: village, schema: {SCHEME}, weight: 2, hold_out: [town_1]}}\n"
        f"- {{source: {town}, schema: {SCHEME}, name: elsewhere, allowed: {{rangeland: [bare]}}}}\n"
    )
    village, elsewhere = read_tile_sets(listing)
    assert (village.name, village.weight, len(village.facts)) == (other.name, 2.0, 2)
    assert [facts.held_out for facts in village.facts] == [False, True]
    assert elsewhere.name == "elsewhere"
    rangeland = next(e.id for e in SCHEMES[SCHEME].classes if e.name == "rangeland")
    labels = elsewhere.source.read(elsewhere.source.units(1024)[0]).labels
    assert set(np.unique(elsewhere.read(0).allowed[labels == rangeland])) == {class_set(["bare"])}


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("{}", RecipeError, "expected a list of sources"),
        ("- {source: TOWN, wieght: 2}", RecipeError, "source 1: unknown key 'wieght'; did you mean 'weight'"),
        ("- {schema: building}", RecipeError, "give one of `source` and `images`"),
        ("- {source: TOWN, gsd: -1}", RecipeError, "source 1: gsd: .*greater than 0, got -1"),
        (
            "- {source: TOWN, schema: SCHEME}\n- {source: TOWN, schema: SCHEME}",
            RecipeError,
            "two sources are called 'town'; give them a `name` each",
        ),
        (
            "- {source: TOWN, schema: SCHEME, allowed: {rangeland: [gras]}}",
            UnknownNameError,
            "no class of a segmenter is called 'gras'",
        ),
    ],
)
def test_a_wrong_list_is_refused(
    town: Path, tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    listing = tmp_path / "sources.yaml"
    listing.write_text(text.replace("TOWN", str(town)).replace("SCHEME", SCHEME))
    with pytest.raises(error, match=said):
        read_tile_sets(listing)


def test_a_negative_weight_is_refused(town: Path) -> None:
    with pytest.raises(RecipeError, match="weight -1"):
        SourceTiles(discover(options(town)), "town", weight=-1)


def test_the_advised_places_of_real_sets_can_be_held_out() -> None:
    town, scenes = real_set("oam_banepa"), real_set("dubai_mbrsc")
    if town is None or scenes is None:
        pytest.skip("DIACHRON_DATA does not name a folder with oam_banepa and dubai_mbrsc")
    banepa = tile_set(SourceOptions(source=str(town)), hold_out=["banepa_train_r3c*"])
    held_out = [facts.name for facts in banepa.facts if facts.held_out]
    assert held_out == [f"banepa_train_r3c{col}" for col in range(3)]
    dubai = tile_set(
        SourceOptions(source=str(scenes), schema="mbrsc", gsd_m=1.0),
        hold_out=["dubai_t2", "dubai_t6"],
    )
    assert sum(facts.held_out for facts in dubai.facts) == 6
    seen = set(np.unique(dubai.read(0).allowed).tolist())
    assert seen <= set(allowed_classes(SCHEMES["mbrsc"])[:6].tolist())
    assert 1 << CLASSES.index("building") in seen
