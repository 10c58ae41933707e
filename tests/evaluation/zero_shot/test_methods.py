"""Trained methods: a finished detector is found again, and one that others start from is trained once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from diachron.evaluation.zero_shot.methods import Material, Trained, Untrained
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.options import TrainingOptions
from tests.pairs import Listed, bright_squares

CONFIG = DetectorConfig("siamese-unet-small", "binary", 3)
OPTIONS = TrainingOptions(steps=2, batch=2, crop_px=32)
PAIR = bright_squares(1, side=48)[0]


def method(name: str, pairs: Listed, start_from: Trained | None = None) -> Trained:
    """Return a method of two steps on some pairs."""
    return Trained(name, lambda seed, folder: Material([pairs]), CONFIG, OPTIONS, start_from)


def test_what_a_trial_has_left_is_found_without_its_pairs(tmp_path: Path) -> None:
    ours = method("ours", bright_squares(2, side=48))
    folder = tmp_path / "ours" / "seed-0"
    assert ours.kept(folder) is None
    fitted = ours.fit(0, folder)

    def gone(seed: int, folder: Path) -> Material:
        raise AssertionError("no pair may be made or read")

    kept = replace(ours, material=gone).kept(folder)
    assert kept is not None
    np.testing.assert_array_equal(kept.score(PAIR), fitted.score(PAIR))


def test_what_several_start_from_is_trained_once(tmp_path: Path) -> None:
    ours = method("ours", bright_squares(2, side=48))
    after = method("after", bright_squares(2, side=48, seed=3), ours)
    after.fit(0, tmp_path / "after" / "seed-0")
    weights = tmp_path / "ours" / "seed-0" / "detector" / "weights.safetensors"
    written = weights.stat().st_mtime_ns
    assert [path.name for path in (tmp_path / "after" / "seed-0").iterdir()] == ["detector"]
    # The trial of the first finds its detector, and so does another that starts from it.
    ours.fit(0, tmp_path / "ours" / "seed-0")
    method("later", bright_squares(2, side=48, seed=4), ours).fit(0, tmp_path / "later" / "seed-0")
    assert weights.stat().st_mtime_ns == written
    assert not np.array_equal(
        after.fit(0, tmp_path / "after" / "seed-0").score(PAIR),
        ours.fit(0, tmp_path / "ours" / "seed-0").score(PAIR),
    )


def test_a_baseline_has_nothing_to_keep(tmp_path: Path) -> None:
    class Module:
        @staticmethod
        def detect(t1: np.ndarray, t2: np.ndarray, full_scale: float) -> np.ndarray:
            return t2[0] > 200

    baseline = Untrained("bright", Module)  # type: ignore[arg-type]
    np.testing.assert_array_equal(baseline.kept(tmp_path).score(PAIR), (PAIR.change == 1).astype(np.float32))
