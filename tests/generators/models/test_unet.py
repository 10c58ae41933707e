"""The compact U-Net: its size, what it looks at, and that it runs at any size."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from diachron.core.errors import RecipeError
from diachron.generators.models.unet import PaintingUNet, UNetConfig, build_unet, from_cells, to_cells
from tests.generators.models.nets import TINY, conditions, noise, tiny_unet


def answer(network: PaintingUNet, x: torch.Tensor, known, time: float = 0.5) -> torch.Tensor:
    with torch.inference_mode():
        return network(x, torch.full((len(x),), time), known)


def test_the_weights_that_ship_by_default_are_small() -> None:
    with torch.device("meta"):
        network = PaintingUNet(UNetConfig())
    # 9 MB in bf16.
    assert 4e6 < sum(values.numel() for values in network.parameters()) <= 4.5e6


def test_an_untrained_network_leaves_everything_as_it_is() -> None:
    assert not answer(build_unet(TINY, 0), noise(16, 16), conditions(16, 16)).any()


@pytest.mark.parametrize(("rows", "cols"), [(4, 4), (16, 48), (68, 20)])
def test_it_runs_at_any_multiple_of_its_stride(rows, cols) -> None:
    assert tiny_unet().stride == 4
    found = answer(tiny_unet(), noise(rows, cols), conditions(rows, cols))
    assert found.shape == (2, 3, rows, cols)
    assert torch.isfinite(found).all()


def test_every_condition_counts() -> None:
    network, x, known = tiny_unet(), noise(16, 16), conditions(16, 16)
    plain = answer(network, x, known)
    others = {
        "hole": replace(known, hole=1.0 - known.hole),
        "labels": known.without_labels(),
        "gsd": replace(known, gsd_m=torch.full((2,), 2.0)),
        "strength": replace(known, strength=torch.ones(2)),
        "proposal": replace(known, proposal=noise(16, 16, seed=9)),
    }
    for name, other in others.items():
        assert not torch.allclose(answer(network, x, other), plain), name
    assert not torch.allclose(answer(network, x, known, time=0.9), plain)
    assert not torch.allclose(answer(network, x + 0.1, known), plain)


def test_a_network_that_is_shown_the_proposal_asks_for_it() -> None:
    with pytest.raises(ValueError, match="shown the proposal"):
        answer(tiny_unet(), noise(16, 16), replace(conditions(16, 16), proposal=None))
    blind = build_unet(replace(TINY, shown_proposal=False), 0)
    assert answer(blind, noise(16, 16), replace(conditions(16, 16), proposal=None)).shape == (2, 3, 16, 16)


def test_cells_come_back_as_pixels_and_keep_white_noise_white() -> None:
    x = noise(64, 64)
    cells = to_cells(x)
    assert cells.shape == (2, 12, 32, 32)
    torch.testing.assert_close(from_cells(cells), x)
    spread = cells.unflatten(1, (3, 4)).std(dim=(0, 1, 3, 4))
    # 6,144 numbers each: six standard errors are 5 %.
    torch.testing.assert_close(spread, torch.tensor([0.5, 1.0, 1.0, 1.0]), rtol=0.05, atol=0)
    # A flat picture is all mean.
    flat = to_cells(torch.full((1, 3, 8, 8), 0.7)).unflatten(1, (3, 4))
    torch.testing.assert_close(flat[:, :, 0], torch.full((1, 3, 4, 4), 0.7))
    assert not flat[:, :, 1:].any()


def test_the_velocity_is_the_way_left_over_the_time() -> None:
    network, x = tiny_unet(), noise(16, 16)
    known = conditions(16, 16)
    # The situation says the time, too; here it is told nothing of it.
    torch.nn.init.zeros_(network.situation.mlp[0].weight)
    early, late = answer(network, x, known, time=0.8), answer(network, x, known, time=0.2)
    torch.testing.assert_close(late, 4.0 * early)
    assert torch.isfinite(answer(network, x, known, time=0.0)).all()


def test_members_of_a_batch_do_not_meet() -> None:
    network, known = tiny_unet(), conditions(16, 16)
    x = noise(16, 16)
    other = x.clone()
    other[1] += 1.0
    torch.testing.assert_close(answer(network, x, known)[0], answer(network, other, known)[0])


def test_weights_depend_on_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    first, again, other = (build_unet(TINY, seed).stem.weight for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_config_comes_back_from_its_record() -> None:
    assert UNetConfig(**TINY.to_json()) == TINY


@pytest.mark.parametrize(
    ("change", "said"), [({"widths": (12,)}, "multiples of 8"), ({"blocks": 0}, "at least 1")]
)
def test_a_config_that_cannot_be_built_is_refused(change, said) -> None:
    with pytest.raises(RecipeError, match=said):
        replace(TINY, **change)
