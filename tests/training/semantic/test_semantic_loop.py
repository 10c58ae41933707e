"""Training a painter of sketches: it learns, goes on as if it had never stopped, and is stored whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from diachron.core.errors import RunRefusedError
from diachron.generators.models.unet import UNetConfig, build_unet
from diachron.generators.semantic.painter import DESCRIPTION, SemanticPainter
from diachron.training.inpainting.loop import painting_loss
from diachron.training.semantic.examples import Sketches
from diachron.training.semantic.loop import train_semantic
from diachron.training.semantic.options import SemanticOptions
from diachron.training.semantic.sheet import painted_sketches
from tests.generators.models.nets import TINY
from tests.training.inpainting.places import Worlds

SHORT = SemanticOptions(
    steps=6, batch=2, crop_px=32, checkpoint_every=2, network=TINY, device="cpu", precision="fp32"
)


@dataclass(frozen=True)
class Unlabelled(Worlds):
    """Places whose maps only tell where things end."""

    labelled: bool = False


def weights(painter: SemanticPainter) -> torch.Tensor:
    return torch.cat([value.float().flatten() for value in painter.network.state_dict().values()])


def test_a_batch_is_overfitted() -> None:
    """Seen again and again, with the same noise and times, texture is learned by heart."""
    options = replace(SHORT, crop_px=16, network=UNetConfig((32, 32), 1, 2, 32, shown_proposal=True))
    batch = Sketches([Worlds(1)], options)[0]
    network = build_unet(options.network, 0)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    found = []
    for _ in range(150):
        loss = painting_loss(network, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.item())
    assert found[-1] < 0.1 * found[0]


def test_a_stopped_run_ends_like_one_that_was_not(tmp_path: Path) -> None:
    whole = train_semantic([Worlds()], SHORT, out=tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop(done: int, _: int) -> None:
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        train_semantic([Worlds()], SHORT, out=tmp_path / "cut", progress=stop)
    resumed = train_semantic([Worlds()], SHORT, out=tmp_path / "cut", resume=True)
    assert resumed.training["steps_timed"] == 2
    assert torch.equal(weights(resumed), weights(whole))
    losses = [(tmp_path / name / "losses.jsonl").read_text() for name in ("whole", "cut")]
    assert losses[0] == losses[1]
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == [
        "losses.jsonl", DESCRIPTION, "weights.safetensors",
    ]  # fmt: skip
    with pytest.raises(RunRefusedError, match="weights are there already; go on with --resume"):
        train_semantic([Worlds()], SHORT, out=tmp_path / "cut")
    with pytest.raises(RunRefusedError, match="trained with options"):
        train_semantic([Worlds()], replace(SHORT, detail_px=3.0), out=tmp_path / "cut", resume=True)


def test_the_card_says_what_was_learned_and_what_from(tmp_path: Path) -> None:
    options = replace(SHORT, steps=1, detail_px=3.0)
    train_semantic([Unlabelled(), Unlabelled(2, "others", None)], options, out=tmp_path)
    card = json.loads((tmp_path / DESCRIPTION).read_text())
    assert card["reading"] == {"detail_px": 3.0, "labels": False}
    assert card["training"]["licences"] == ["CC0-1.0", "not stated"]
    assert card["training"]["plan"]["sets"] == [["worlds", 3, "CC0-1.0", 1.0], ["others", 2, None, 1.0]]
    # One set with names is enough to learn what they mean.
    assert train_semantic([Unlabelled(), Worlds(2, "named")], options).reading.labels


def test_the_sheet_shows_sketches_of_new_crops() -> None:
    painter = train_semantic([Worlds()], replace(SHORT, steps=1))
    shown = painted_sketches(painter, [Worlds()], SHORT, 3)
    assert len(shown) == 3
    for crop in shown:
        assert crop.real.shape == crop.proposal.shape == crop.painted.shape == (32, 32, 3)
        assert (crop.painted != crop.proposal).any()
        assert (crop.real != crop.proposal).any()
