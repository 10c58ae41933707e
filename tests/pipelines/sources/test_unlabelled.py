"""Sources without labels: read with `--schema segments`, refused without, and made into a whole data set."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from diachron.core.errors import RecipeError, SourceError
from diachron.pipelines.sources import DateOptions, SourceOptions, discover
from tests.tiles import call

GRASS = np.array([84, 107, 64])
SPOTS = ((12, 12, 22, 30), (20, 80, 26, 20), (70, 20, 20, 24), (75, 85, 24, 24))


def picture(seed: int, shape: tuple[int, int] = (128, 128)) -> np.ndarray:
    """Return a (3, H, W) uint8 meadow with four bright roofs."""
    rng = np.random.default_rng(seed)
    values = GRASS[:, None, None] + rng.normal(0, 5, (1, *shape))
    for row, col, rows, cols in SPOTS:
        roof = np.array([190, 180, 170]) + rng.integers(-15, 15)
        values[:, row : row + rows, col : col + cols] = roof[:, None, None] + rng.normal(
            0, 4, (1, rows, cols)
        )
    return values.clip(1, 255).astype(np.uint8)


@pytest.fixture
def plain(tmp_path, fake):
    folder = tmp_path / "plain"
    for k in range(3):
        transform = Affine(0.6, 0, 350_000 + 500 * k, 0, -0.6, 3_050_000)
        fake.raster(folder / f"a{k}.tif", picture(k), crs="EPSG:32645", transform=transform)
    return folder


def options(folder, **more: object) -> SourceOptions:
    return SourceOptions(**{"source": str(folder), "schema": "segments", **more})


def test_labels_are_made_from_the_pixels_that_are_read(plain):
    source = discover(options(plain))
    assert [tile.label for tile in source.tiles] == [None] * 3
    raw = source.read(source.units(512)[0])
    truth = np.ones(raw.labels.shape, np.uint8)
    for row, col, rows, cols in SPOTS:
        truth[row : row + rows, col : col + cols] = 2
    assert np.mean(raw.labels == truth) > 0.97
    scene = source.scene(source.units(512)[0])
    assert scene.surface_is_estimated
    assert len(scene.objects) == len(SPOTS)
    assert all(entry.certain and entry.whole for entry in scene.objects.values())


def test_pixels_without_data_are_ignored(plain, fake):
    values = picture(9)
    values[:, :10] = 0
    fake.raster(plain / "b.tif", values, crs="EPSG:32645", transform=Affine(0.6, 0, 0, 0, -0.6, 0), nodata=0)
    source = discover(options(plain))
    raw = source.read(source.units(512)[-1])
    assert (raw.labels[:10] == 0).all()
    assert (raw.labels[10:] > 0).all()


def test_label_maps_and_polygons_nearby_are_not_looked_at(plain, fake, rectangle):
    fake.label(plain / "a0_label.png", (5, 5), (77,))
    fake.geojson(plain / "buildings.geojson", [rectangle(0, 0, 20, 20)])
    source = discover(options(plain))
    assert len(source.tiles) == 3
    assert not source.refusals
    assert not any(tile.footprints for tile in source.tiles)


def test_without_the_scheme_they_are_refused_and_the_option_is_named(plain):
    with pytest.raises(SourceError, match=r"3 no_label.*--schema segments"):
        discover(SourceOptions(source=str(plain)))
    with pytest.raises(SourceError, match="no_label"):
        discover(options(plain, schema="building"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"footprints": "buildings.geojson"}, "--footprints"),
        ({"labels": "label/*.png"}, "--labels"),
        ({"dates": DateOptions()}, "stand alone"),
    ],
    ids=["footprints", "labels", "dates"],
)
def test_options_that_contradict_it_are_refused(plain, fake, rectangle, monkeypatch, more, said):
    monkeypatch.chdir(plain)
    fake.geojson(plain / "buildings.geojson", [rectangle(0, 0, 20, 20)])
    fake.label(plain / "label" / "a0.png", (128, 128))
    with pytest.raises(RecipeError, match=said):
        discover(options(plain, **more))


def test_a_data_set_is_made_of_plain_pictures_and_validates(plain, tmp_path):
    out = tmp_path / "out"
    arguments = ["--source", str(plain), "--out", str(out), "-n", "2"]
    code, _, said = call("generate", "pretrain-unlabelled", *arguments, "--set", "years=10")
    assert code == 0, said
    code, _, said = call("validate", str(out))
    assert code == 0, said
    assert json.loads((out / "dataset.json").read_text())["schema"]["name"] == "segments"
    changed = 0
    for folder in sorted(path.parent for path in out.glob("samples/*/*/sample.json")):
        record = json.loads((folder / "sample.json").read_text())
        assert record["provenance"]["surface_is_estimated"]
        first, last, ids1, ids2, change = (
            rasterio.open(folder / f"{name}.tif").read(1)
            for name in ("label_t1", "label_t2", "instance_t1", "instance_t2", "change")
        )
        assert set(np.unique([first, last])) <= {1, 2}
        np.testing.assert_array_equal(change == 1, (first != last) | (ids1 != ids2))
        changed += np.count_nonzero(change == 1)
    assert changed > 0
