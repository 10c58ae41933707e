"""`diachron predict` refuses what it cannot judge, in one line; the way that works is in `test_train`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.detector import Detector
from tests.tiles import call, refusal, write_raster


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    Detector.untrained(DetectorConfig(), 0).save(folder)
    return folder


@pytest.fixture(scope="module")
def date(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_raster(tmp_path_factory.mktemp("dates") / "t.png", np.full((3, 40, 50), 9, np.uint8))


def test_plain_pictures_are_rasters_too(weights: Path, date: Path, tmp_path: Path) -> None:
    code, printed, said = call("predict", date, date, "--weights", weights, "--out", tmp_path / "out")
    assert code == 0, said
    assert "of 2000 pixels changed" in printed
    code, _, said = call("predict", date, date, "--weights", weights, "--out", tmp_path / "out")
    assert "a prediction is there already" in refusal(code, said)
    code, printed, _ = call(
        "predict", date, date, "--weights", weights, "--out", tmp_path / "out", "--overwrite", "--json"
    )
    assert code == 0 and json.loads(printed)["known_px"] == 2000


def test_what_cannot_be_read_is_named(weights: Path, date: Path, tmp_path: Path) -> None:
    end = ("--out", tmp_path / "out")
    code, _, said = call("predict", date, tmp_path / "gone.tif", "--weights", weights, *end)
    assert "gone.tif: cannot be read as a raster" in refusal(code, said)
    code, _, said = call("predict", date, date, "--weights", tmp_path, *end)
    assert "no detector can be read there" in refusal(code, said)
    code, _, said = call("predict", date, date, "--weights", weights, *end, "--threshold", 1.5)
    assert "threshold 1.5" in refusal(code, said, expected=2)
