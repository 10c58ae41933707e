"""Training a painter: it learns, goes on as if it had never stopped, and is stored whole with its card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.generators.flow.loss import flow_loss
from diachron.generators.inpainting.painter import DESCRIPTION, Painter
from diachron.generators.models.unet import UNetConfig, build_unet
from diachron.training.inpainting import record
from diachron.training.inpainting.examples import Examples
from diachron.training.inpainting.loop import contrast, train_inpainting
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.sheet import painted_examples
from tests.generators.models.nets import TINY
from tests.training.inpainting.places import Worlds

SHORT = InpaintingOptions(
    steps=6, batch=2, crop_px=32, checkpoint_every=2, network=TINY, device="cpu", precision="fp32"
)


def weights(painter: Painter) -> torch.Tensor:
    return torch.cat([value.float().flatten() for value in painter.network.state_dict().values()])


def losses(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / "losses.jsonl").read_text().splitlines()]


def test_a_batch_is_overfitted() -> None:
    """Seen again and again, with the same noise and times, the way back is learned by heart."""
    options = replace(SHORT, batch=2, crop_px=16, network=UNetConfig((32, 32), 1, 2, 32))
    batch = Examples([Worlds(1)], options)[0]
    network = build_unet(options.network, 0)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    found = []
    for _ in range(150):
        loss = flow_loss(
            lambda x, when: network(x, when, batch.known), batch.picture, batch.start, batch.time, batch.hole
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.item())
    assert found[-1] < 0.05 * found[0]


def test_an_error_on_plain_ground_counts_more() -> None:
    """Contrast is that of the pixels around: none on a plain, half of the step on its edge."""
    picture = torch.zeros(1, 3, 32, 32)
    picture[..., 16:] = 1.0
    found = contrast(picture)[0, 0]
    assert found[:, :11].max() == 0.0
    assert found[:, 16].min() > 0.45
    assert found.max() <= 0.5


def test_training_makes_better_pictures_than_none() -> None:
    options = replace(SHORT, steps=200, batch=4, learning_rate=4e-3)
    trained = train_inpainting([Worlds(1)], options)
    held = Examples([Worlds(1)], replace(options, batch=32))[options.steps]

    def error(painter: Painter) -> float:
        painter.network.eval()
        weight = held.hole * held.time[:, None, None, None].square()
        with torch.inference_mode():
            loss = flow_loss(
                lambda x, when: painter.network(x, when, held.known),
                held.picture,
                held.start,
                held.time,
                weight,
            )
        return loss.item()

    assert error(trained) < 0.8 * error(Painter.untrained(TINY, 0))


def test_a_stopped_run_ends_like_one_that_was_not(tmp_path: Path) -> None:
    whole = train_inpainting([Worlds()], SHORT, out=tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop(done: int, _: int) -> None:
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        train_inpainting([Worlds()], SHORT, out=tmp_path / "cut", progress=stop)
    seen: list[int] = []
    resumed = train_inpainting(
        [Worlds()], SHORT, out=tmp_path / "cut", resume=True, progress=lambda done, _: seen.append(done)
    )
    assert seen == [5, 6]
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    assert torch.equal(weights(resumed), weights(whole))
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == [
        DESCRIPTION, "losses.jsonl", "weights.safetensors",
    ]  # fmt: skip


def test_the_weights_are_a_running_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(SHORT, steps=40)
    mean = weights(train_inpainting([Worlds(1)], options))
    monkeypatch.setattr(record, "AVERAGED", 1)
    last = weights(train_inpainting([Worlds(1)], options))
    # Each is a way from the same start; the mean over four steps lags behind a little.
    start = weights(Painter.untrained(TINY, 0))
    lag, way = float((mean - last).norm()), float((last - start).norm())
    assert 0 < lag < 0.3 * way


def test_the_card_names_sets_terms_and_options(tmp_path: Path) -> None:
    train_inpainting([Worlds(), Worlds(2, "others", None)], SHORT, out=tmp_path)
    card = json.loads((tmp_path / DESCRIPTION).read_text())
    assert card["training"]["licences"] == ["CC0-1.0", "not stated"]
    assert card["training"]["plan"]["sets"] == [["worlds", 3, "CC0-1.0", 1.0], ["others", 2, None, 1.0]]
    assert card["training"]["plan"]["options"]["steps"] == 6
    assert card["network"]["widths"] == [16, 16]


def test_a_finished_run_is_loaded_and_another_plan_refused(tmp_path: Path) -> None:
    first = train_inpainting([Worlds()], SHORT, out=tmp_path)
    with pytest.raises(RunRefusedError, match="weights are there already; go on with --resume"):
        train_inpainting([Worlds()], SHORT, out=tmp_path)
    again = train_inpainting([Worlds()], SHORT, out=tmp_path, resume=True)
    assert torch.equal(weights(first), weights(again))
    with pytest.raises(RunRefusedError, match="trained with sets"):
        train_inpainting([Worlds(2)], SHORT, out=tmp_path, resume=True)
    with pytest.raises(RecipeError, match="resumed from its folder"):
        train_inpainting([Worlds()], SHORT, resume=True)


def test_the_sheet_shows_new_crops_painted_in_their_holes_only() -> None:
    painter = train_inpainting([Worlds()], SHORT)
    shown = painted_examples(painter, [Worlds()], SHORT, 3)
    assert len(shown) == 3
    for crop in shown:
        assert crop.real.shape == (32, 32, 3)
        assert crop.hole.any()
        np.testing.assert_array_equal(crop.painted[~crop.hole], crop.real[~crop.hole])
        assert (crop.painted[crop.hole] != crop.proposal[crop.hole]).any()
