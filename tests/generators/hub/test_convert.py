"""Published checkpoints: whatever stands around the weights, their size, and what is not opened."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from diachron.core import hub
from diachron.core.errors import PackageError, RecipeError
from diachron.generators.hub.convert import converted
from diachron.generators.models.rsdit import RSDiT, RSDiTConfig
from tests.generators.hub.tiny import learned

CONFIG = RSDiTConfig(depth=3, width=16, heads=4, answers=8, label_planes=1)


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = learned(RSDiT(CONFIG)).state_dict()
    return state


def wrapped(weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Return checkpoints in the forms that trainings leave."""
    zeros = {name: torch.zeros_like(values) for name, values in weights.items()}
    return {
        "plain": weights,
        "DiT's": {
            "model": zeros,
            "ema": weights,
            "opt": {"state": {}, "param_groups": []},
            "args": argparse.Namespace(model="RSDiT-B/2", lr=1e-4),
        },
        "wrapped twice": {"state_dict": {f"module.model.{name}": values for name, values in weights.items()}},
        "running mean": {
            "model_ema": {"step": torch.tensor([3]), **{f"module.{n}": v for n, v in weights.items()}}
        },
        "half precision": {name: values.half() for name, values in weights.items()},
    }


@pytest.mark.parametrize("form", ["plain", "DiT's", "wrapped twice", "running mean", "half precision"])
def test_the_weights_are_found_whatever_stands_around_them(
    weights: dict[str, torch.Tensor], tmp_path: Path, form: str
) -> None:
    torch.save(wrapped(weights)[form], tmp_path / "checkpoint.pth")
    saved = converted(tmp_path / "checkpoint.pth", labels="building", heads=4)
    assert saved.network.config == CONFIG
    assert saved.aim == "noise"
    assert saved.planes == ((hub.BUILDING, hub.GREENHOUSE),)
    assert saved.training["converted_from"] == "checkpoint.pth"
    for name, values in saved.network.state_dict().items():
        assert values.dtype == torch.float32
        wanted = weights[name].half().float() if form == "half precision" else weights[name]
        assert torch.equal(values, wanted), name


def test_safetensors_are_read_as_well(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    save_file(weights, tmp_path / "model.safetensors")
    saved = converted(tmp_path / "model.safetensors", labels="building", heads=4)
    assert saved.network.config == CONFIG


@pytest.mark.parametrize(("width", "heads"), [(384, 6), (768, 12), (1024, 16), (1152, 16)])
def test_heads_are_those_of_the_published_size(tmp_path: Path, width: int, heads: int) -> None:
    from diachron.generators.hub.convert import config_of

    config = RSDiTConfig(depth=12, width=width, heads=heads, answers=8, label_planes=9)
    with torch.device("meta"):
        weights = RSDiT(config).state_dict()
    assert config_of(weights, tmp_path) == config


def test_heads_that_no_shape_tells_are_asked_for(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "checkpoint.pth")
    for heads in (None, 5):
        with pytest.raises(PackageError, match=r"a width of 16 is of no published size .* say with --heads"):
            converted(tmp_path / "checkpoint.pth", labels="building", heads=heads)


def test_a_scheme_of_other_classes_is_refused(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "checkpoint.pth")
    with pytest.raises(
        RecipeError, match="--labels openearthmap: has classes up to 8, and the network 1 planes"
    ):
        converted(tmp_path / "checkpoint.pth", labels="openearthmap", heads=4)


class Trap:
    """A pickle that would write a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_in_a_pickle_is_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    torch.save({"model": Trap(sprung)}, tmp_path / "checkpoint.pth")
    with pytest.raises(PackageError, match="holds more than weights, and is not opened"):
        converted(tmp_path / "checkpoint.pth", labels="building")
    assert not sprung.exists()
    # The trap works.
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"epoch": 3, "best": 0.5}, "holds no weights, but epoch, best"),
        ({}, "holds no weights, but nothing"),
        ({"conv.weight": torch.ones(2, 2)}, "not the weights of an RSDiT .* this holds conv.weight"),
        ([1, 2], "holds a list, expected weights by name"),
    ],
)
def test_other_things_are_refused(tmp_path: Path, state: Any, said: str) -> None:
    torch.save(state, tmp_path / "checkpoint.pth")
    with pytest.raises(PackageError, match=said):
        converted(tmp_path / "checkpoint.pth", labels="building")


def test_weights_too_many_are_refused(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    torch.save({**weights, "extra.weight": torch.ones(2)}, tmp_path / "checkpoint.pth")
    with pytest.raises(PackageError, match=r"not the weights of an RSDiT .*extra\.weight"):
        converted(tmp_path / "checkpoint.pth", labels="building", heads=4)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pth").write_bytes(b"")
    (tmp_path / "model.safetensors").write_bytes(b"no header")
    for name in ("missing.pth", "checkpoint.pth", "model.safetensors"):
        with pytest.raises(PackageError, match=name):
            converted(tmp_path / name, labels="building")
