"""Renderer `semantic`: it paints where `procedural` does, over a sketch, and a new thing keeps its look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diachron.core.errors import PackageError, RecipeError
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import stream
from diachron.generators import procedural, semantic
from diachron.generators.semantic.painter import SemanticPainter
from tests.generators.models.nets import tiny_unet
from tests.worlds import Case, World


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("weights")
    SemanticPainter(tiny_unet()).save(folder)
    return str(folder)


def request(incidents: float = 4.0, **world: Any) -> RenderRequest:
    play = Case(World(rows=90, cols=90, seed=2, **world), 5).play(incidents)
    return RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})


def painted(asked: RenderRequest, weights: str, seed: int = 0, **more: Any) -> Painted:
    parameters = semantic.Parameters(weights=weights, **{"steps": 2, **more})
    return semantic.paint(asked, semantic.draw(stream(seed, 0, "render"), asked, parameters))


def test_all_that_procedural_paints_and_nothing_else_is_painted_over(weights: str) -> None:
    asked = request()
    first, found = procedural.paint(asked, {}), painted(asked, weights)
    np.testing.assert_array_equal(found.edit, first.edit)
    assert found.effects == first.effects
    assert found.image[:, ~first.edit].tobytes() == asked.scene.image[:, ~first.edit].tobytes()
    assert (found.image != first.image).any(axis=0)[first.edit].mean() > 0.9


def test_a_sketch_in_parts_is_the_sketch_of_the_whole(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request()
    found = painted(asked, weights)
    everything = (slice(0, 90), slice(0, 90))
    monkeypatch.setattr(semantic, "_pieces", lambda edit, _: [(everything, edit)])
    assert painted(asked, weights).image.tobytes() == found.image.tobytes()


def test_texture_of_the_proposal_does_not_come_through(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two proposals with the same levels and another texture have nearly the same sketch."""
    asked = request()
    first = procedural.paint(asked, {})
    rng = np.random.default_rng(0)
    grain = np.where(first.edit, rng.integers(-20, 21, first.edit.shape), 0)
    grained = np.clip(first.image.astype(int) + grain, 0, 255).astype(np.uint8)
    plain = painted(asked, weights, strength=0.05)
    monkeypatch.setattr(procedural, "paint", lambda *_: Painted(grained, first.edit, first.effects))
    found = painted(asked, weights, strength=0.05)
    before = np.abs(grained.astype(int) - first.image)[:, first.edit].mean()
    after = np.abs(found.image.astype(int) - plain.image)[:, first.edit].mean()
    assert after < 0.4 * before


def test_a_first_date_can_be_dressed_and_is_the_same_again(weights: str) -> None:
    scene = request().scene
    from diachron.core.sample import Snapshot

    state = Snapshot(0.0, scene.surface, scene.instances, scene.objects)
    how = semantic.Parameters(weights=weights, steps=2, strength=[0.3, 0.6])

    def dressed(seed: int) -> bytes:
        found = semantic.dressed(
            scene.image,
            state,
            semantic.draw_look(stream(seed, 0, "look"), how),
            full_scale=scene.full_scale,
            bands=scene.bands,
            gsd_m=0.5,
        )
        assert found.shape == scene.image.shape
        return found.tobytes()

    assert dressed(0) == dressed(0)
    assert dressed(0) != dressed(1)
    assert dressed(0) != scene.image.tobytes()


def test_a_place_that_was_gone_over_keeps_noise_and_strength(weights: str) -> None:
    asked, how = request(), semantic.Parameters(weights=weights, strength=[0.3, 0.6])
    look = semantic.draw_look(stream(1, 0, "look"), how)
    place = replace(asked, scene=replace(asked.scene, model=SimpleNamespace(look=look)))
    elsewhere, there = (semantic.draw(stream(0, 0, "render"), each, how) for each in (asked, place))
    assert there == look
    assert elsewhere["strength"] != there["strength"]
    assert elsewhere["noise_seed"] != there["noise_seed"]


def test_nothing_to_paint_asks_no_network(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(SemanticPainter, "paint", never)
    asked = request(incidents=0.0)
    assert painted(asked, weights).image.tobytes() == asked.scene.image.tobytes()
    with pytest.raises(AssertionError, match="asked"):
        painted(request(), weights)


def test_what_cannot_be_painted_is_refused(weights: str, tmp_path: Path) -> None:
    asked = request()
    with pytest.raises(RecipeError, match="strength"):
        semantic.Parameters(strength=2)
    with pytest.raises(PackageError, match="train others with `diachron train semantic"):
        semantic.weights_hash(semantic.Parameters(weights=str(tmp_path)))
    drawn = semantic.draw(stream(0, 0, "render"), asked, semantic.Parameters(weights=weights))
    with pytest.raises(PackageError, match="the record was made with 000000"):
        semantic.paint(asked, {**drawn, "sha256": "0" * 64})
