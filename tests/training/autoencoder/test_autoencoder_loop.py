"""Training an autoencoder: it learns, goes on as if never stopped, and diffusers reads what it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core.errors import PackageError, RecipeError, RunRefusedError
from diachron.generators.hub.autoencoder import cell_side, decoded, encoded, load_autoencoder
from diachron.training.autoencoder.examples import CropExamples, as_coded
from diachron.training.autoencoder.loop import coding_loss, train_autoencoder
from diachron.training.autoencoder.network import DESCRIPTION, Coder, TrainedAutoencoder
from diachron.training.autoencoder.options import AutoencoderOptions
from diachron.training.autoencoder.sheet import coded_examples
from tests.training.inpainting.places import Worlds
from tests.training.runs_again import all_weights, check_goes_on
from tests.worlds import World

SHORT = AutoencoderOptions(
    steps=4,
    batch=2,
    crop_px=32,
    checkpoint_every=2,
    learning_rate=2e-3,
    widths=(8, 8),
    blocks=1,
    device="cpu",
    precision="fp32",
)


def test_a_batch_is_overfitted() -> None:
    batch = CropExamples([Worlds(1)], replace(SHORT, crop_px=16))[0]
    coder = Coder(TrainedAutoencoder.untrained(SHORT).vae)
    optimizer = torch.optim.Adam(coder.parameters(), lr=8e-3)
    found = []
    for _ in range(40):
        loss = coding_loss(coder, batch, kl=1e-6)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.item())
    assert found[-1] < 0.25 * found[0]


def test_a_stopped_run_ends_like_one_that_was_not(tmp_path: Path) -> None:
    train = partial(train_autoencoder, [Worlds()], SHORT)
    resumed, whole = check_goes_on(train, tmp_path, at=3, card=DESCRIPTION)
    assert torch.equal(all_weights(resumed.vae), all_weights(whole.vae))
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == [DESCRIPTION, "losses.jsonl", "vae"]
    with pytest.raises(RunRefusedError, match="trained with sets"):
        train_autoencoder([Worlds(2)], SHORT, out=tmp_path / "cut", resume=True)


def test_diffusers_reads_the_folder_and_latents_have_unit_spread(tmp_path: Path) -> None:
    trained = train_autoencoder([Worlds()], SHORT, out=tmp_path)
    vae = load_autoencoder(tmp_path / "vae")
    assert torch.equal(all_weights(vae), all_weights(trained.vae))
    assert list((tmp_path / "vae").glob("*.safetensors"))
    assert cell_side(vae) == 2
    crops = CropExamples([Worlds()], replace(SHORT, batch=8))[7].picture
    with torch.inference_mode():
        latents = encoded(vae, crops)
        assert latents.shape == (8, 4, 16, 16)
        # Other crops than those it was measured on.
        assert 0.7 < float(latents.std()) < 1.4
        assert decoded(vae, latents).shape == crops.shape
    card = json.loads((tmp_path / DESCRIPTION).read_text())
    assert card["training"]["licences"] == ["CC0-1.0"]
    assert card["training"]["plan"]["options"]["widths"] == [8, 8]


def test_the_divergence_is_that_of_its_formula() -> None:
    batch = CropExamples([Worlds(1)], SHORT)[0]
    mean, logvar = torch.full((2, 4, 16, 16), 0.5), torch.full((2, 4, 16, 16), -1.0)
    loss = coding_loss(lambda picture, noise: (picture, mean, logvar), batch, kl=2.0)
    each = 0.5 * (0.25 + np.exp(-1.0) - 1.0 + 1.0)
    assert loss.item() == pytest.approx(2.0 * each * mean.numel() / batch.picture.numel(), rel=1e-5)


def test_ground_without_data_teaches_nothing() -> None:
    batch = CropExamples([Worlds(1, world=World(void=True))], replace(SHORT, crop_px=80))[0]
    assert 0 < batch.known.mean() < 1
    wrong = torch.where(batch.known > 0, batch.picture, batch.picture + 9.0)
    nothing = torch.zeros(1)
    assert coding_loss(lambda picture, noise: (wrong, nothing, nothing), batch, kl=0.0).item() == 0


def test_pictures_are_seen_from_black_to_white() -> None:
    # In the scale of `to_network` black is -2 and white 3.
    np.testing.assert_allclose(
        as_coded(np.array([-2.0, 0.5, 3.0, 9.0], np.float32)), [-1, 0, 1, 1], atol=1e-6
    )


def test_the_sheet_shows_new_crops() -> None:
    shown = coded_examples(TrainedAutoencoder.untrained(SHORT), [Worlds()], SHORT, 3)
    assert [crop.given_back.shape for crop in shown] == [(32, 32, 3)] * 3
    assert (shown[0].real != shown[1].real).any()


def test_sizes_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="crops of 33 px: expected a multiple of 2"):
        replace(SHORT, crop_px=33)
    with pytest.raises(RecipeError, match="expected at least one level"):
        replace(SHORT, widths=())
    with pytest.raises(RecipeError, match="kl -1"):
        replace(SHORT, kl=-1)
    with pytest.raises(PackageError, match=r"no autoencoder\.json can be read"):
        TrainedAutoencoder.load(tmp_path)


def test_half_the_bits_are_enough() -> None:
    trained = train_autoencoder([Worlds(1)], replace(SHORT, steps=1, batch=1, crop_px=16, precision="bf16"))
    assert trained.training["plan"]["precision"] == "bf16"
    assert np.isfinite(trained.training["loss"])
