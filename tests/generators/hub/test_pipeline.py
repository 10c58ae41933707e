"""Stable Diffusion folders as brushes: what is loaded of them, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core import hub
from diachron.core.errors import PackageError, RecipeError
from diachron.core.streams import stream
from diachron.generators.hub import pipeline
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.pipeline import Manner, Model, PipelineBrush, cells, load_pipeline
from tests.generators.hub.tiny import controlnet_folder, pipeline_folder, xl_folder

CPU = Machine()
MANNER = Manner(
    strength=0.7, steps=3, guidance=1.0, control_scale=1.0, profile="hyscdg", opening=0, text="", negative=""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(pipeline_folder(tmp_path_factory.mktemp("inpainting")))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder that was not made for holes: its U-Net has no channels for them."""
    folder = pipeline_folder(tmp_path_factory.mktemp("plain"), channels=4)
    rewritten(folder, "_class_name", "StableDiffusionPipeline")
    return str(folder)


@pytest.fixture(scope="module")
def controlnet(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(controlnet_folder(tmp_path_factory.mktemp("controlnet")))


def rewritten(folder: Path, key: str, value: object) -> None:
    index = folder / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), key: value}))


def hole(seed: int = 1) -> Hole:
    picture, proposal = stream(0, 0, "hole").random((2, 3, 48, 48)).astype(np.float32)
    inside = np.zeros((48, 48), bool)
    inside[10:30, 12:29] = True
    labels = np.where(inside, hub.BUILDING, hub.GRASS).astype(np.uint8)
    return Hole(picture, proposal, inside, labels, 0.5, seed)


def brush(model: Model, **manner: object) -> PipelineBrush:
    return PipelineBrush(load_pipeline(model, CPU)[0], CPU, dataclasses.replace(MANNER, **manner))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["inpainting", "plain", "controlled", "plain and controlled"])
def test_each_kind_paints_and_repeats(folder: str, plain: str, controlnet: str, kind: str) -> None:
    model = Model(plain if "plain" in kind else folder, controlnet if "controlled" in kind else None)
    painter = brush(model)
    control = "ControlNet" if "controlled" in kind else ""
    assert type(painter.pipe).__name__ == f"StableDiffusion{control}InpaintPipeline"
    assert painter.multiple == 16
    found = painter.paint(hole())
    assert found.shape == (3, 48, 48)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1
    assert painter.paint(hole()).tobytes() == found.tobytes()
    assert painter.paint(hole(seed=2)).tobytes() != found.tobytes()


def test_stable_diffusion_xl_paints_as_well(tmp_path: Path) -> None:
    painter = brush(Model(str(xl_folder(tmp_path))))
    assert type(painter.pipe).__name__ == "StableDiffusionXLInpaintPipeline"
    found = painter.paint(hole())
    assert found.shape == (3, 48, 48)
    assert painter.paint(hole()).tobytes() == found.tobytes()
    assert painter.paint(hole(seed=2)).tobytes() != found.tobytes()


def test_everything_that_it_is_told_counts(folder: str, controlnet: str) -> None:
    model = Model(folder, controlnet)
    first = brush(model).paint(hole())
    for manner in (
        {"strength": 1.0},
        {"steps": 6},
        {"guidance": 4.0},
        {"control_scale": 0.3},
        {"profile": "plain"},
        {"opening": 1},
        {"text": "in winter"},
    ):
        assert brush(model, **manner).paint(hole()).tobytes() != first.tobytes(), manner
    negative = brush(model, guidance=4.0, negative="clouds").paint(hole())
    assert negative.tobytes() != brush(model, guidance=4.0).paint(hole()).tobytes()
    labels = np.full((48, 48), hub.WATER, np.uint8)
    # Labels come in twice: by the prompt and by the map.
    told = dataclasses.replace(hole(), labels=np.where(hole().hole, hole().labels, labels))
    assert brush(model).paint(told).tobytes() != first.tobytes()
    assert brush(Model(folder)).paint(told).tobytes() == brush(Model(folder)).paint(hole()).tobytes()


def test_with_strength_1_nothing_is_left_of_the_proposal(folder: str) -> None:
    other = dataclasses.replace(hole(), proposal=1 - hole().proposal)
    whole, half = brush(Model(folder), strength=1.0), brush(Model(folder), strength=0.4)
    assert whole.paint(other).tobytes() == whole.paint(hole()).tobytes()
    assert half.paint(other).tobytes() != half.paint(hole()).tobytes()


def test_every_cell_with_a_pixel_of_the_hole_is_open() -> None:
    inside = np.zeros((32, 32), bool)
    inside[7, 16] = inside[31, 31] = True
    mask = cells(inside, 8)[0, 0].numpy()
    assert mask[:8, 16:24].all()
    assert mask[24:, 24:].all()
    assert mask.sum() == 2 * 64


def test_threads_are_none_of_it(folder: str) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = brush(Model(folder)).paint(hole())
        torch.set_num_threads(3)
        assert brush(Model(folder)).paint(hole()).tobytes() == one.tobytes()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_the_safety_checker_is_neither_loaded_nor_counted(folder: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    rewritten(copy, "safety_checker", ["stable_diffusion", "StableDiffusionSafetyChecker"])
    rewritten(copy, "feature_extractor", ["transformers", "CLIPImageProcessor"])
    (copy / "safety_checker").mkdir()
    assert Model(str(copy)).fingerprint() == Model(folder).fingerprint()
    pipe, _ = load_pipeline(Model(str(copy)), CPU)
    assert pipe.safety_checker is None


def test_the_hash_is_of_all_that_is_read(folder: str, controlnet: str, tmp_path: Path) -> None:
    first = Model(folder).fingerprint()
    assert Model(folder, controlnet).fingerprint() != first
    assert Model(str(pipeline_folder(tmp_path / "other", seed=1))).fingerprint() != first
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert Model(str(copy)).fingerprint() == first
    scheduler = copy / "scheduler" / "scheduler_config.json"
    scheduler.write_text(scheduler.read_text().replace("0.02", "0.03"))
    assert Model(str(copy)).fingerprint() != first


def test_a_half_of_bits_is_another_picture_of_the_same(folder: str) -> None:
    coarse = Machine(precision="bf16")
    pipe, _ = load_pipeline(Model(folder), coarse)
    assert {values.dtype for values in pipe.unet.parameters()} == {torch.bfloat16}
    found, exact = PipelineBrush(pipe, coarse, MANNER).paint(hole()), brush(Model(folder)).paint(hole())
    assert found.tobytes() != exact.tobytes()
    assert np.abs(found - exact).mean() < 0.05


def test_folders_that_are_none_are_named(folder: str, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"no pipeline can be read there .* holds model_index\.json"):
        Model(str(tmp_path)).fingerprint()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    rewritten(copy, "_class_name", "FluxPipeline")
    with pytest.raises(PackageError, match="a pipeline of class 'FluxPipeline'; Stable Diffusion and"):
        load_pipeline(Model(str(copy)), CPU)
    shutil.rmtree(copy / "vae")
    with pytest.raises(PackageError, match=r"model_index\.json names vae, and there is no such folder"):
        Model(str(copy)).fingerprint()


def test_networks_of_other_channels_are_refused(folder: str, tmp_path: Path) -> None:
    five = str(pipeline_folder(tmp_path / "five", channels=5))
    with pytest.raises(
        PackageError, match="its U-Net takes 5 channels, expected 9 for one that inpaints, or 4"
    ):
        load_pipeline(Model(five), CPU)
    nine = str(controlnet_folder(tmp_path / "nine", channels=9))
    with pytest.raises(PackageError, match="its ControlNet takes 9 channels, expected 4"):
        load_pipeline(Model(folder, nine), CPU)


def test_weights_that_do_not_fit_are_refused(folder: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"no header")
    with pytest.raises(PackageError, match="cannot be read as StableDiffusionInpaintPipeline"):
        load_pipeline(Model(str(copy)), CPU)


def test_pickles_are_refused(folder: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(PackageError, match=r"unet: holds no \.safetensors"):
        Model(str(copy)).fingerprint()


@pytest.mark.parametrize(
    ("package", "lora", "said"),
    [
        ("transformers", None, r"need transformers for this, .*`pip install 'diachron\[transformers\]'`"),
        ("peft", "some.safetensors", r"need peft for this, .*`pip install 'diachron\[peft\]'`"),
    ],
)
def test_a_missing_package_is_named_with_its_command(
    folder: str, monkeypatch: pytest.MonkeyPatch, package: str, lora: str | None, said: str
) -> None:
    real = pipeline.find_spec
    monkeypatch.setattr(pipeline, "find_spec", lambda name: None if name == package else real(name))
    with pytest.raises(RecipeError, match=said):
        Model(folder, lora=lora).fingerprint()


def test_a_lora_is_one_file(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"lora: .* holds 0 \.safetensors, expected one"):
        pipeline._lora_file(str(tmp_path))
    (tmp_path / "pytorch_lora_weights.safetensors").write_bytes(b"")
    assert pipeline._lora_file(str(tmp_path)).name == "pytorch_lora_weights.safetensors"
    with pytest.raises(PackageError, match="expected one"):
        pipeline._lora_file(str(tmp_path / "missing.bin"))
