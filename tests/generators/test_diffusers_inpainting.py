"""Renderer `diffusers_inpainting`: the edit of the proposal and nothing else, weights by hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diachron.core.errors import PackageError, RecipeError
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import stream
from diachron.generators import copy_paste, diffusers_inpainting
from tests.generators.hub.tiny import controlnet_folder, pipeline_folder
from tests.worlds import Case, World


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(pipeline_folder(tmp_path_factory.mktemp("weights"), levels=2))


def request(incidents: float = 4.0, **world: Any) -> RenderRequest:
    play = Case(World(rows=64, cols=64, seed=2, **world), 5).play(incidents)
    return RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})


def painted(asked: RenderRequest, weights: str, seed: int = 0, **more: Any) -> Painted:
    parameters = diffusers_inpainting.Parameters(weights=weights, **{"steps": 2, "window_px": 32, **more})
    record = diffusers_inpainting.draw(stream(seed, 0, "render"), asked, parameters)
    return diffusers_inpainting.paint(asked, record)


@pytest.mark.parametrize("more", [{}, {"profile": "hyscdg", "strength": 1.0}])
def test_all_of_the_proposal_and_nothing_else_is_repainted(weights: str, tmp_path: Path, more: Any) -> None:
    asked = request()
    if more:
        more["controlnet"] = str(controlnet_folder(tmp_path, levels=2))
    first = copy_paste.paint(asked, copy_paste.draw(stream(0, 0, "render"), asked))
    found = painted(asked, weights, **more)
    np.testing.assert_array_equal(found.edit, first.edit)
    assert found.effects == first.effects
    assert found.image[:, ~first.edit].tobytes() == asked.scene.image[:, ~first.edit].tobytes()
    assert (found.image != first.image).any(axis=0)[first.edit].mean() > 0.9


def test_bands_beyond_the_colours_stay_as_proposed(weights: str) -> None:
    asked = request(bands=5)
    first = copy_paste.paint(asked, copy_paste.draw(stream(0, 0, "render"), asked))
    found = painted(asked, weights)
    assert [np.array_equal(found.image[k], first.image[k]) for k in range(5)] == [False] * 3 + [True] * 2


def test_another_seed_is_another_picture(weights: str) -> None:
    asked = request()
    one = painted(asked, weights)
    assert painted(asked, weights).image.tobytes() == one.image.tobytes()
    assert painted(asked, weights, seed=1).image.tobytes() != one.image.tobytes()


def test_nothing_to_paint_loads_no_network(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from diachron.generators.hub import pipeline

    def never(*_: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(pipeline, "load_pipeline", never)
    asked = request(incidents=0.0)
    assert painted(asked, weights).image.tobytes() == asked.scene.image.tobytes()
    with pytest.raises(AssertionError, match="asked"):
        painted(request(), weights)


def test_at_least_one_step_is_done(weights: str) -> None:
    asked = request(incidents=0.0)
    for steps in (1, 3, 7, 49, 200):
        parameters = diffusers_inpainting.Parameters(weights=weights, strength=0.05, steps=steps)
        record: Any = diffusers_inpainting.draw(stream(0, 0, "render"), asked, parameters)
        # As diffusers counts.
        assert int(steps * record["strength"]) >= 1
        assert record["device"] == "cpu"


def test_weights_other_than_those_of_the_record_are_refused(weights: str) -> None:
    asked = request()
    parameters = diffusers_inpainting.Parameters(weights=weights, steps=2, window_px=64)
    record = diffusers_inpainting.draw(stream(0, 0, "render"), asked, parameters)
    with pytest.raises(
        PackageError, match=r"the record was made with 000000000000; give the folder of those"
    ):
        diffusers_inpainting.paint(asked, {**record, "sha256": "0" * 64})


def test_a_model_that_is_not_there_is_told_of_with_the_command() -> None:
    pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    parameters = diffusers_inpainting.Parameters(weights="town/nobody")
    with pytest.raises(PackageError, match="`hf download town/nobody`"):
        diffusers_inpainting.weights_hash(parameters)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strength": 0.0}, "strength: 0 is not between 0.05 and 1"),
        ({"steps": 0}, "steps: 0, expected 1 to 200"),
        ({"guidance": 0.5}, "guidance: 0.5 is not between 1"),
        ({"control_scale": 3.0}, "control_scale: 3 is not between 0 and 2"),
        ({"window_px": 16}, "window_px: 16, expected 32 to 2048"),
        ({"profile": "hyscgd"}, "did you mean 'hyscdg'"),
        ({"precision": "fp16"}, "did you mean 'bf16'"),
        ({"attention": "xformers"}, "xformers computes on a GPU only"),
    ],
)
def test_parameters_out_of_range_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        diffusers_inpainting.Parameters(**given)
