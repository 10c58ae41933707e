"""Frames: every pixel of a hole is answered for once, and what fits together shares a window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core.streams import stream
from diachron.generators.hub.frames import frames_of
from diachron.generators.windows import CONTEXT_PX, windows_of


def houses(seed: int, count: int, side: int = 300) -> NDArray[np.bool_]:
    hole, rng = np.zeros((side, side), bool), stream(seed, 0, "houses")
    for _ in range(count):
        row, col = rng.integers(0, side - 4, 2)
        hole[row : row + rng.integers(1, 90), col : col + rng.integers(1, 90)] = True
    return hole


@settings(max_examples=30)
@given(
    seed=st.integers(0, 999),
    count=st.integers(0, 8),
    multiple=st.sampled_from([8, 16, 64]),
    least=st.sampled_from([16, 100, 256]),
)
def test_each_pixel_is_answered_for_once(seed: int, count: int, multiple: int, least: int) -> None:
    hole = houses(seed, count)
    answered = np.zeros(hole.shape, int)
    for frame in frames_of(hole, multiple=multiple, least_px=least):
        assert frame.size % multiple == 0
        assert frame.size >= least
        np.testing.assert_array_equal(frame.hole, frame.cut(hole))
        rows, cols = np.nonzero(frame.answer)
        assert min(rows.min(), cols.min()) >= CONTEXT_PX
        assert max(rows.max(), cols.max()) < frame.size - CONTEXT_PX
        box, inner = frame.inside(hole.shape)
        answered[box] += frame.answer[inner]
    np.testing.assert_array_equal(answered, hole)


def test_what_fits_together_shares_a_frame() -> None:
    hole = np.zeros((400, 400), bool)
    for row, col in ((100, 100), (100, 200), (180, 120), (380, 380)):
        hole[row : row + 10, col : col + 10] = True
    assert len(windows_of(hole)) == 4
    shared, alone = frames_of(hole, multiple=8, least_px=256)
    assert shared.answer.sum() == 300
    assert alone.answer.sum() == 100


@pytest.mark.parametrize("least", [100, 256])
def test_frames_grow_around_what_they_answer_for(least: int) -> None:
    hole = np.zeros((300, 300), bool)
    hole[140:150, 60:70] = True
    (frame,) = frames_of(hole, multiple=8, least_px=least)
    assert frame.size == -(-least // 16) * 16
    assert abs(frame.row + frame.size / 2 - 145) <= 1
    assert abs(frame.col + frame.size / 2 - 65) <= 1
