"""`diachron convert`: a checkpoint becomes a folder, or the one line says why not."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from diachron.generators.hub.rsdit_folder import SavedRSDiT
from diachron.generators.models.rsdit import RSDiT, RSDiTConfig
from tests.generators.hub.tiny import learned
from tests.tiles import call

CONFIG = RSDiTConfig(depth=1, width=16, heads=4, answers=8, label_planes=8)


def test_a_checkpoint_becomes_a_folder(tmp_path: Path) -> None:
    torch.save({"ema": learned(RSDiT(CONFIG)).state_dict()}, tmp_path / "checkpoint.pth")
    line = ["convert", "rsdit", tmp_path / "checkpoint.pth", "--labels", "openearthmap", "--heads", "4"]
    code, printed, said = call(*line, "--out", tmp_path / "out", "--json")
    assert (code, said) == (0, "")
    facts = json.loads(printed)
    assert (facts["depth"], facts["width"], facts["label_planes"], facts["aim"]) == (1, 16, 8, "noise")
    assert SavedRSDiT.load(tmp_path / "out").network.config == CONFIG
    code, printed, _ = call(*line, "--out", tmp_path / "out")
    assert code == 0
    assert f"--set renderer.weights={tmp_path / 'out'}" in printed


def test_a_checkpoint_that_is_none_is_one_line(tmp_path: Path) -> None:
    line = ["convert", "rsdit", tmp_path / "none.pth", "--out", tmp_path / "out", "--labels"]
    code, _, said = call(*line, "building")
    assert code == 1
    assert "none.pth: no checkpoint can be read there" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_scheme_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    torch.save(learned(RSDiT(CONFIG)).state_dict(), tmp_path / "checkpoint.pth")
    line = [
        "convert",
        "rsdit",
        tmp_path / "checkpoint.pth",
        "--heads",
        "4",
        "--out",
        tmp_path / "out",
        "--labels",
    ]
    code, _, said = call(*line, "openearthmpa")
    assert code == 2
    assert "openearthmap" in said
