"""A published SAM through its real loading code: what it proposes lies where it is, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import RecipeError
from diachron.training.segmenters.hub_masks import MaskProposer, point_grid
from tests.bright_sam import write_bright_sam


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bright_sam(tmp_path_factory.mktemp("hub") / "bright-sam")


def meadow(shape: tuple[int, int], *roofs: tuple[slice, slice]) -> np.ndarray:
    """Return (3, H, W) dark ground with white roofs."""
    picture = np.full((3, *shape), 0.2, np.float32)
    for rows, cols in roofs:
        picture[:, rows, cols] = 0.9
    return picture


@pytest.mark.parametrize("shape", [(128, 128), (128, 96), (96, 128), (64, 32), (256, 192)])
def test_masks_come_back_where_things_are(folder, shape):
    roof = slice(shape[0] // 4, shape[0] // 2), slice(shape[1] // 2, 3 * shape[1] // 4)
    proposals = MaskProposer.load(str(folder)).propose(meadow(shape, roof), 0.3)
    assert proposals
    expected = np.zeros(shape, bool)
    expected[roof] = True
    for proposal in proposals:
        found = np.zeros(shape, bool)
        found[proposal.footprint.window] = proposal.footprint.mask
        assert (found & expected).sum() > 0.9 * (found | expected).sum()
        assert proposal.score == pytest.approx(1.0)


def test_masks_that_the_network_doubts_are_not_proposed(folder):
    proposer = MaskProposer.load(str(folder))
    proposer.least_iou = 1.01
    assert proposer.propose(meadow((64, 64), (slice(8, 24), slice(8, 24))), 0.3) == []
    proposer.least_iou, proposer.least_stability = 0.5, 1.0
    assert proposer.propose(meadow((64, 64), (slice(8, 24), slice(8, 24))), 0.3) == []


def test_the_same_picture_gives_the_same_masks(folder):
    rng = np.random.default_rng(0)
    picture = rng.random((3, 96, 96)).astype(np.float32)
    first, second = (MaskProposer.load(str(folder)).propose(picture, 0.3) for _ in range(2))
    assert [p.score for p in first] == [p.score for p in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.footprint.mask, other.footprint.mask)


def test_points_lie_evenly_and_no_house_falls_between_them():
    points = point_grid((160, 80), 1.0)
    assert points.shape == (20 * 10, 2)
    assert (points.min(0) > 0).all()
    assert (points.max(0) < (80, 160)).all()
    assert np.unique(np.diff(np.unique(points[:, 0]))).tolist() == [8.0]
    assert len(point_grid((4096, 4096), 1.0)) == 64 * 64


def test_the_fingerprint_goes_by_the_weights_and_not_by_the_folder(folder, tmp_path):
    own = MaskProposer.load(str(folder))
    copy = write_bright_sam(tmp_path / "elsewhere")
    assert MaskProposer.load(str(copy)).fingerprint() != ""
    import torch

    moved = tmp_path / "moved"
    own.network.save_pretrained(moved)
    assert MaskProposer.load(str(moved)).fingerprint() == own.fingerprint()
    with torch.no_grad():
        own.network.mask_decoder.iou_prediction_head.proj_out.bias.add_(1)
    assert MaskProposer.load(str(moved)).fingerprint() != own.fingerprint()


def test_a_folder_without_weights_or_with_pickled_ones_is_refused(folder, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_bytes((folder / "config.json").read_bytes())
    (bare / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(RecipeError, match=r"cannot be had .*model\.safetensors"):
        MaskProposer.load(str(bare))
    with pytest.raises(RecipeError, match=r"cannot be had .*hf download"):
        MaskProposer.load(str(tmp_path / "nothing-there"))


def test_a_model_of_another_kind_is_refused(folder, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "resnet"}), encoding="utf-8")
    with pytest.raises(RecipeError, match=r"of type 'resnet'; take one of type 'sam'"):
        MaskProposer.load(str(tmp_path))


def test_without_transformers_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(RecipeError, match=r"pip install 'diachron\[transformers\]'"):
        MaskProposer.load("facebook/sam-vit-base")


def test_an_id_that_is_not_here_is_refused_and_torchvision_is_not_wanted(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(RecipeError, match=r"--objects nobody/no-such-sam: cannot be had"):
        MaskProposer.load("nobody/no-such-sam")
    assert "torchvision" not in sys.modules
