"""A detector on its own: windows equal the whole, what is stored comes back, what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import GridError, PackageError, RecipeError, UnknownNameError
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.detector import Detector
from diachron.training.detectors.loop import train_detector
from diachron.training.detectors.options import TrainingOptions
from diachron.training.detectors.windows import cut_windows


@pytest.fixture(scope="module")
def trained(blocks: Callable) -> Detector:
    """Return a detector that has seen some blocks: an untrained one hardly depends on its input."""
    options = TrainingOptions(steps=30, batch=4, crop_px=48, precision="fp32", device="cpu")
    return train_detector([blocks(count=20)], DetectorConfig(), options)


@given(
    st.tuples(st.integers(1, 150), st.integers(1, 150)),
    st.integers(3, 8).map(lambda n: 16 * n),
    st.integers(0, 16),
)
def test_answers_tile_the_picture_and_lie_within_what_is_read(
    shape: tuple[int, int], window_px: int, overlap_px: int
) -> None:
    answered = np.zeros(shape, int)
    for window in cut_windows(shape, window_px, overlap_px, 16):
        answered[window.rows_and_cols] += 1
        top, left, bottom, right = window.read
        assert 0 <= top < bottom <= shape[0] and 0 <= left < right <= shape[1]
        assert max(bottom - top, right - left) <= window_px
        assert top % 16 == 0 and left % 16 == 0
        rows, cols = window.inside
        assert rows.start >= 0 and rows.stop <= bottom - top and cols.start >= 0 and cols.stop <= right - left
    assert (answered == 1).all()


def test_windows_equal_the_whole_picture(trained: Detector, blocks: Callable) -> None:
    pair = blocks(side=328, count=1)[0]
    t1, t2 = pair.t1[:, :, :72], pair.t2[:, :, :72]
    at_once = trained.probability(t1, t2, 255.0)
    # Where half the overlap covers all that the network can see, nothing but rounding is left.
    wide = trained.probability(t1, t2, 255.0, window_px=288, overlap_px=224)
    np.testing.assert_allclose(wide, at_once, atol=1e-5)
    usual = trained.probability(t1, t2, 255.0, window_px=192)
    assert 0 < np.abs(usual - at_once).max() < 0.05


def test_a_picture_of_any_size_has_a_probability_everywhere(trained: Detector) -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (5, 33), (70, 17)):
        t1, t2 = rng.integers(0, 255, (2, 3, *shape), np.uint8)
        found = trained.probability(t1, t2, 255.0)
        assert found.shape == shape and found.dtype == np.float32
        assert found.min() >= 0.0 and found.max() <= 1.0


def test_the_sensors_scale_does_not_matter(trained: Detector, blocks: Callable) -> None:
    pair = blocks()[0]
    t1, t2 = (date.astype(np.uint16) * 257 for date in (pair.t1, pair.t2))
    np.testing.assert_allclose(
        trained.probability(t1, t2, 65535.0), trained.probability(pair.t1, pair.t2, 255.0), atol=1e-5
    )


def test_what_is_saved_comes_back(trained: Detector, blocks: Callable, tmp_path: Path) -> None:
    trained.save(tmp_path / "here")
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [
        "detector.json",
        "weights.safetensors",
    ]
    pair = blocks()[0]
    expected = trained.probability(pair.t1, pair.t2, 255.0)
    for path in (tmp_path / "here", tmp_path / "here" / "weights.safetensors"):
        loaded = Detector.load(path)
        np.testing.assert_array_equal(loaded.probability(pair.t1, pair.t2, 255.0), expected)
        assert loaded.config == trained.config
        assert loaded.training["loss"] == trained.training["loss"]


def test_what_is_no_detector_is_named(trained: Detector, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"nowhere: no detector can be read there.*--out"):
        Detector.load(tmp_path / "nowhere")
    trained.save(tmp_path)
    described = json.loads((tmp_path / "detector.json").read_text())
    (tmp_path / "detector.json").write_text(json.dumps({**described, "format": 99}))
    with pytest.raises(PackageError, match="format 99"):
        Detector.load(tmp_path)
    (tmp_path / "detector.json").write_text(json.dumps({**described, "normalisation": {"mean": 0}}))
    with pytest.raises(PackageError, match="normalisation"):
        Detector.load(tmp_path)
    (tmp_path / "detector.json").write_text(json.dumps(described))
    (tmp_path / "weights.safetensors").write_bytes(b"half")
    with pytest.raises(PackageError, match="no detector can be read"):
        Detector.load(tmp_path)


def test_dates_of_two_sizes_are_refused(trained: Detector) -> None:
    one, other = np.zeros((3, 32, 32), np.uint8), np.zeros((3, 32, 48), np.uint8)
    with pytest.raises(GridError, match=r"differ in size: \[\(32, 32\), \(32, 48\)\]"):
        trained.probability(one, other, 255.0)
    with pytest.raises(RecipeError, match="overlap"):
        trained.probability(one, one, 255.0, window_px=64, overlap_px=64)
    with pytest.raises(RecipeError, match="knows no classes"):
        trained.classes(one, one, 255.0)


def test_bands_are_chosen_by_name_and_repeated_where_they_are_few() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(4, 1, 1)
    names = ("blue", "green", "red", "nir")
    assert choose_bands(image, names, 3).ravel().tolist() == [2, 1, 0]
    assert choose_bands(image, names, 4).ravel().tolist() == [0, 1, 2, 3]
    assert choose_bands(image[:1], ("red", "green", "blue"), 3).ravel().tolist() == [0, 0, 0]
    assert choose_bands(image[:2], (), 3).ravel().tolist() == [0, 1, 1]


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'siamese-unet-small'"):
        DetectorConfig("siamese-unet-smal")
    with pytest.raises(UnknownNameError, match="did you mean 'semantic'"):
        DetectorConfig(head="semantics")
    with pytest.raises(RecipeError, match="head 'semantic' with 0 classes"):
        DetectorConfig(head="semantic")
    with pytest.raises(RecipeError, match="at least 1"):
        replace(DetectorConfig(), bands=0)
