"""Renderer `rsdit`: the edit of the proposal and nothing else, weights by hash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diachron.core.errors import PackageError, RecipeError
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import stream
from diachron.generators import copy_paste, rsdit
from tests.generators.hub.tiny import rsdit_folder
from tests.worlds import Case, World


@pytest.fixture(scope="module", params=["noise", "velocity"])
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(rsdit_folder(tmp_path_factory.mktemp("weights"), aim=request.param, levels=2))


def asked_for(incidents: float = 4.0, **world: Any) -> RenderRequest:
    play = Case(World(rows=64, cols=64, seed=2, **world), 5).play(incidents)
    return RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})


def painted(asked: RenderRequest, weights: str, seed: int = 0, **more: Any) -> Painted:
    parameters = rsdit.Parameters(weights=weights, **{"steps": 3, "window_px": 32, **more})
    return rsdit.paint(asked, rsdit.draw(stream(seed, 0, "render"), asked, parameters))


def test_all_of_the_proposal_and_nothing_else_is_repainted(weights: str) -> None:
    asked = asked_for(bands=4)
    first = copy_paste.paint(asked, copy_paste.draw(stream(0, 0, "render"), asked))
    found = painted(asked, weights)
    np.testing.assert_array_equal(found.edit, first.edit)
    assert found.effects == first.effects
    assert found.image[:, ~first.edit].tobytes() == asked.scene.image[:, ~first.edit].tobytes()
    assert (found.image != first.image).any(axis=0)[first.edit].mean() > 0.9
    np.testing.assert_array_equal(found.image[3], first.image[3])


def test_the_seed_and_every_switch_count(weights: str) -> None:
    asked = asked_for()
    one = painted(asked, weights)
    assert painted(asked, weights).image.tobytes() == one.image.tobytes()
    assert painted(asked, weights, seed=1).image.tobytes() != one.image.tobytes()
    for switch in ({"steps": 5}, {"guidance": 2.0}, {"precision": "bf16"}, {"window_px": 64}):
        assert painted(asked, weights, **switch).image.tobytes() != one.image.tobytes(), switch


def test_weights_other_than_those_of_the_record_are_refused(weights: str) -> None:
    asked = asked_for()
    record = rsdit.draw(stream(0, 0, "render"), asked, rsdit.Parameters(weights=weights))
    with pytest.raises(PackageError, match="the record was made with 000000000000; give the folder of those"):
        rsdit.paint(asked, {**record, "sha256": "0" * 64})


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(PackageError, match="weights: there is no folder rsdit"):
        rsdit.weights_hash(rsdit.Parameters())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strength": 2.0}, "strength: 2 is not between 0.05 and 1"),
        ({"steps": 1}, "steps: 1, expected 2 to 1000"),
        ({"guidance": -1.0}, "guidance: -1 is not between 0"),
        ({"window_px": 4096}, "window_px: 4096, expected 32 to 2048"),
        ({"device": "cdua"}, "did you mean 'cuda'"),
    ],
)
def test_parameters_out_of_range_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        rsdit.Parameters(**given)


def test_the_device_is_told_as_it_is_here(weights: str) -> None:
    import torch

    there = "cuda" if torch.cuda.is_available() else "cpu"
    assert rsdit.device(rsdit.Parameters(weights=weights, device="auto")) == there
    assert rsdit.device(rsdit.Parameters(weights=weights, device="cpu")) == "cpu"
