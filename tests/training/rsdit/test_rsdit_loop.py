"""Training an RSDiT: it learns, meets what the renderer shows it, goes on, and the renderer takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diachron.core.errors import PackageError, RecipeError, RunRefusedError, UnknownNameError
from diachron.core.streams import stream
from diachron.generators.hub.autoencoder import encoded
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.rsdit_folder import DESCRIPTION, SavedRSDiT
from diachron.generators.hub.rsdit_painter import Latents, load_rsdit, rsdit_hash, walked
from diachron.generators.models.hub_map import VALUES
from diachron.generators.models.rsdit import RSDiTConfig, label_planes
from diachron.training.rsdit.examples import LatentBatch, LatentExamples
from diachron.training.rsdit.loop import HUB_PLANES, build_rsdit, latent_loss, train_rsdit
from diachron.training.rsdit.options import RSDiTOptions
from diachron.training.rsdit.sheet import latent_examples
from diachron.training.runs.beside import Frozen
from tests.generators.hub.tiny import autoencoder, learned
from tests.training.inpainting.places import Worlds
from tests.training.runs_again import all_weights, check_goes_on

SHORT = RSDiTOptions(
    steps=4,
    batch=2,
    crop_px=32,
    checkpoint_every=2,
    learning_rate=2e-3,
    network=RSDiTConfig(depth=1, width=16, heads=2),
    device="cpu",
    precision="fp32",
)


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("vae")
    learned(autoencoder(2)).save_pretrained(folder)
    yield str(folder)


def batch_of(options: RSDiTOptions = SHORT) -> LatentBatch:
    return LatentExamples([Worlds(1)], options, channels=4, cell_px=2)[0]


def test_a_batch_is_overfitted() -> None:
    frozen, batch = Frozen(learned(autoencoder(2))), batch_of(replace(SHORT, crop_px=16))
    network = build_rsdit(replace(SHORT.network, width=48), 0)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    found = []
    for _ in range(120):
        loss = latent_loss(network, batch, frozen)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.item())
    assert found[-1] < 0.2 * found[0]


def test_a_network_that_errs_nowhere_walks_back_to_the_picture() -> None:
    """Asked as the renderer asks, an answer without loss leads to the real latents."""
    coder, options = learned(autoencoder(2)), replace(SHORT, without_proposal=0.0, batch=1)
    batch = batch_of(options)
    strength = float(batch.strength)
    with torch.no_grad():
        picture, proposal = encoded(coder, batch.picture), encoded(coder, batch.proposal)
    open_ = torch.nn.functional.max_pool2d(batch.hole, 2)
    start = (1.0 - strength) * proposal + strength * batch.noise
    seen: list[float] = []

    def answers(x: torch.Tensor, time: torch.Tensor, *planes: torch.Tensor) -> torch.Tensor:
        seen.append(float(time))
        return (start - picture) / strength

    assert latent_loss(answers, batch, Frozen(coder)).item() < 1e-9
    assert seen[0] == pytest.approx(strength * float(batch.time))
    latents = Latents(picture, proposal, open_, batch.noise)
    found = walked(lambda x, time: answers(x, torch.tensor([time])), latents, strength=strength, steps=3)
    torch.testing.assert_close(found, picture, atol=1e-5, rtol=0)


def test_crops_without_proposal_count_everywhere_and_others_in_their_holes() -> None:
    coder = Frozen(learned(autoencoder(2)))
    for share, whole in ((0.0, False), (0.99, True)):
        batch = batch_of(replace(SHORT, without_proposal=share, batch=1))
        assert (float(batch.strength) == 1.0) is whole
        open_ = torch.nn.functional.max_pool2d(batch.hole, 2)
        touched = torch.zeros_like(batch.noise, requires_grad=True)

        def answers(
            x: Any, time: Any, planes: Any, gsd_m: Any, kept: Any = touched, told: Any = batch
        ) -> Any:
            assert gsd_m is told.gsd_m
            return kept + 0.0

        latent_loss(answers, batch, coder).backward()
        assert touched.grad is not None
        outside = (touched.grad != 0).any(dim=1, keepdim=True) & (open_ == 0)
        assert bool(outside.any()) is whole


def test_a_step_is_the_same_whenever_it_is_asked() -> None:
    examples = LatentExamples([Worlds()], SHORT, channels=4, cell_px=2)
    later, first = examples[3], examples[0]
    again = LatentExamples([Worlds()], SHORT, channels=4, cell_px=2)
    for name in vars(first):
        assert torch.equal(getattr(again[0], name), getattr(first, name))
    assert not torch.equal(first.picture, later.picture)
    assert torch.equal(first.part(1, 2).picture, first.picture[1:])


def test_the_planes_are_those_that_it_learned_from() -> None:
    saved = SavedRSDiT(build_rsdit(SHORT.network, 0), HUB_PLANES, "velocity")
    labels = stream(0, 0, "labels").integers(0, VALUES, (8, 8)).astype(np.uint8)
    labels[labels == 10] = 0
    assert torch.equal(saved.shown(labels), label_planes(torch.from_numpy(labels)[None]))


def test_a_stopped_run_ends_like_one_that_was_not_and_the_renderer_reads_it(vae: str, tmp_path: Path) -> None:
    def train(**how: object) -> SavedRSDiT:
        return train_rsdit([Worlds()], SHORT, vae, **how)  # type: ignore[arg-type]

    resumed, whole = check_goes_on(train, tmp_path, at=3, card=DESCRIPTION)
    assert torch.equal(all_weights(resumed.network), all_weights(whole.network))
    out = tmp_path / "cut"
    assert sorted(path.name for path in out.iterdir()) == [
        "losses.jsonl", DESCRIPTION, "vae", "weights.safetensors",
    ]  # fmt: skip
    saved, beside, digest = load_rsdit(str(out), None, Machine())
    assert torch.equal(all_weights(saved.network), all_weights(whole.network))
    assert (saved.aim, saved.planes) == ("velocity", HUB_PLANES)
    assert torch.equal(all_weights(beside), all_weights(autoencoder_of(vae)))
    assert digest == rsdit_hash(str(out), vae)
    # Where the weights came from is no part of what is kept.
    assert str(vae) not in (out / DESCRIPTION).read_text()
    assert saved.training["licences"] == ["CC0-1.0"]


def autoencoder_of(folder: str) -> torch.nn.Module:
    from diachron.generators.hub.autoencoder import load_autoencoder

    network: torch.nn.Module = load_autoencoder(Path(folder))
    return network


def test_another_autoencoder_is_another_run(vae: str, tmp_path: Path) -> None:
    train_rsdit([Worlds(1)], replace(SHORT, steps=1), vae, out=tmp_path / "out")
    learned(autoencoder(2), seed=1).save_pretrained(tmp_path / "other")
    with pytest.raises(RunRefusedError, match="trained with vae"):
        train_rsdit(
            [Worlds(1)], replace(SHORT, steps=1), str(tmp_path / "other"), out=tmp_path / "out", resume=True
        )


def test_the_sheet_shows_new_crops_painted_in_their_holes_only(vae: str) -> None:
    trained = train_rsdit([Worlds()], replace(SHORT, steps=1), vae)
    shown = latent_examples(trained, vae, [Worlds()], SHORT, 2)
    for crop in shown:
        assert crop.real.shape == crop.labels.shape == crop.whole.shape == (32, 32, 3)
        np.testing.assert_array_equal(crop.painted[~crop.hole], crop.real[~crop.hole])
        assert (crop.painted[crop.hole] != crop.proposal[crop.hole]).any()
        assert (crop.whole != crop.real).mean() > 0.9


def test_what_does_not_fit_is_refused(vae: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="crops of 34 px: expected a multiple of 4"):
        train_rsdit([Worlds(1)], replace(SHORT, crop_px=34), vae)
    with pytest.raises(RecipeError, match="width that is a multiple of the heads"):
        replace(SHORT, network=RSDiTConfig(depth=1, width=16, heads=3))
    with pytest.raises(UnknownNameError, match="did you mean 'xformers'"):
        replace(SHORT, attention="xformer")
    with pytest.raises(RecipeError, match="xformers computes on a GPU only"):
        train_rsdit([Worlds(1)], replace(SHORT, attention="xformers"), vae)
    with pytest.raises(PackageError, match="vae: there is no folder"):
        train_rsdit([Worlds(1)], SHORT, str(tmp_path / "gone"))


def test_half_the_bits_are_enough(vae: str) -> None:
    trained = train_rsdit([Worlds(1)], replace(SHORT, steps=1, batch=1, crop_px=16, precision="bf16"), vae)
    assert trained.training["plan"]["precision"] == "bf16"
    assert np.isfinite(trained.training["loss"])
