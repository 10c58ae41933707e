"""`train inpainting`: weights from tiles, a sheet to look at, and a run that is not started twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diachron.core.streams import stream
from diachron.generators import inpainting
from tests.tiles import SCHEME, call, write_source
from tests.worlds import Case, World

QUICK = ("--steps", 2, "--batch", 1, "--crop", 32, "--widths", "16,16", "--precision", "fp32")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 2)


@pytest.fixture(scope="module")
def weights(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("weights")
    run = ("--source", town, "--schema", SCHEME, "--licence", "CC-BY-4.0", "--hold-out", "town_1")
    code, printed, said = call("train", "inpainting", *run, "--out", out, *QUICK)
    assert code == 0, said
    assert "2 steps on 1 of 2 windows" in printed
    return out


def test_the_folder_holds_weights_card_losses_and_a_sheet(weights: Path) -> None:
    assert sorted(path.name for path in weights.iterdir()) == [
        "inpainting.json", "losses.jsonl", "samples.png", "weights.safetensors",
    ]  # fmt: skip
    assert json.loads((weights / "inpainting.json").read_text())["training"]["licences"] == ["CC-BY-4.0"]


def test_the_renderer_takes_the_weights(weights: Path) -> None:
    play = Case(World(rows=64, cols=64, seed=2), 5).play(4.0)
    from diachron.core.sample import RenderRequest

    asked = RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})
    parameters = inpainting.Parameters(weights=str(weights))
    found = inpainting.paint(asked, inpainting.draw(stream(0, 0, "render"), asked, parameters))
    assert found.edit.any()


def test_a_second_run_goes_on_or_is_refused(town: Path, weights: Path) -> None:
    run = ("train", "inpainting", "--source", town, "--schema", SCHEME, "--out", weights, *QUICK)
    code, _, said = call(*run)
    assert code == 1
    assert "weights are there already; go on with --resume" in said
    code, _, said = call(*run, "--resume")
    assert code == 1
    assert "trained with sets" in said


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "give the tiles with --source DIR"),
        (("--widths", "a,b", "--source", "x"), 2, "expected whole numbers"),
        (("--crop", 33, "--source", "x"), 2, "crops of 33 px: expected a multiple of 16"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: tuple[object, ...], code: int, text: str) -> None:
    found, _, said = call("train", "inpainting", "--out", tmp_path / "out", *arguments)
    assert (found, said.count("\n")) == (code, 1)
    assert text in said
