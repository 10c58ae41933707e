"""`train autoencoder`, `rsdit` and `lora`: folders that the next step takes, sheets, and wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diachron.core.sample import RenderRequest
from diachron.core.streams import stream
from diachron.generators import diffusers_inpainting, rsdit
from diachron.training.lora import sheet
from tests.generators.hub.tiny import pipeline_folder
from tests.tiles import SCHEME, call, write_source
from tests.worlds import Case, World

QUICK = ("--steps", 2, "--batch", 1, "--crop", 32, "--precision", "fp32", "--device", "cpu")
SMALL = ("--depth", 1, "--width", 16, "--heads", 2)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    folder = write_source(tmp_path_factory.mktemp("source") / "town", 2)
    return ("--source", folder, "--schema", SCHEME, "--licence", "CC-BY-4.0")


@pytest.fixture(scope="module")
def coder(town: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("autoencoder")
    code, printed, said = call("train", "autoencoder", *town, "--out", out, *QUICK, "--widths", "8,8")
    assert code == 0, said
    assert "2 steps on 2 of 2 windows" in printed
    return out


def test_an_autoencoder_leaves_a_folder_of_diffusers_and_a_sheet(coder: Path) -> None:
    assert sorted(path.name for path in coder.iterdir()) == [
        "autoencoder.json", "losses.jsonl", "samples.png", "vae",
    ]  # fmt: skip
    assert sorted(path.name for path in (coder / "vae").iterdir()) == [
        "config.json", "diffusion_pytorch_model.safetensors",
    ]  # fmt: skip
    assert json.loads((coder / "vae" / "config.json").read_text())["block_out_channels"] == [8, 8]


def test_an_rsdit_on_that_autoencoder_paints_as_a_renderer(
    town: tuple[object, ...], coder: Path, tmp_path: Path
) -> None:
    run = ("train", "rsdit", *town, "--out", tmp_path, "--vae", coder / "vae", *QUICK, *SMALL)
    code, printed, said = call(*run, "--json")
    assert code == 0, said
    assert json.loads(printed)["plan"]["options"]["network"]["width"] == 16
    assert (tmp_path / "samples.png").is_file()
    play = Case(World(rows=64, cols=64, seed=2), 5).play(4.0)
    asked = RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})
    parameters = rsdit.Parameters(weights=str(tmp_path), steps=2, window_px=32)
    found = rsdit.paint(asked, rsdit.draw(stream(0, 0, "render"), asked, parameters))
    assert found.edit.any()
    code, _, said = call(*run)
    assert code == 1
    assert "an RSDiT is there already; go on with --resume" in said
    code, _, said = call(*run, "--resume")
    assert code == 0, said


def test_a_lora_is_read_by_the_renderer_of_its_network(
    town: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("peft", reason="the extra `peft` is not installed")
    monkeypatch.setattr(sheet, "STEPS", 2)
    weights = pipeline_folder(tmp_path / "weights", levels=2)
    out = tmp_path / "out"
    code, printed, said = call(
        "train", "lora", *town, "--out", out, "--weights", weights, *QUICK, "--rank", 2
    )
    assert code == 0, said
    assert "2 steps on 2 of 2 windows" in printed
    assert sorted(path.name for path in out.iterdir()) == [
        "lora.json", "losses.jsonl", "pytorch_lora_weights.safetensors", "samples.png",
    ]  # fmt: skip
    play = Case(World(rows=64, cols=64, seed=2), 5).play(4.0)
    asked = RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})
    parameters = diffusers_inpainting.Parameters(
        weights=str(weights), lora=str(out), steps=2, guidance=1.0, window_px=32
    )
    drawn = diffusers_inpainting.draw(stream(0, 0, "render"), asked, parameters)
    assert diffusers_inpainting.paint(asked, drawn).edit.any()


@pytest.mark.parametrize(
    ("verb", "arguments", "code", "text"),
    [
        ("autoencoder", (), 2, "give the tiles with --source DIR"),
        ("autoencoder", ("--widths", "a,b", "--source", "x"), 2, "expected whole numbers"),
        ("autoencoder", ("--crop", 33, "--source", "x"), 2, "crops of 33 px: expected a multiple of 8"),
        ("rsdit", ("--source", "x"), 2, "Missing option '--vae'"),
        ("lora", ("--source", "x"), 2, "Missing option '--weights'"),
        ("lora", ("--weights", "x", "--profile", "plane", "--source", "x"), 2, "did you mean 'plain'"),
        ("rsdit", ("--vae", "x", "--heads", 7, "--source", "x"), 2, "a multiple of the heads"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path, verb: str, arguments: tuple[object, ...], code: int, text: str
) -> None:
    found, _, said = call("train", verb, "--out", tmp_path / "out", *arguments)
    assert (found, said.count("\n")) == (code, 1)
    assert text in said
