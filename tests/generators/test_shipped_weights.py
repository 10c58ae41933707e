"""The weights that come along: small, under open terms, with the hash that their card names, and of use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from diachron.core.hub import BUILDING, GRASS
from diachron.generators import inpainting, semantic
from diachron.generators.inpainting import painter
from diachron.generators.inpainting.painter import Holes, Manner, Painter
from diachron.generators.models.weights_folder import WEIGHTS
from diachron.generators.semantic import painter as semantic_painter
from diachron.generators.semantic.painter import SemanticPainter
from diachron.generators.weights import INPAINTING, NAMES, SEMANTIC, located

ROOT = Path(__file__).parents[2]
MOST_PARAMETERS, MOST_BYTES, MOST_BYTES_IN_ALL = 4_500_000, 9_000_000, 24_000_000
OPEN = {"CC-BY-4.0", "public domain"}
RENDERERS: dict[str, Any] = {INPAINTING: inpainting, SEMANTIC: semantic}
CARDS = {INPAINTING: painter.DESCRIPTION, SEMANTIC: semantic_painter.DESCRIPTION}


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_they_are_small(name: str) -> None:
    stored = load_file(located(name) / WEIGHTS)
    assert sum(value.numel() for value in stored.values()) <= MOST_PARAMETERS
    assert {value.dtype for value in stored.values()} == {torch.bfloat16}
    assert (located(name) / WEIGHTS).stat().st_size <= MOST_BYTES


def test_all_weights_of_the_repository_are_small_together() -> None:
    folders = (ROOT / "generators", ROOT / "training")
    found = [path for folder in folders for path in folder.rglob("*.safetensors")]
    assert len(found) == len(NAMES) + 1
    assert sum(path.stat().st_size for path in found) <= MOST_BYTES_IN_ALL


def test_the_card_names_the_hash_and_the_terms(name: str) -> None:
    card = (located(name) / "README.md").read_text(encoding="utf-8")
    renderer = RENDERERS[name]
    assert renderer.Parameters().weights == name
    assert f"# {name}" in card
    assert renderer.weights_hash(renderer.Parameters()) in card
    assert "CC BY 4.0" in card
    assert "public domain" in card


def test_they_were_trained_under_open_terms_and_tell_no_path(name: str) -> None:
    text = (located(name) / CARDS[name]).read_text(encoding="utf-8")
    card = json.loads(text)
    assert set(card["training"]["licences"]) <= OPEN
    assert {licence for _, _, licence, _ in card["training"]["plan"]["sets"]} <= OPEN
    assert "/" not in text


def test_a_folder_of_the_same_name_is_told_apart(name: str) -> None:
    assert located(name) != Path(name)
    assert located(f"./{name}") == Path(name)


def spoilt_town(painter: Painter, by: float) -> tuple[np.ndarray, Holes]:
    """Return (3, S, S) roofs on grass with grain, and the same with a roof in another light and in grain."""
    rng = np.random.default_rng(0)
    labels = np.full((1, 64, 64), GRASS, np.uint8)
    picture = np.broadcast_to(np.array([-0.6, -0.4, -0.7], np.float32)[:, None, None], (3, 64, 64)).copy()
    for row, col in ((6, 6), (6, 40), (26, 24), (44, 6), (44, 42)):
        labels[0, row : row + 14, col : col + 14] = BUILDING
        picture[:, row : row + 14, col : col + 14] = np.array([0.5, 0.3, 0.2], np.float32)[:, None, None]
    picture += rng.normal(0.0, 0.05, picture.shape).astype(np.float32)
    hole = np.zeros((1, 64, 64), bool)
    hole[0, 24:42, 22:40] = True
    spoilt = picture + np.float32(by) + rng.normal(0.0, 0.15, picture.shape).astype(np.float32)
    proposal = np.where(hole[0], spoilt, picture)
    return picture, Holes(picture[None], proposal[None], hole, labels, painter.noise(0, 0, 0, 64)[None], 0.6)


@pytest.mark.parametrize("by", [-0.5, 0.5])
def test_inpainting_mends_the_light_of_what_is_drawn(by: float) -> None:
    painter = Painter.load(INPAINTING)
    picture, holes = spoilt_town(painter, by)
    usual, inside = inpainting.Parameters(), holes.hole[0]
    plain = Manner(0.2, usual.steps)

    def off(shown: np.ndarray) -> float:
        return float(np.abs(shown[:, inside] - picture[:, inside]).mean())

    for manner, share in (
        (plain, 0.7),
        # Within the renderer's bounds the light may go half of the way.
        (replace(plain, detail=usual.detail, most_shift=usual.most_shift), 0.9),
    ):
        painted = painter.paint(holes, manner)[0]
        assert off(painted) < share * off(holes.proposal[0])
        assert np.array_equal(painted[:, ~inside], picture[:, ~inside])


def test_semantic_gives_texture_to_a_sketch_and_keeps_its_colours() -> None:
    painter, usual = SemanticPainter.load(SEMANTIC), semantic.Parameters()
    _, holes = spoilt_town(painter, 0.0)
    smooth = np.where(holes.labels == BUILDING, 0.3, -0.6).astype(np.float32)
    sketch = np.broadcast_to(smooth[:, None], (1, 3, 64, 64)).copy()
    whole = Holes(sketch, sketch, np.ones((1, 64, 64), bool), holes.labels, holes.noise, 0.6)
    painted = painter.paint(whole, Manner(usual.strength, usual.steps))[0]
    for where, level in ((holes.labels[0] == BUILDING, 0.3), (holes.labels[0] == GRASS, -0.6)):
        assert abs(float(painted[:, where].mean()) - level) < 0.25
        assert 0.03 < float(painted[:, where].std()) < 0.6
