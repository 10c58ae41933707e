"""Training a LoRA: it learns, meets what the pipeline shows its U-Net, goes on, and the renderer loads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core import hub
from diachron.core.errors import PackageError, RecipeError, RunRefusedError, UnknownNameError
from diachron.core.streams import stream
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.pipeline import Manner, Model, PipelineBrush, read_pipeline
from diachron.training.lora.adapter import DESCRIPTION, WEIGHTS, Adapted, TrainedLora
from diachron.training.lora.base import Base, load_base
from diachron.training.lora.examples import PromptedExamples
from diachron.training.lora.loop import noise_loss, train_lora
from diachron.training.lora.options import LoraOptions
from diachron.training.lora.sheet import prompted_examples
from tests.generators.hub.tiny import pipeline_folder
from tests.training.inpainting.places import Worlds
from tests.training.runs_again import check_goes_on

pytest.importorskip("peft", reason="the extra `peft` is not installed")

CPU = Machine()
SHORT = LoraOptions(
    steps=4,
    batch=2,
    crop_px=32,
    checkpoint_every=2,
    learning_rate=1e-2,
    rank=2,
    device="cpu",
    precision="fp32",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield str(pipeline_folder(tmp_path_factory.mktemp("inpainting"), levels=2))


def painted(weights: str, lora: Path | None, scale: float = 1.0) -> np.ndarray:
    """Return a hole as the renderer's brush paints it."""
    manner = Manner(0.7, 2, 1.0, 1.0, "plain", 0, "", "")
    model = Model(weights, lora=None if lora is None else str(lora), lora_scale=scale)
    picture, proposal = stream(0, 0, "hole").random((2, 3, 32, 32)).astype(np.float32)
    inside = np.zeros((32, 32), bool)
    inside[9:20, 8:21] = True
    labels = np.where(inside, hub.BUILDING, hub.GRASS).astype(np.uint8)
    brush = PipelineBrush(read_pipeline(model, CPU)[0], CPU, manner)
    return brush.paint(Hole(picture, proposal, inside, labels, 0.5, 1))


def test_a_batch_is_overfitted_and_the_network_itself_stays(folder: str) -> None:
    base = load_base(folder)
    batch = PromptedExamples([Worlds(1)], replace(SHORT, crop_px=16), base)[0]
    network = Adapted(base.unet, 8, 0)
    before = {name: values.clone() for name, values in base.unet.state_dict().items() if "lora_" not in name}
    # Nothing but the matrices is learned, averaged or kept.
    assert {name.partition(".")[0] for name, _ in network.named_parameters()} == {"beside"}
    assert len(network.state_dict()) == len(list(network.parameters())) > 0
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-2)
    found = []
    for _ in range(60):
        loss = noise_loss(network, batch, base)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.item())
    assert found[-1] < 0.85 * found[0]
    after = base.unet.state_dict()
    assert all(torch.equal(after[name], values) for name, values in before.items())


def test_the_network_is_shown_what_the_pipeline_shows_it(folder: str) -> None:
    """Mask, masked picture and words are in the same places and of the same values."""
    pipe, _ = read_pipeline(Model(folder), CPU)
    base = load_base(folder)
    with torch.no_grad():
        for vae in (pipe.vae, base.vae.network):
            # No spread: the pipeline draws from the distribution, and here its middle is taken.
            vae.quant_conv.weight[4:] = 0.0
            vae.quant_conv.bias[4:] = -30.0
    batch = PromptedExamples([Worlds(1)], replace(SHORT, batch=1, without_labels=0.0), base)[0]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def answers(x: torch.Tensor, step: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        seen.append((x, told))
        return torch.zeros_like(batch.noise)

    noise_loss(answers, batch, base)

    def watch(_: object, inputs: tuple[torch.Tensor, ...], named: dict[str, torch.Tensor]) -> None:
        seen.append((inputs[0], named["encoder_hidden_states"]))

    handle = pipe.unet.register_forward_pre_hook(watch, with_kwargs=True)
    picture = batch.picture[0].numpy() * 0.5 + 0.5
    crop = PromptedExamples([Worlds(1)], replace(SHORT, batch=1, without_labels=0.0), base)
    labels = labels_of(crop)
    inside = batch.hole[0, 0].numpy() > 0
    manner = Manner(1.0, 2, 1.0, 1.0, "plain", 0, "", "")
    PipelineBrush(pipe, CPU, manner).paint(Hole(picture, picture, inside, labels, 1.0, 1))
    handle.remove()
    (ours, told), (theirs, words) = seen[0], seen[1]
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours[:, 4:], theirs[:, 4:], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(told, words)


def labels_of(examples: PromptedExamples) -> np.ndarray:
    """Return the labels of the first crop of the first step."""
    from diachron.training.inpainting.examples import holed_crops

    (first,) = holed_crops(stream(0, 0, "lora/crops"), examples.places, 1, without_labels=0.0)
    return first.crop.labels


def test_the_aim_is_noise_or_velocity_as_the_scheduler_says(folder: str) -> None:
    base = load_base(folder)
    batch = PromptedExamples([Worlds(1)], SHORT, base)[0]
    assert noise_loss(lambda x, step, told: batch.noise, batch, base).item() == 0
    moving = replace(base, scheduler=type(base.scheduler)(prediction_type="v_prediction"))
    assert noise_loss(lambda x, step, told: batch.noise, batch, moving).item() > 0

    def velocity(x: torch.Tensor, step: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        left = moving.scheduler.alphas_cumprod[step][:, None, None, None]
        picture = (x[:, :4] - (1 - left).sqrt() * batch.noise) / left.sqrt()
        return left.sqrt() * batch.noise - (1 - left).sqrt() * picture

    assert noise_loss(velocity, batch, moving).item() < 1e-6


def test_hidden_labels_are_an_empty_prompt(folder: str) -> None:
    base = load_base(folder)
    batch = PromptedExamples([Worlds(1)], replace(SHORT, batch=40, crop_px=16, without_labels=0.5), base)[0]
    hidden = int((batch.tokens == base.tokens([""])).all(dim=1).sum())
    # Binomial(40, 1/2): outside 4 to 36 with a chance below 1e-6.
    assert 4 <= hidden <= 36


def test_a_stopped_run_ends_like_one_that_was_not_and_the_renderer_loads_it(
    folder: str, tmp_path: Path
) -> None:
    def train(**how: object) -> TrainedLora:
        return train_lora([Worlds()], SHORT, folder, **how)  # type: ignore[arg-type]

    resumed, whole = check_goes_on(train, tmp_path, at=3, card=DESCRIPTION)
    assert all(torch.equal(resumed.layers[name], values) for name, values in whole.layers.items())
    out = tmp_path / "cut"
    assert sorted(path.name for path in out.iterdir()) == [DESCRIPTION, "losses.jsonl", WEIGHTS]
    stored = TrainedLora.load(out)
    assert stored.layers.keys() == whole.layers.keys()
    assert stored.training["licences"] == ["CC0-1.0"]
    assert Model(folder, lora=str(out)).fingerprint() != Model(folder).fingerprint()

    unchanged = painted(folder, None)
    assert painted(folder, out).tobytes() != unchanged.tobytes()
    np.testing.assert_allclose(painted(folder, out, 0.0), unchanged, atol=1e-5)
    with pytest.raises(RunRefusedError, match="trained with options"):
        train_lora([Worlds()], replace(SHORT, rank=3), folder, out=out, resume=True)


def test_a_pipeline_with_the_file_answers_as_the_network_in_training(folder: str, tmp_path: Path) -> None:
    network = Adapted(load_base(folder).unet, 2, 0)
    rng = stream(0, 0, "asked")
    with torch.no_grad():
        for values in network.beside:
            values.copy_(torch.from_numpy(rng.standard_normal(values.shape, np.float32)))
    TrainedLora(network.layers()).save(tmp_path)
    with_it, _ = read_pipeline(Model(folder, lora=str(tmp_path)), CPU)
    without, _ = read_pipeline(Model(folder), CPU)
    x = torch.from_numpy(rng.standard_normal((1, 9, 8, 8), np.float32))
    told = torch.from_numpy(rng.standard_normal((1, 5, 8), np.float32))
    step = torch.tensor([500])
    with torch.inference_mode():
        wanted = network(x, step, told)
        torch.testing.assert_close(with_it.unet(x, step, told).sample, wanted)
        assert (without.unet(x, step, told).sample - wanted).abs().max() > 0.01


def test_the_sheet_shows_crops_without_and_with_it(folder: str, tmp_path: Path) -> None:
    options = replace(SHORT, steps=2)
    train_lora([Worlds()], options, folder, out=tmp_path)
    (crop,) = prompted_examples(tmp_path, folder, [Worlds()], options, 1)
    np.testing.assert_array_equal(crop.painted[~crop.hole], crop.real[~crop.hole])
    assert (crop.painted != crop.without).any()


def test_what_does_not_fit_is_refused(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match="crops of 18 px: expected a multiple of 4"):
        train_lora([Worlds(1)], replace(SHORT, crop_px=18), folder)
    plain = pipeline_folder(tmp_path / "plain", channels=4, levels=2)
    with pytest.raises(PackageError, match="whose U-Net takes 4 channels; a LoRA is trained on"):
        train_lora([Worlds(1)], SHORT, str(plain))
    with pytest.raises(UnknownNameError, match="did you mean 'plain'"):
        replace(SHORT, profile="plane")
    with pytest.raises(RecipeError, match="rank 0"):
        replace(SHORT, rank=0)
    with pytest.raises(PackageError, match="no LoRA of `diachron train lora`"):
        TrainedLora.load(tmp_path)
    from diachron.generators.hub import pipeline

    real = pipeline.find_spec
    monkeypatch.setattr(pipeline, "find_spec", lambda name: None if name == "peft" else real(name))
    with pytest.raises(RecipeError, match=r"need peft for this, .*`pip install 'diachron\[peft\]'`"):
        load_base(folder)


def test_a_base_is_read_anew_each_time(folder: str) -> None:
    first, second = load_base(folder), load_base(folder)
    assert isinstance(first, Base)
    Adapted(first.unet, 2, 0)
    assert not any("lora_" in name for name, _ in second.unet.named_parameters())


def test_half_the_bits_are_enough(folder: str) -> None:
    trained = train_lora([Worlds(1)], replace(SHORT, steps=1, batch=1, crop_px=16, precision="bf16"), folder)
    assert trained.training["plan"]["precision"] == "bf16"
    assert np.isfinite(trained.training["loss"])
