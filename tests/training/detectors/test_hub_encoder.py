"""Published encoders, where `transformers` is installed: a tiny one from a folder, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import RecipeError
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.detector import Detector
from diachron.training.detectors.loop import train_detector
from diachron.training.detectors.options import TrainingOptions
from tests.pairs import bright_squares


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return the folder of a residual network of four small levels with random weights."""
    transformers = pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic"
    )
    transformers.ResNetBackbone(config).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_a_detector_on_a_published_encoder_learns_and_loads(model: Path, tmp_path: Path) -> None:
    pairs = bright_squares(4)
    config = DetectorConfig(f"hub:{model}", "binary", 3)
    trained = train_detector(
        [pairs], config, TrainingOptions(steps=2, batch=2, crop_px=64), out=tmp_path / "detector"
    )
    pair = pairs[0]
    found = trained.probability(pair.t1, pair.t2, pair.full_scale)
    again = Detector.load(tmp_path / "detector").probability(pair.t1, pair.t2, pair.full_scale)
    assert found.shape == pair.shape
    assert np.array_equal(found, again)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    with pytest.raises(RecipeError, match="no encoder can be made of it"):
        Detector.untrained(DetectorConfig(f"hub:{tmp_path}", "binary", 3), 0)
