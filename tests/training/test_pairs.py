"""Data sets as torch reads them: an unknown split is refused instead of being empty."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from diachron.core.errors import UnknownNameError
from diachron.training.pairs import TorchDataset

RECORDS = {0: {"split": "train"}, 3: {"split": "val"}, 7: {"split": "train"}}
DATASET = SimpleNamespace(ids=sorted(RECORDS), record=RECORDS.__getitem__)


def test_an_unknown_split_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"no split is called 'trian'; did you mean 'train'\?"):
        TorchDataset(DATASET, "trian")  # type: ignore[arg-type]


def test_a_split_holds_its_own_samples() -> None:
    assert TorchDataset(DATASET, "train").ids == [0, 7]  # type: ignore[arg-type]
    assert TorchDataset(DATASET, "test").ids == []  # type: ignore[arg-type]
    assert len(TorchDataset(DATASET)) == 3  # type: ignore[arg-type]
