"""`train semantic`: weights from tiles without label maps, and worlds that wear what was learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diachron.generators.semantic.painter import load_painter
from diachron.outputs.readers import Dataset
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources.worlds import world_source
from tests.tiles import call, write_source

QUICK = ("--steps", 2, "--batch", 1, "--crop", 32, "--widths", "16,16", "--precision", "fp32")
SMALL = (
    "window_px=128",
    "acquisition=none",
    "processes.construction.rate_per_km2_year=200",
    "world.styles=[suburb]",
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    town = write_source(tmp_path_factory.mktemp("source") / "town", 2)
    out = tmp_path_factory.mktemp("weights")
    run = ("--images", town / "image" / "*.tif", "--schema", "segments", "--licence", "CC0-1.0")
    code, printed, said = call("train", "semantic", *run, "--out", out, *QUICK)
    assert code == 0, said
    assert "2 steps on 2 of 2 windows" in printed
    return out


def dressed(weights: Path) -> tuple[str, ...]:
    return (*SMALL, "world.renderer=semantic", f"renderer={{name: semantic, weights: {weights}, steps: 2}}")


def test_the_folder_holds_weights_card_losses_and_a_sheet(weights: Path) -> None:
    assert sorted(path.name for path in weights.iterdir()) == [
        "losses.jsonl", "samples.png", "semantic.json", "weights.safetensors",
    ]  # fmt: skip
    card = json.loads((weights / "semantic.json").read_text())
    assert card["training"]["licences"] == ["CC0-1.0"]
    assert card["reading"] == {"detail_px": 2.0, "labels": False}


def test_both_dates_of_a_world_wear_the_look(weights: Path, tmp_path: Path) -> None:
    options = [part for each in dressed(weights) for part in ("--set", each)]
    code, _, said = call("generate", "world", "-n", 2, "--seed", 3, "--out", tmp_path / "out", *options)
    assert code == 0, said
    data = Dataset(tmp_path / "out")
    digest = load_painter(str(weights))[1]
    assert data.info["weights"] == [{"renderer": "semantic", "sha256": digest}]


def test_the_maps_of_a_dressed_place_are_those_of_the_plain_one(weights: Path) -> None:
    plain, worn = (
        world_source(load_recipe("world", list(settings)).world_options(3, 1))
        for settings in (SMALL, dressed(weights))
    )
    before, after = (source.scene(source.units(128)[0]) for source in (plain, worn))
    np.testing.assert_array_equal(before.labels, after.labels)
    np.testing.assert_array_equal(before.instances, after.instances)
    assert (before.image != after.image).mean() > 0.5
    assert plain.fingerprint() != worn.fingerprint()
    again = worn.scene(worn.units(128)[0])
    np.testing.assert_array_equal(again.image, after.image)


def test_missing_weights_are_told_in_a_line(tmp_path: Path) -> None:
    options = [part for each in dressed(tmp_path / "gone") for part in ("--set", each)]
    code, _, said = call("generate", "world", "-n", 1, "--out", tmp_path / "out", *options)
    assert code == 1
    assert "train others with `diachron train semantic" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "give the tiles with --source DIR"),
        (("--widths", "a,b", "--source", "x"), 2, "expected whole numbers"),
        (("--detail", 20, "--source", "x"), 2, "detail 20.0 px: expected 0.5 to 8"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: tuple[object, ...], code: int, text: str) -> None:
    found, _, said = call("train", "semantic", "--out", tmp_path / "out", *arguments)
    assert (found, said.count("\n")) == (code, 1)
    assert text in said
