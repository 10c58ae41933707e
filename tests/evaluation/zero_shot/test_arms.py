"""What all arms of a trial share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair
from diachron.evaluation.zero_shot.arms import gsd_of


@dataclass(frozen=True)
class Pairs:
    gsds_m: tuple[float, ...]
    name: str = "here"

    def __len__(self) -> int:
        return len(self.gsds_m)

    def __getitem__(self, number: int) -> LabelledPair:
        image = np.zeros((3, 4, 4), np.uint8)
        return LabelledPair("a", image, image, 255.0, self.gsds_m[number], np.zeros((4, 4), np.uint8))


def test_crops_come_to_the_gsd_of_the_tests() -> None:
    assert gsd_of([Pairs((0.5, 0.5))]) == pytest.approx((0.4, 0.625))
    assert gsd_of([Pairs((0.5,)), Pairs((10.0,)), Pairs((2.0,))]) == pytest.approx((0.4, 12.5))


def test_an_empty_test_is_told() -> None:
    with pytest.raises(SourceError, match="here: no pair to test on"):
        gsd_of([Pairs((0.5,)), Pairs(())])
