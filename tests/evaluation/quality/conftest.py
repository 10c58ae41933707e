"""Made pairs in memory: noisy ground with brighter houses, of which one was painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diachron.evaluation.quality.made import MadePair

SIDE = 160


def made_pair(index: int, *, acquired: bool = False, painted: int = 1, place: str = "") -> MadePair:
    """Return a pair: houses 1 to 4 stand at both dates, house 9 was painted into one of them.

    Without acquisition both dates are equal outside the edit.
    """
    rng = np.random.default_rng([7, index])
    ground = rng.uniform(0.3, 0.5, (3, SIDE, SIDE)).astype(np.float32)
    standing = np.zeros((SIDE, SIDE), np.int32)
    for number, (row, col) in enumerate(((4, 4), (4, 130), (130, 4), (130, 130)), 1):
        standing[row : row + 18, col : col + 22] = number
        ground[:, standing == number] += 0.3
    after, edit = standing.copy(), np.zeros((SIDE, SIDE), bool)
    after[70:90, 66:92] = 9
    edit[69:91, 65:93] = True
    image = ground.copy()
    image[:, after == 9] = 0.9
    dates, maps = [ground, image], [standing, after]
    if painted == 0:
        dates, maps = dates[::-1], maps[::-1]
    record: dict[str, Any] = {"acquisition": None}
    if acquired:
        record["acquisition"] = [{"noise": {}}, {"noise": {}}]
        dates = [
            np.clip(0.9 * d + 0.02 * rng.standard_normal(d.shape), 0, 1).astype(np.float32) for d in dates
        ]
    return MadePair(
        index=index,
        place=place or f"place_{index % 6}",
        tile=f"tile_{index}",
        dates=(dates[0], dates[1]),
        painted=(painted == 0, painted == 1),
        edit=edit,
        change=(maps[0] != maps[1]).astype(np.uint8),
        instances=(maps[0], maps[1]),
        labels=((maps[0] > 0).astype(np.uint8), (maps[1] > 0).astype(np.uint8)),
        void=np.zeros((SIDE, SIDE), bool),
        near_infrared=None,
        gsd_m=0.5,
        record=record,
    )


@pytest.fixture
def pair_of() -> Callable[..., MadePair]:
    """Return the function that makes a pair."""
    return made_pair
