"""The loss of labels that leave a choice."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from diachron.training.segmenters.classes import ANY, CLASSES, class_set
from diachron.training.segmenters.losses import marginal_loss


def pixel(allowed: int) -> torch.Tensor:
    return torch.full((1, 1, 1), allowed, dtype=torch.uint8)


def test_it_is_minus_the_logarithm_of_the_summed_probability() -> None:
    probability = torch.tensor([0.5, 0.2, 0.1, 0.1, 0.06, 0.04])
    logits = probability.log().view(1, 6, 1, 1)
    assert marginal_loss(logits, pixel(class_set(["building"]))).item() == pytest.approx(-math.log(0.5))
    two = class_set(["road", "bare"])
    assert marginal_loss(logits, pixel(two)).item() == pytest.approx(-math.log(0.24), rel=1e-5)


def test_one_class_a_pixel_is_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, len(CLASSES), 8, 8, generator=generator)
    labels = torch.randint(0, len(CLASSES), (2, 8, 8), generator=generator)
    loss = marginal_loss(logits, (1 << labels).to(torch.uint8))
    torch.testing.assert_close(loss, functional.cross_entropy(logits, labels))


def test_a_pixel_that_may_be_anything_has_no_part() -> None:
    logits = torch.randn(1, len(CLASSES), 1, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()
    allowed = torch.tensor([[[class_set(["tree"]), ANY]]], dtype=torch.uint8)
    loss = marginal_loss(logits, allowed)
    alone = marginal_loss(logits[..., :1], allowed[..., :1])
    torch.testing.assert_close(loss, alone)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[..., 1].abs().max() == 0
    assert logits.grad[..., 0].abs().max() > 0


def test_a_batch_without_labels_costs_nothing_and_breaks_nothing() -> None:
    logits = torch.randn(1, len(CLASSES), 2, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = marginal_loss(logits, torch.full((1, 2, 2), ANY, dtype=torch.uint8))
    loss.backward()
    assert loss.item() == 0.0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_the_gradient_moves_probability_into_the_set_and_not_within_it() -> None:
    logits = torch.zeros(1, len(CLASSES), 1, 1, requires_grad=True)
    marginal_loss(logits, pixel(class_set(["tree", "low_vegetation"]))).backward()
    assert logits.grad is not None
    down, up = logits.grad[0, [2, 3], 0, 0], logits.grad[0, [0, 1, 4, 5], 0, 0]
    torch.testing.assert_close(down, down[:1].expand(2))
    assert down.max() < 0 < up.min()
