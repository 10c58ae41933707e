"""Renderer `inpainting`: the edit of the proposal and nothing else, noise of the sample, weights by hash."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diachron.core.errors import PackageError, RecipeError
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import stream
from diachron.generators import copy_paste, inpainting
from diachron.generators.inpainting.painter import DESCRIPTION, WEIGHTS, Holes, Manner, Painter
from tests.generators.models.nets import tiny_unet
from tests.worlds import Case, World


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("weights")
    Painter(tiny_unet(), {"loss": 0.5}).save(folder)
    return str(folder)


def request(incidents: float = 4.0, **world: Any) -> RenderRequest:
    play = Case(World(rows=90, cols=90, seed=2, **world), 5).play(incidents)
    return RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})


def painted(asked: RenderRequest, weights: str, seed: int = 0, **more: Any) -> Painted:
    parameters = inpainting.Parameters(weights=weights, **{"steps": 2, **more})
    return inpainting.paint(asked, inpainting.draw(stream(seed, 0, "render"), asked, parameters))


def proposed(asked: RenderRequest, seed: int = 0) -> Painted:
    return copy_paste.paint(asked, copy_paste.draw(stream(seed, 0, "render"), asked))


def test_all_of_the_proposal_and_nothing_else_is_repainted(weights: str) -> None:
    asked = request()
    first, found = proposed(asked), painted(asked, weights)
    np.testing.assert_array_equal(found.edit, first.edit)
    assert found.effects == first.effects
    assert found.image[:, ~first.edit].tobytes() == asked.scene.image[:, ~first.edit].tobytes()
    differs = (found.image != first.image).any(axis=0)
    assert differs[first.edit].mean() > 0.95


@pytest.mark.parametrize(("bands", "kept"), [(4, [3]), (5, [3, 4]), (2, [])])
def test_bands_beyond_the_colours_stay_as_proposed(weights: str, bands: int, kept: list[int]) -> None:
    asked = request(bands=bands)
    first, found = proposed(asked), painted(asked, weights)
    for band in range(bands):
        same = np.array_equal(found.image[band], first.image[band])
        assert same == (band in kept)


def test_hardly_any_noise_is_hardly_any_change(weights: str) -> None:
    asked = request()
    first = proposed(asked).image.astype(float)
    far = [
        np.abs(painted(asked, weights, strength=strength).image - first).mean()
        for strength in (0.05, 0.3, 1.0)
    ]
    assert far[0] < far[1] < far[2]


def test_nothing_to_paint_asks_no_network(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(Painter, "paint", never)
    asked = request(incidents=0.0)
    assert painted(asked, weights).image.tobytes() == asked.scene.image.tobytes()
    with pytest.raises(AssertionError, match="asked"):
        painted(request(), weights)


def test_another_seed_is_another_noise_and_threads_are_none_of_it(weights: str) -> None:
    asked = request()
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = painted(asked, weights)
        torch.set_num_threads(3)
        again = painted(asked, weights)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert one.image.tobytes() == again.image.tobytes()
    other = painted(asked, weights, seed=1)
    assert other.image.tobytes() != one.image.tobytes()


@pytest.mark.parametrize(
    "change", [{"solver": "heun"}, {"guidance": 3.0}, {"steps": 5}, {"precision": "bf16"}]
)
def test_every_switch_counts(weights: str, change: dict[str, Any]) -> None:
    asked = request()
    assert painted(asked, weights, **change).image.tobytes() != painted(asked, weights).image.tobytes()


def test_strength_is_drawn_from_its_range() -> None:
    asked = request(incidents=0.0)
    parameters = inpainting.Parameters.__dataclass_fields__["strength"].default
    assert parameters == (0.1, 0.3)
    folder = pytest.MonkeyPatch()
    folder.setattr(inpainting, "weights_hash", lambda _: "none")
    try:
        drawn = [float(str(inpainting.draw(stream(k, 0, "render"), asked)["strength"])) for k in range(50)]
    finally:
        folder.undo()
    assert 0.1 <= min(drawn) < 0.13
    assert 0.27 < max(drawn) <= 0.3


def test_weights_of_another_hash_do_not_repaint_a_record(weights: str, tmp_path: Path) -> None:
    asked = request()
    params = inpainting.draw(stream(0, 0, "render"), asked, inpainting.Parameters(weights=weights))
    Painter(tiny_unet(seed=1)).save(tmp_path)
    with pytest.raises(PackageError, match=r"the record was made with [0-9a-f]{12}"):
        inpainting.paint(asked, {**params, "weights": str(tmp_path)})


def test_missing_weights_say_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="train others with `diachron train inpainting"):
        inpainting.weights_hash(inpainting.Parameters(weights=str(tmp_path / "none")))


@pytest.mark.parametrize("cut", [DESCRIPTION, WEIGHTS])
def test_half_written_weights_are_refused(weights: str, tmp_path: Path, cut: str) -> None:
    Painter(tiny_unet()).save(tmp_path)
    (tmp_path / cut).write_bytes((tmp_path / cut).read_bytes()[:100])
    with pytest.raises(PackageError, match="can be read there"):
        Painter.load(tmp_path)


def test_a_painter_comes_back_as_it_was(weights: str) -> None:
    back = Painter.load(Path(weights) / WEIGHTS)
    assert back.training == {"loss": 0.5}
    state = tiny_unet().state_dict()
    for name, values in back.network.state_dict().items():
        assert torch.equal(values, state[name])


def test_members_of_a_batch_are_painted_as_if_alone() -> None:
    rng = stream(0, 0, "holes")
    hole = np.zeros((3, 16, 16), bool)
    hole[:, 4:12, 4:12] = True
    picture, proposal, noise = rng.standard_normal((3, 3, 3, 16, 16), np.float32)
    holes = Holes(picture, proposal, hole, rng.integers(1, 10, (3, 16, 16), np.uint8), noise, 0.5)
    painter, manner = Painter(tiny_unet()), Manner(0.5, 3)
    together = painter.paint(holes, manner)
    np.testing.assert_array_equal(np.where(hole[:, None], 0, together), np.where(hole[:, None], 0, picture))
    for k in range(3):
        one = dataclasses.replace(
            holes,
            **{
                name: getattr(holes, name)[k : k + 1]
                for name in ("picture", "proposal", "hole", "labels", "noise")
            },
        )
        np.testing.assert_allclose(painter.paint(one, manner)[0], together[k], atol=1e-5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strength": 0.0}, "strength: 0 is not between 0.05 and 1"),
        ({"steps": 0}, "steps: 0, expected 1 to 100"),
        ({"solver": "huen"}, "did you mean 'heun'"),
        ({"precision": "fp16"}, "did you mean"),
        ({"guidance": -1.0}, "guidance: -1 is not between"),
    ],
)
def test_parameters_out_of_range_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        inpainting.Parameters(**given)


def test_a_strength_that_the_weights_do_not_know_is_refused(tmp_path: Path) -> None:
    options = {"strength": [0.1, 0.6], "without_proposal": 0.05}
    Painter(tiny_unet(), {"plan": {"options": options}}).save(tmp_path)
    asked = request()

    def drawn(strength: Any) -> Any:
        how = inpainting.Parameters(weights=str(tmp_path), strength=strength)
        return inpainting.draw(stream(0, 0, "render"), asked, how)["strength"]

    assert [drawn(strength) for strength in (0.1, 0.6, 1.0)] == [0.1, 0.6, 1.0]
    assert 0.1 <= drawn([0.1, 0.6]) <= 0.6
    assert drawn({"choice": [0.2, 1.0]}) in (0.2, 1.0)
    # A pair up to 1 draws what lies between, and of a lognormal nobody knows the end.
    for strength in (0.05, 0.8, [0.1, 1.0], {"lognormal": [0.3, 0.2]}):
        with pytest.raises(RecipeError, match=r"trained with numbers from 0\.1 to 0\.6, or 1"):
            inpainting.weights_hash(inpainting.Parameters(weights=str(tmp_path), strength=strength))
