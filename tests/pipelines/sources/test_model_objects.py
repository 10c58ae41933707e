"""`--objects`: a network finds the things of plain pictures, and the plan goes by its weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import Affine

from diachron.core.errors import RecipeError
from diachron.pipelines.sources import SourceOptions, discover
from tests.bright_sam import write_bright_sam
from tests.tiles import call, digests

ROOF = slice(40, 64), slice(48, 80)


def picture(seed: int) -> np.ndarray:
    """Return a (3, 128, 128) uint8 dark meadow with one bright roof."""
    rng = np.random.default_rng(seed)
    values = np.full((3, 128, 128), 70.0) + rng.normal(0, 4, (1, 128, 128))
    values[:, ROOF[0], ROOF[1]] += 140
    return values.clip(1, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bright_sam(tmp_path_factory.mktemp("hub") / "bright-sam")


@pytest.fixture
def plain(tmp_path, fake):
    for k in range(2):
        transform = Affine(0.3, 0, 350_000 + 500 * k, 0, -0.3, 3_050_000)
        fake.raster(tmp_path / "plain" / f"a{k}.tif", picture(k), crs="EPSG:32645", transform=transform)
    return tmp_path / "plain"


def test_things_are_those_of_the_network_each_with_its_id(plain, model):
    source = discover(SourceOptions(source=str(plain), schema="segments", objects=str(model)))
    raw = source.read(source.units(512)[0])
    expected = np.ones((128, 128), np.uint8)
    expected[ROOF] = 2
    np.testing.assert_array_equal(raw.labels, expected)
    assert raw.footprints is not None
    np.testing.assert_array_equal(raw.footprints > 0, raw.labels == 2)
    scene = source.scene(source.units(512)[0])
    assert [entry.footprint.pixels for entry in scene.objects.values()] == [24 * 32]
    assert scene.surface_is_estimated


def test_sensors_of_more_than_eight_bits_are_shown_as_on_a_screen(tmp_path, model, fake):
    dim = picture(0).astype(np.uint16) * 12
    transform = Affine(0.3, 0, 350_000, 0, -0.3, 3_050_000)
    fake.raster(tmp_path / "dim" / "a.tif", dim, crs="EPSG:32645", transform=transform)
    options = SourceOptions(
        source=str(tmp_path / "dim"), schema="segments", objects=str(model), full_scale=65535
    )
    raw = (source := discover(options)).read(source.units(512)[0])
    assert np.count_nonzero(raw.labels == 2) == 24 * 32


def made(plain: Path, model: Path, out: Path, workers: int) -> Path:
    code, _, said = call(
        "generate", "pretrain-unlabelled", "--source", plain, "--objects", model, "--out", out, "-n", 2,
        "--workers", workers, "--set", "years=30",
    )  # fmt: skip
    assert code == 0, said
    return out


def test_a_data_set_is_made_and_tells_the_weights(plain, model, tmp_path):
    out = made(plain, model, tmp_path / "out", 1)
    assert call("validate", out)[0] == 0
    told = json.loads((out / "dataset.json").read_text())["source"]["objects"]
    assert len(told["sha256"]) == 64


@pytest.mark.slow
def test_two_workers_make_the_same_bytes(plain, model, tmp_path):
    one, two = (made(plain, model, tmp_path / f"by{workers}", workers) for workers in (1, 2))
    assert digests(one) == digests(two)


def test_the_fingerprint_of_a_source_holds_the_weights(plain, model):
    plainly = discover(SourceOptions(source=str(plain), schema="segments"))
    seen = discover(SourceOptions(source=str(plain), schema="segments", objects=str(model)))
    assert plainly.fingerprint() != seen.fingerprint()
    assert plainly.objects is None


def test_it_goes_with_pictures_without_labels_only(plain, model):
    with pytest.raises(RecipeError, match=r"--objects .*add --schema segments"):
        discover(SourceOptions(source=str(plain), schema="building", objects=str(model)))
    with pytest.raises(RecipeError, match="--objects"):
        discover(SourceOptions(source=str(plain), objects=str(model)))
