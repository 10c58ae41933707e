"""RSDiT: the published sizes and names, any size of picture, and who sees whom."""

from __future__ import annotations

import pytest
import torch

from diachron.core.errors import UnknownNameError
from diachron.core.streams import stream
from diachron.generators.models.rsdit import RSDiT, RSDiTConfig, label_planes, rsdit_config
from tests.generators.models.nets import noise

SMALL = RSDiTConfig(depth=4, width=16, heads=2, window=4)


def learned(config: RSDiTConfig = SMALL) -> RSDiT:
    """Return a small network of which no layer is zero."""
    network, rng = RSDiT(config), stream(0, 0, "rsdit")
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.from_numpy(0.3 * rng.standard_normal(values.shape)))
    return network.eval()


def cells(rows: int, cols: int) -> torch.Tensor:
    return torch.cat([noise(rows, cols), noise(rows, cols, seed=1)[:, :1]], dim=1)


def planes(rows: int, cols: int) -> torch.Tensor:
    values = stream(0, 0, "labels").integers(0, 17, (2, rows, cols))
    return label_planes(torch.from_numpy(values))


def answer(network: RSDiT, x: torch.Tensor, labels: torch.Tensor, time: float = 0.5) -> torch.Tensor:
    with torch.inference_mode():
        return network(x, torch.full((len(x),), time), labels)


@pytest.mark.parametrize(
    ("size", "millions", "over_all"), [("S", 35.3, 3), ("B", 140.4, 3), ("L", 476.4, 6), ("XL", 698.6, 7)]
)
def test_sizes_are_those_published(size: str, millions: float, over_all: int) -> None:
    with torch.device("meta"):
        network = RSDiT(rsdit_config(size, answers=8))
    counted = sum(values.numel() for values in network.parameters()) / 1e6
    # The published label maps have fewer planes; that is a few ten thousand weights.
    assert counted == pytest.approx(millions, abs=0.1)
    assert sum(block.attn.window is None for block in network.blocks) == over_all
    assert network.blocks[3].attn.window is None


def test_names_of_weights_are_those_published() -> None:
    names = {name.rpartition(".")[0] for name in RSDiT(SMALL).state_dict()}
    convs = {f"y_embedder.convs.{3 * k + part}" for k in range(8) for part in (0, 1)}
    parts = ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.dwconv", "mlp.fc2", "adaLN_modulation.1")
    assert names == convs | {f"blocks.{k}.{part}" for k in range(4) for part in parts} | {
        "x_embedder.proj",
        "t_embedder.mlp.0",
        "t_embedder.mlp.2",
        "final_layer.linear",
        "final_layer.adaLN_modulation.1",
    }
    assert "blocks.0.mlp.dwconv.bias" not in RSDiT(SMALL).state_dict()


@pytest.mark.parametrize(("rows", "cols"), [(2, 2), (16, 16), (10, 36), (32, 6)])
def test_it_runs_at_sizes_that_it_was_not_made_for(rows: int, cols: int) -> None:
    found = answer(learned(), cells(rows, cols), planes(8 * rows, 8 * cols))
    assert found.shape == (2, 4, rows, cols)
    assert torch.isfinite(found).all()


def test_an_untrained_network_says_nothing() -> None:
    assert not answer(RSDiT(SMALL), cells(16, 16), planes(128, 128)).any()


def test_every_input_counts() -> None:
    network, x, labels = learned(), cells(16, 16), planes(128, 128)
    plain = answer(network, x, labels)
    assert not torch.allclose(answer(network, x, labels, time=0.9), plain)
    assert not torch.allclose(answer(network, x + 0.1, labels), plain)
    assert not torch.allclose(answer(network, x, torch.zeros_like(labels)), plain)


def reach(depth: int) -> torch.Tensor:
    """Return where the answer changes with the upper left token, in tokens, for so many blocks."""
    network = learned(RSDiTConfig(depth=depth, width=16, heads=2, window=4))
    x, labels = cells(48, 48), planes(384, 384)
    other = x.clone()
    other[:, :, :2, :2] += 1.0
    changed = (answer(network, other, labels) - answer(network, x, labels)).abs().amax(dim=(0, 1))
    return torch.nn.functional.max_pool2d(changed[None], 2)[0] > 0


def test_windows_see_themselves_and_the_fourth_block_sees_all() -> None:
    # Attention stays in its window of 4 tokens, and the convolution goes one token further.
    one = reach(1)
    assert one[:4, :4].all()
    assert not one[5:].any()
    assert not one[:, 5:].any()
    assert reach(4).all()


def test_tokens_come_back_to_their_place() -> None:
    network = learned(RSDiTConfig(depth=1, width=16, heads=2, window=4, channels=4))
    x, labels = cells(12, 20), planes(96, 160)
    turned = answer(network, x.flip(0), labels.flip(0)).flip(0)
    torch.testing.assert_close(turned, answer(network, x, labels))
    # The answer at a patch hangs on the cells of that patch more than on any other.
    other = x.clone()
    other[:, :, 6:8, 10:12] += 3.0
    changed = (answer(network, other, labels) - answer(network, x, labels)).abs().sum(dim=(0, 1))
    at = int(changed.argmax())
    assert (at // 20 // 2, at % 20 // 2) == (3, 5)


def test_unknown_ground_is_no_plane() -> None:
    found = label_planes(torch.tensor([[[0, 11]]]))
    assert not found[0, :, 0, 0].any()
    assert found[0, 11, 0, 1] == 1.0
    assert found.sum() == 1.0


def test_a_size_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no size of RSDiT is called 'XXL'"):
        rsdit_config("XXL")


def test_a_network_may_be_told_the_gsd() -> None:
    told = learned(RSDiTConfig(depth=1, width=16, heads=2, told_gsd=True))
    x, labels, time = cells(8, 8), planes(16, 16), torch.full((2,), 0.5)
    with torch.inference_mode():
        fine, coarse = (told(x, time, labels, torch.full((2,), gsd)) for gsd in (0.3, 2.0))
        assert not torch.allclose(fine, coarse, atol=1e-3)
        plain = learned(RSDiTConfig(depth=1, width=16, heads=2))
        assert torch.equal(plain(x, time, labels, torch.full((2,), 0.3)), plain(x, time, labels))
    with pytest.raises(ValueError, match="told the gsd"):
        told(x, time, labels)
