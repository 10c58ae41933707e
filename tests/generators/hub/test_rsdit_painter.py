"""RSDiT as a brush: the walk against its formula, the picture around the hole, folders that are missing."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from diachron.core import hub
from diachron.core.errors import PackageError, RecipeError
from diachron.core.streams import stream
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.rsdit_folder import SavedRSDiT, planes_of
from diachron.generators.hub.rsdit_painter import (
    Latents,
    RSDiTBrush,
    denoised,
    load_rsdit,
    rsdit_hash,
    walked,
)
from tests.generators.hub.tiny import rsdit_folder

CPU = Machine()


def latents(open_: float | None = None) -> Latents:
    values = torch.from_numpy(stream(0, 0, "latents").standard_normal((3, 1, 4, 8, 8)))
    hole = torch.zeros(1, 1, 8, 8, dtype=values.dtype)
    hole[..., 2:6, 2:6] = 1.0
    if open_ is not None:
        hole[:] = open_
    return Latents(values[0], values[1], hole, values[2])


def alphas() -> np.ndarray:
    """Return how much of the picture is left after each of the thousand steps: Ho et al. 2020, eq. 4."""
    return np.cumprod(1.0 - np.linspace(1e-4, 0.02, 1000))


def oracle(picture: Tensor, spread: float = -1.0):
    """Return a network that knows the picture, and says which spread it wants between the two bounds."""

    def network(x: Tensor, time: float) -> Tensor:
        left = alphas()[round(time * 1000)]
        noise = (x - left**0.5 * picture) / (1.0 - left) ** 0.5
        return torch.cat([noise, torch.full_like(noise, spread)], dim=1)

    return network


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_a_network_that_knows_the_picture_paints_it(strength: float) -> None:
    given, picture = latents(), torch.full((1, 4, 8, 8), 0.7, dtype=torch.float64)
    rng = torch.Generator().manual_seed(0)
    found = denoised(oracle(picture), given, strength=strength, steps=20, rng=rng)
    torch.testing.assert_close(found, given.joined(picture, given.known), atol=1e-5, rtol=0)


def test_a_step_is_that_of_improved_diffusion() -> None:
    # Two steps, 999 and 0, of an open picture: by hand from Nichol and Dhariwal 2021, eq. 2, 10, 11 and 15.
    given = latents(open_=1.0)
    rng = torch.Generator().manual_seed(5)
    answers = torch.from_numpy(stream(1, 0, "answers").standard_normal((1, 8, 8, 8))) * 0.1

    def network(x: Tensor, time: float) -> Tensor:
        assert time in (0.999, 0.0)
        return answers

    found = denoised(network, given, strength=1.0, steps=2, rng=rng)

    noise, spread = answers.numpy()[:, :4], answers.numpy()[:, 4:]
    left, then = alphas()[999], alphas()[0]
    beta = 1.0 - left / then
    x = given.noise.numpy()
    picture = (x - (1 - left) ** 0.5 * noise) / left**0.5
    mean = then**0.5 * beta / (1 - left) * picture + (left / then) ** 0.5 * (1 - then) / (1 - left) * x
    least = (1 - then) / (1 - left) * beta
    share = (spread + 1) / 2
    deviation = np.exp(0.5 * (share * np.log(beta) + (1 - share) * np.log(least)))
    drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64).numpy()
    x = mean + deviation * drawn
    # No noise is added at the last step.
    picture = (x - (1 - then) ** 0.5 * noise) / then**0.5
    np.testing.assert_allclose(found.numpy(), picture, rtol=1e-3)


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_a_velocity_that_knows_the_picture_paints_it(strength: float) -> None:
    given, picture = latents(), torch.full((1, 4, 8, 8), 0.7, dtype=torch.float64)

    def network(x: Tensor, time: float) -> Tensor:
        # Straight on to the picture, whatever lies ahead.
        return (x - picture) / time

    found = walked(network, given, strength=strength, steps=4)
    torch.testing.assert_close(found, given.joined(picture, given.known), atol=1e-6, rtol=0)


def test_what_is_around_the_hole_is_as_noisy_as_the_step() -> None:
    given, seen = latents(), []

    def network(x: Tensor, time: float) -> Tensor:
        seen.append((x, time))
        return torch.zeros(1, 8, 8, 8, dtype=x.dtype)

    denoised(network, given, strength=1.0, steps=5, rng=torch.Generator().manual_seed(0))
    assert len(seen) == 5
    for x, time in seen:
        left = alphas()[round(time * 1000)]
        around = left**0.5 * given.known + (1 - left) ** 0.5 * given.noise
        torch.testing.assert_close(x[..., :2, :], around[..., :2, :], atol=1e-5, rtol=0)


def test_less_strength_is_fewer_steps_and_begins_at_the_proposal() -> None:
    given, seen = latents(open_=1.0), []

    def network(x: Tensor, time: float) -> Tensor:
        seen.append((x, time))
        return torch.zeros(1, 8, 8, 8, dtype=x.dtype)

    denoised(network, given, strength=0.25, steps=20, rng=torch.Generator().manual_seed(0))
    assert len(seen) == 5
    x, time = seen[0]
    assert time < 0.3
    left = alphas()[round(time * 1000)]
    torch.testing.assert_close(
        x, left**0.5 * given.start + (1 - left) ** 0.5 * given.noise, atol=1e-5, rtol=0
    )


def hole(size: int = 48, seed: int = 1) -> Hole:
    rng = stream(0, 0, "hole")
    picture, proposal = rng.random((2, 3, size, size)).astype(np.float32)
    inside = np.zeros((size, size), bool)
    inside[10:30, 12:29] = True
    labels = np.where(inside, hub.BUILDING, hub.GRASS).astype(np.uint8)
    return Hole(picture, proposal, inside, labels, 0.5, seed)


@pytest.fixture(scope="module", params=["noise", "velocity"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(rsdit_folder(tmp_path_factory.mktemp(request.param), aim=request.param))


def brush(folder: str, **more: float) -> RSDiTBrush:
    saved, vae, _ = load_rsdit(folder, None, CPU)
    given = {"strength": 0.7, "steps": 4, "guidance": 1.0, **more}
    return RSDiTBrush(saved, vae, CPU, given["strength"], int(given["steps"]), given["guidance"])


@pytest.mark.parametrize("size", [16, 48, 144])
def test_it_paints_windows_of_any_size(folder: str, size: int) -> None:
    painter = brush(folder)
    assert painter.multiple == 16
    whole = hole(max(size, 48))
    parts = ("picture", "proposal", "hole", "labels")
    cut = {name: getattr(whole, name)[..., 10 : 10 + size, 10 : 10 + size] for name in parts}
    found = painter.paint(dataclasses.replace(whole, **cut) if size < 48 else whole)
    assert found.shape == (3, size, size)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1


def test_everything_that_it_is_told_counts(folder: str) -> None:
    asked, painter = hole(), brush(folder)
    plain = painter.paint(asked)
    assert painter.paint(asked).tobytes() == plain.tobytes()
    others = {
        "seed": dataclasses.replace(asked, seed=2),
        "labels": dataclasses.replace(asked, labels=np.full_like(asked.labels, hub.WATER)),
        "proposal": dataclasses.replace(asked, proposal=1 - asked.proposal),
        "picture": dataclasses.replace(asked, picture=1 - asked.picture),
    }
    for name, other in others.items():
        assert painter.paint(other).tobytes() != plain.tobytes(), name
    for switch in ({"strength": 0.3}, {"steps": 6}, {"guidance": 3.0}):
        assert brush(folder, **switch).paint(asked).tobytes() != plain.tobytes(), switch
    saved, vae, _ = load_rsdit(folder, None, CPU)
    halves = RSDiTBrush(saved, vae, Machine(precision="bf16"), 0.7, 4, 1.0).paint(asked)
    assert halves.tobytes() != plain.tobytes()
    assert np.abs(halves - plain).mean() < 0.05


def test_planes_are_those_of_the_scheme() -> None:
    building = planes_of("building", 1)
    assert building == ((hub.BUILDING, hub.GREENHOUSE),)
    classes, with_void = planes_of("openearthmap", 8), planes_of("openearthmap", 9)
    assert with_void[1:] == classes
    assert hub.BUILDING in classes[7]
    assert hub.BARE in classes[0]
    for wrong in (0, 2, 7, 10):
        with pytest.raises(RecipeError, match=rf"classes up to 8, and the network {wrong} planes"):
            planes_of("openearthmap", wrong)


def test_label_maps_become_planes(folder: str) -> None:
    saved = SavedRSDiT.load(folder)
    shown = saved.shown(np.array([[hub.IGNORE, hub.BUILDING], [hub.GRASS, hub.GRASS]], np.uint8))
    assert shown.shape == (1, 17, 2, 2)
    # Of what is not known nothing is shown; the planes are those of scheme `hub`.
    assert not shown[0, :, 0, 0].any()
    assert shown[0, hub.BUILDING, 0, 1] == 1.0
    assert shown[0, hub.GRASS, 1].tolist() == [1.0, 1.0]
    assert shown.sum() == 3.0


def test_a_folder_is_read_as_it_was_written(folder: str, tmp_path: Path) -> None:
    saved = SavedRSDiT.load(folder)
    saved.training = {"licence": "CC0-1.0"}
    saved.save(tmp_path)
    again = SavedRSDiT.load(tmp_path)
    assert (again.planes, again.aim, again.training) == (saved.planes, saved.aim, saved.training)
    for name, values in saved.network.state_dict().items():
        assert torch.equal(values, again.network.state_dict()[name]), name


def test_the_hash_follows_the_weights_and_the_autoencoder(tmp_path: Path) -> None:
    def hash_of(folder: Path) -> str:
        return rsdit_hash(str(folder), None)

    one = rsdit_folder(tmp_path / "one")
    moved = tmp_path / "moved"
    shutil.copytree(one, moved)
    assert hash_of(moved) == hash_of(one)
    assert hash_of(rsdit_folder(tmp_path / "other", seed=1)) != hash_of(one)
    shutil.rmtree(moved / "vae")
    with pytest.raises(PackageError, match=r"holds no folder `vae`.*--set renderer\.vae=DIR"):
        hash_of(moved)
    assert rsdit_hash(str(moved), str(one / "vae")) == hash_of(one)


def test_folders_that_are_none_are_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "vae").mkdir()
    with pytest.raises(PackageError, match=r"diachron convert rsdit CHECKPOINT --labels SCHEME --out DIR"):
        rsdit_hash(str(tmp_path), None)
    with pytest.raises(PackageError, match="no RSDiT can be read there"):
        SavedRSDiT.load(tmp_path)


def test_an_autoencoder_of_other_channels_is_refused(tmp_path: Path) -> None:
    from diffusers import AutoencoderKL

    folder = rsdit_folder(tmp_path / "weights")
    AutoencoderKL(latent_channels=3).save_pretrained(tmp_path / "vae")
    with pytest.raises(PackageError, match="has 3 latent channels, the network 4"):
        load_rsdit(str(folder), str(tmp_path / "vae"), CPU)
