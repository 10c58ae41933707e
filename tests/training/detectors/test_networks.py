"""Every network with every head it has: full-size logits, gradients everywhere, sizes as published."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core.errors import RecipeError
from diachron.core.streams import stream
from diachron.training.detectors.config import ARCHITECTURES, HEADS, DetectorConfig
from diachron.training.detectors.detector import Detector
from diachron.training.detectors.loop import train_detector
from diachron.training.detectors.networks import build_network
from diachron.training.detectors.options import TrainingOptions

KINDS = [
    DetectorConfig(architecture, head, classes=0 if head == "binary" else 3)
    for architecture in ARCHITECTURES
    for head in HEADS
    if architecture != "fc-siam-diff" or head == "binary"
]


def parameters(config: DetectorConfig) -> int:
    return sum(weight.numel() for weight in build_network(config, 0).parameters())


@pytest.mark.parametrize("config", KINDS, ids=lambda config: f"{config.architecture}-{config.head}")
def test_answers_have_full_size_and_every_weight_learns(config: DetectorConfig) -> None:
    network = build_network(config, 0)
    rng = stream(0, 0, "test")
    dates = list(torch.from_numpy(rng.normal(size=(2, 2, 3, 64, 96)).astype(np.float32)))
    if config.head == "conditional":
        dates.append(torch.from_numpy(rng.integers(0, 3, (2, 64, 96), np.uint8)))
    answer = network(*dates)
    expected = {"change": (2, 1, 64, 96)}
    if config.head == "semantic":
        expected |= {"classes_t1": (2, 3, 64, 96), "classes_t2": (2, 3, 64, 96)}
    assert {name: tuple(logits.shape) for name, logits in answer.items()} == expected
    sum(logits.square().mean() for logits in answer.values()).backward()
    dead = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert dead == []


def test_sizes_are_those_that_the_names_promise() -> None:
    assert parameters(DetectorConfig()) == pytest.approx(0.97e6, rel=0.03)
    # 1.35 million in table 1 of Daudt et al. 2018.
    assert parameters(DetectorConfig("fc-siam-diff")) == pytest.approx(1.35e6, rel=0.005)
    # ResNet-18 has 11.2 million parameters without its classifier; the decoder comes on top.
    encoder = build_network(DetectorConfig("siamese-unet-resnet18"), 0).encoder
    assert sum(weight.numel() for weight in encoder.parameters()) == pytest.approx(11.2e6, rel=0.01)  # type: ignore[union-attr,operator]


def test_the_difference_networks_do_not_care_which_date_came_first() -> None:
    one, other = torch.from_numpy(stream(0, 0, "test").normal(size=(2, 1, 3, 32, 32)).astype(np.float32))
    network = build_network(DetectorConfig(), 0).eval()
    assert torch.allclose(network(one, other)["change"], network(other, one)["change"], atol=1e-5)


def test_weights_depend_on_the_seed_alone() -> None:
    first = build_network(DetectorConfig(), 0).state_dict()
    torch.rand(5)
    again, another = (build_network(DetectorConfig(), seed).state_dict() for seed in (0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], another[name]) for name in first)


def test_fc_siam_diff_says_which_heads_it_lacks() -> None:
    with pytest.raises(RecipeError, match="no head 'semantic', only 'binary'"):
        build_network(DetectorConfig("fc-siam-diff", "semantic", classes=3), 0)


@pytest.mark.parametrize("head", ["semantic", "conditional"])
def test_the_other_heads_are_trained_stored_and_used(head: str, blocks: Callable, tmp_path: Path) -> None:
    config = DetectorConfig(head=head, classes=2)
    options = TrainingOptions(steps=40, batch=2, crop_px=48, precision="fp32", device="cpu", augment=False)
    one = blocks(count=1, side=48, classes=2)
    train_detector([one], config, options, out=tmp_path)
    detector = Detector.load(tmp_path)
    pair = one[0]
    labels = pair.labels_t1 if head == "conditional" else None
    found = detector.probability(pair.t1, pair.t2, pair.full_scale, labels_t1=labels) > 0.5
    assert np.mean(found == (pair.change == 1)) > 0.95
    if head == "semantic":
        for map_, truth in zip(
            detector.classes(pair.t1, pair.t2, pair.full_scale), (pair.labels_t1, pair.labels_t2), strict=True
        ):
            assert np.mean(map_ == truth) > 0.9
    else:
        with pytest.raises(RecipeError, match="give the label map of the first date"):
            detector.probability(pair.t1, pair.t2, pair.full_scale)


def test_a_model_of_the_hub_without_transformers_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(RecipeError, match=r"pip install 'diachron\[transformers\]'"):
        build_network(DetectorConfig("hub:someone/some-model"), 0)
    with pytest.raises(RecipeError, match="sees 3 bands, not 4"):
        build_network(DetectorConfig("hub:someone/some-model", bands=4), 0)


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed")
def test_a_model_of_the_hub_is_an_encoder(tmp_path: Path) -> None:
    from transformers import ResNetConfig, ResNetModel  # type: ignore[import-not-found,unused-ignore]

    shape = ResNetConfig(embedding_size=8, hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 1, 1])
    ResNetModel(shape).save_pretrained(tmp_path / "model")
    detector = Detector.untrained(DetectorConfig(f"hub:{tmp_path / 'model'}"), 0)
    assert detector.network.encoder.widths == (8, 12, 16, 20)  # type: ignore[union-attr]
    assert detector.stride == 32
    t1, t2 = stream(0, 0, "test").integers(0, 255, (2, 3, 70, 50), np.uint8)
    found = detector.probability(t1, t2, 255.0)
    detector.save(tmp_path / "detector")
    again = Detector.load(tmp_path / "detector").probability(t1, t2, 255.0)
    np.testing.assert_array_equal(found, again)
