"""`train segmenter` and `segment`: from tiles to label maps that `generate` reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from diachron.pipelines.sources import SourceOptions, discover
from tests.tiles import SCHEME, call, write_raster, write_source

QUICK = ("--steps", 2, "--batch", 1, "--crop", 32, "--train-gsd", 1, 2, "--precision", "fp32")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 3)


@pytest.fixture(scope="module")
def weights(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("weights")
    code, printed, said = call(
        "train",
        "segmenter",
        "--source",
        town,
        "--schema",
        SCHEME,
        "--out",
        out,
        "--hold-out",
        "town_2",
        *QUICK,
    )
    assert code == 0, said
    assert "image/town_2" in printed
    assert "labeller of 2 steps" in printed
    return out


def test_the_report_lies_beside_the_weights(weights: Path) -> None:
    report = json.loads((weights / "report.json").read_text())
    assert report["role"] == "labeller"
    assert list(report["places"]) == ["town/image/town_2"]
    place = report["places"]["town/image/town_2"]
    assert place["pixels"] == 96 * 96
    assert 0 <= place["unsure"] <= 1
    assert {"building", "road"} <= set(place["classes"])
    assert sorted(path.name for path in weights.iterdir()) == [
        "losses.jsonl", "report.json", "segmenter.json", "weights.safetensors",
    ]  # fmt: skip


def test_training_is_refused_twice_and_resumed_once(town: Path, weights: Path) -> None:
    run = (
        "train",
        "segmenter",
        "--source",
        town,
        "--schema",
        SCHEME,
        "--out",
        weights,
        "--hold-out",
        "town_2",
    )
    code, _, said = call(*run, *QUICK)
    assert code == 1
    assert "a segmenter is there already; go on with --resume" in said
    code, printed, said = call(*run, *QUICK, "--resume", "--json")
    assert code == 0, said
    assert json.loads(printed)["role"] == "labeller"


def test_label_maps_are_tiles_for_generate(town: Path, weights: Path, tmp_path: Path) -> None:
    images = sorted((town / "image").glob("*.tif"))
    code, printed, said = call(
        "segment", *images, "--weights", weights, "--out", tmp_path, "--unsure", 0, "--json"
    )
    assert code == 0, said
    facts = json.loads(printed)
    assert facts == json.loads((tmp_path / "segment.json").read_text())
    assert sorted(facts["images"]) == [image.stem for image in images]
    assert all(found["gsd_as_trained"] is True for found in facts["images"].values())
    source = discover(
        SourceOptions(
            images=str(town / "image" / "*.tif"), labels=str(tmp_path / "label" / "*.tif"), schema="segmenter"
        )
    )
    assert len(source.tiles) == 3
    assert not source.refusals
    scene = source.read(source.units(512)[0])
    assert scene.labels.max() < 6
    shares = facts["images"][images[0].stem]["shares"]
    assert shares["water"] == pytest.approx((scene.labels == 4).mean(), abs=1e-3)
    with rasterio.open(tmp_path / "confidence" / images[0].name) as confidence:
        assert 16 <= confidence.read(1).min() <= confidence.read(1).max() <= 100


def test_a_scorer_is_refused_where_labels_are_made(town: Path, tmp_path: Path) -> None:
    run = ("train", "segmenter", "--source", town, "--schema", SCHEME, "--out", tmp_path / "judge", *QUICK)
    code, printed, said = call(*run, "--places", "B")
    assert code == 0, said
    assert "no place was held out" in printed
    image = next((town / "image").glob("*.tif"))
    code, _, said = call("segment", image, "--weights", tmp_path / "judge", "--out", tmp_path / "out")
    assert code == 2
    assert "is a scorer" in said
    assert not (tmp_path / "out").exists()


def test_a_picture_outside_the_trained_scale_is_pointed_out(weights: Path, tmp_path: Path) -> None:
    image = write_raster(tmp_path / "fine.png", np.full((3, 40, 40), 90, np.uint8))
    code, _, said = call("segment", image, "--weights", weights, "--out", tmp_path / "out", "--gsd", 0.1)
    assert code == 0
    assert "0.10 m a pixel, but the segmenter was trained at 1 to 2 m" in said
    facts = json.loads((tmp_path / "out" / "segment.json").read_text())
    assert facts["images"]["fine"]["gsd_as_trained"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("segment", "a/x.tif", "b/x.png"), 2, "two images are called 'x'"),
        (("segment", "gone.tif"), 1, "gone.tif: there is no such file"),
        (("train", "segmenter"), 2, "give the tiles with --source DIR or --sources FILE"),
    ],
)
def test_wrong_usage_is_one_line(
    weights: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    folder = ("--out", tmp_path / "out", *(("--weights", weights) if arguments[0] == "segment" else ()))
    found, _, said = call(*arguments, *folder)
    assert found == code
    assert text in said
    assert said.count("\n") == 1


def test_weights_that_are_none_are_one_line(town: Path, tmp_path: Path) -> None:
    image = next((town / "image").glob("*.tif"))
    code, _, said = call("segment", image, "--weights", tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert "no segmenter can be read there" in said
