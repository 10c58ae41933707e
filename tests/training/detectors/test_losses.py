"""Losses: known values by hand, and unknown pixels that pull at nothing."""

from __future__ import annotations

import math

import pytest
import torch

from diachron.training.detectors.losses import change_loss, class_loss


def test_the_loss_of_even_odds_is_known() -> None:
    # Cross entropy ln 2; Dice with 8 pixels, 2 changed, all at 0.5: 1 − (2·1 + 1) / (4 + 2 + 1).
    change = torch.tensor([[[1, 1, 0, 0], [0, 0, 0, 0]]], dtype=torch.uint8)
    assert float(change_loss(torch.zeros(1, 2, 4), change)) == pytest.approx(math.log(2) + 4 / 7)


def test_unknown_pixels_give_no_gradient() -> None:
    change = torch.tensor([[[1, 255], [0, 255]]], dtype=torch.uint8)
    logits = torch.randn(1, 2, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()
    change_loss(logits, change).backward()
    assert (logits.grad[0, :, 1] == 0).all() and (logits.grad[0, :, 0] != 0).all()  # type: ignore[index]

    classes = torch.zeros(1, 3, 2, 2, requires_grad=True)
    labels = torch.tensor([[[2, 255], [0, 255]]], dtype=torch.uint8)
    loss = class_loss(classes, labels)
    assert loss.item() == pytest.approx(math.log(3))
    loss.backward()
    assert (classes.grad[..., 1] == 0).all() and (classes.grad[..., 0] != 0).all()  # type: ignore[index]


def test_a_batch_of_which_nothing_is_known_is_no_error() -> None:
    change = torch.full((1, 2, 2), 255, dtype=torch.uint8)
    logits = torch.ones(1, 2, 2, requires_grad=True)
    loss = change_loss(logits, change) + class_loss(torch.zeros(1, 3, 2, 2), change)
    loss.backward()
    assert math.isfinite(loss.item()) and (logits.grad == 0).all()


def test_a_crop_of_weight_zero_counts_for_nothing() -> None:
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn((3, 8, 8), generator=generator, requires_grad=True)
    change = (torch.rand((3, 8, 8), generator=generator) < 0.3).to(torch.uint8)
    loss = change_loss(logits, change, torch.tensor([1.0, 1.0, 0.0]))
    torch.testing.assert_close(loss, change_loss(logits[:2], change[:2]))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[:2].abs().sum() > 0
    assert logits.grad[2].abs().sum() == 0


def test_equal_weights_are_no_weights() -> None:
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn((2, 8, 8), generator=generator)
    change = torch.tensor([[[0, 1, 255, 1] * 2] * 8] * 2, dtype=torch.uint8)
    torch.testing.assert_close(change_loss(logits, change, torch.ones(2)), change_loss(logits, change))
