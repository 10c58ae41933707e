"""Features: the shipped weights are the ones named, crops do not depend on each other, views on the order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core.errors import PackageError, SourceError
from diachron.training.features.contrast import (
    TEMPERATURE,
    ContrastOptions,
    contrast_loss,
    learn_features,
)
from diachron.training.features.encoder import WEIGHTS, load_encoder, measure_encoder, save_encoder
from diachron.training.features.network import FEATURES, new_network
from diachron.training.features.views import Place, draw_views


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small batches on a busy machine wait for each other's threads longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def crops(number: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((number, 3, 64, 64), np.float32)


def test_the_shipped_weights_are_small_and_have_the_hash_that_is_named() -> None:
    encoder = load_encoder()
    assert encoder.name == WEIGHTS.stem
    assert WEIGHTS.stat().st_size < 3_000_000
    assert encoder.features(crops(3)).shape == (3, FEATURES)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copy(WEIGHTS, tmp_path))
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(bytes(content))
    with pytest.raises(PackageError, match="figures of other weights cannot be compared"):
        load_encoder(copy)
    with pytest.raises(PackageError, match="not the weights of a feature network"):
        copy.write_bytes(b"nothing")
        load_encoder(copy, sha256=None)
    with pytest.raises(SourceError, match="cannot be read"):
        load_encoder(tmp_path / "missing.safetensors")


def test_the_card_names_the_weights_and_their_hash() -> None:
    encoder = load_encoder()
    card = WEIGHTS.with_suffix(".md").read_text(encoding="utf-8")
    assert encoder.name in card
    assert encoder.sha256 in card
    assert "CC BY 4.0" in card


def test_a_crop_has_the_same_features_whatever_stands_beside_it() -> None:
    encoder = load_encoder()
    many = crops(5)
    together = encoder.features(many)
    alone = np.concatenate([encoder.features(many[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(together, alone, atol=2e-3)


def test_whitened_features_are_even_on_the_crops_they_were_measured_on(tmp_path: Path) -> None:
    seen = torch.from_numpy(crops(400, seed=1))
    path = tmp_path / "own.safetensors"
    save_encoder(measure_encoder(new_network(0), seen), path)
    found = load_encoder(path, sha256=None).features(seen.numpy())
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-2)
    spread = found.std(axis=0)
    # No direction is blown up beyond unit spread, and those that carry anything have it.
    assert spread.max() < 1.05
    assert np.median(spread) > 0.1


def test_the_loss_has_its_closed_form() -> None:
    one = torch.eye(4)
    # Each row finds itself at cosine 1 and three others at 0.
    expected = np.log(np.exp(1 / TEMPERATURE) + 3) - 1 / TEMPERATURE
    assert float(contrast_loss(one, one)) == pytest.approx(expected, rel=1e-3)
    assert float(contrast_loss(torch.ones(4, 4), torch.ones(4, 4))) == pytest.approx(np.log(4), rel=1e-5)


def flat_places(number: int) -> list[Place]:
    """Return places of one colour each, seen twice."""
    colours = np.random.default_rng(0).integers(0, 256, (number, 3, 1, 1))
    return [
        Place(f"place_{i}", (np.broadcast_to(c, (3, 80, 72)).astype(np.uint8),) * 2)
        for i, c in enumerate(colours)
    ]


def test_views_depend_on_seed_and_step_alone() -> None:
    places = flat_places(6)
    first, second = draw_views(places, 4, seed=3, step=7)
    again, _ = draw_views(places, 4, seed=3, step=7)
    other, _ = draw_views(places, 4, seed=3, step=8)
    assert first.shape == second.shape == (8, 3, 64, 64)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1


def test_places_are_learnt_apart() -> None:
    losses: list[float] = []
    learn_features(
        flat_places(8), ContrastOptions(steps=12, places=4), lambda step, loss: losses.append(loss)
    )
    assert losses[-1] < 0.8 * losses[0]


def test_a_batch_of_more_places_than_there_are_is_refused() -> None:
    with pytest.raises(SourceError, match="3 places, a batch holds 4"):
        learn_features(flat_places(3), ContrastOptions(places=4))
