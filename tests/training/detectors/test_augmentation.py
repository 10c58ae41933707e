"""Augmentation: dates and maps move together, colours do not, and nothing given is changed."""

from __future__ import annotations

import numpy as np
import torch

from diachron.core.streams import stream
from diachron.training.detectors.augmentation import augment
from diachron.training.detectors.crops import Batch

COUNT, SIDE = 40, 16


def batch_with_marks() -> Batch:
    """Return crops whose bright pixels at either date are the change, labels that name the date."""
    rng = stream(0, 0, "test")
    change = torch.from_numpy((rng.random((COUNT, SIDE, SIDE)) < 0.2).astype(np.uint8))
    dark = torch.full((COUNT, 3, SIDE, SIDE), 0.2)
    bright = torch.where(change[:, None] == 1, 0.9, 0.2).expand(-1, 3, -1, -1).contiguous()
    return Batch(bright, dark, change, change.clone(), torch.zeros_like(change))


def test_change_goes_where_the_pictures_go_and_labels_go_with_their_date() -> None:
    given = batch_with_marks()
    got = augment(given, stream(1, 0, "augmentation"))
    for crop in range(COUNT):
        marked = got.change[crop] == 1
        dates = (got.t1[crop].mean(0), got.t2[crop].mean(0))
        with_marks = 0 if got.labels_t1[crop].any() else 1  # type: ignore[index]
        labels = (got.labels_t1, got.labels_t2)[with_marks]
        assert torch.equal(labels[crop], got.change[crop])  # type: ignore[index]
        assert dates[with_marks][marked].min() > dates[with_marks][~marked].max()
        plain = dates[1 - with_marks]
        assert plain.max() - plain.min() < 1e-6
    assert torch.equal(given.t1, batch_with_marks().t1)


def test_every_position_of_a_square_and_both_orders_occur() -> None:
    given = batch_with_marks()
    corner = torch.zeros_like(given.change)
    corner[:, 0, 1] = 1
    given = Batch(given.t1, given.t2, corner, given.labels_t1, given.labels_t2)
    seen: set[tuple[int, int]] = set()
    swapped: set[bool] = set()
    for step in range(4):
        got = augment(given, stream(step, 0, "augmentation"))
        seen |= {tuple(place) for place in torch.nonzero(got.change)[:, 1:].tolist()}  # type: ignore[misc]
        swapped |= {bool(labels.any()) for labels in got.labels_t1}  # type: ignore[union-attr]
    last = SIDE - 1
    ends = {(0, 1), (0, last - 1), (last, 1), (last, last - 1)}
    assert seen == ends | {(col, row) for row, col in ends}
    assert swapped == {True, False}


def test_each_date_has_colours_of_its_own_within_the_scale() -> None:
    rng = stream(0, 0, "test")
    picture = torch.from_numpy(rng.random((COUNT, 3, SIDE, SIDE), np.float32))
    change = torch.zeros((COUNT, SIDE, SIDE), dtype=torch.uint8)
    got = augment(Batch(picture, picture, change), stream(0, 0, "augmentation"))
    assert (got.t1 != got.t2).flatten(1).any(1).all()
    assert float(got.t1.min()) >= 0.0 and float(got.t1.max()) <= 1.0
    again = augment(Batch(picture, picture, change), stream(0, 0, "augmentation"))
    assert torch.equal(got.t1, again.t1) and torch.equal(got.t2, again.t2)
