"""Windows around what is painted: each pixel once, with context, and little beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from diachron.core.errors import RecipeError
from diachron.core.streams import stream
from diachron.generators.noise_field import (
    BLOCK_PX,
    BRIGHTNESS,
    grain_at,
    grain_of,
    noise_at,
    white_for_grain,
)
from diachron.generators.windows import CONTEXT_PX, LONGEST_PX, STEP_PX, windows_of


def some_hole(seed: int, rows: int, cols: int, share: float) -> np.ndarray:
    """Return blobs that cover about a share of a tile."""
    noise = ndimage.gaussian_filter(stream(seed, 0, "hole").standard_normal((rows, cols)), 3)
    return noise > np.quantile(noise, 1.0 - share)


some_holes = st.builds(
    some_hole, st.integers(0, 2**20), st.integers(20, 400), st.integers(20, 400), st.floats(0.0, 0.6)
)


@given(hole=some_holes, multiple=st.sampled_from((1, 8, 24, 32)))
def test_every_pixel_of_a_hole_is_answered_once(hole, multiple) -> None:
    answered = np.zeros(hole.shape, int)
    for window in windows_of(hole, multiple=multiple):
        box, inner = window.inside(hole.shape)
        answered[box] += window.answer[inner]
        # Nothing is answered beyond the edge of the tile.
        assert window.answer.sum() == window.answer[inner].sum()
    np.testing.assert_array_equal(answered, hole.astype(int))


@given(hole=some_holes, multiple=st.sampled_from((1, 24)))
def test_windows_are_squares_with_context_that_show_their_hole(hole, multiple) -> None:
    for window in windows_of(hole, multiple=multiple):
        assert window.size % STEP_PX == window.size % multiple == 0
        assert window.size <= LONGEST_PX
        assert window.answer.shape == window.hole.shape == (window.size, window.size)
        rows, cols = np.nonzero(window.answer)
        assert min(rows.min(), cols.min()) >= CONTEXT_PX
        assert max(rows.max(), cols.max()) < window.size - CONTEXT_PX
        assert not (window.answer & ~window.hole).any()
        np.testing.assert_array_equal(window.hole, window.cut(hole))


def test_no_hole_costs_nothing() -> None:
    assert windows_of(np.zeros((2000, 2000), bool)) == []


def test_the_cost_follows_the_change() -> None:
    # Five per cent of a tile in four clusters, in 0.2 of its pixels.
    hole = np.zeros((1024, 1024), bool)
    for row, col in ((100, 120), (130, 700), (640, 90), (800, 820)):
        hole[row : row + 114, col : col + 115] = True
    assert hole.mean() == pytest.approx(0.05, rel=0.01)
    windows = windows_of(hole, multiple=16)
    assert len(windows) == 4
    assert sum(window.size**2 for window in windows) <= 0.2 * hole.size


def test_a_hole_alone_gets_the_same_window_whatever_lies_far_away() -> None:
    alone = np.zeros((300, 300), bool)
    alone[100:120, 80:90] = True
    both = alone.copy()
    both[250:280, 200:280] = True
    (window,) = windows_of(alone)
    (same,) = [other for other in windows_of(both) if (other.row, other.col) == (window.row, window.col)]
    np.testing.assert_array_equal(same.answer, window.answer)


def test_a_window_beyond_the_edge_goes_on_as_the_mirror_image() -> None:
    layer = np.arange(12 * 9).reshape(12, 9)
    hole = np.zeros(layer.shape, bool)
    hole[0, 0] = True
    (window,) = windows_of(hole)
    seen = window.cut(layer)
    assert window.row < 0
    assert seen[-window.row, -window.col] == layer[0, 0]
    np.testing.assert_array_equal(seen[-window.row - 1], seen[-window.row])


def test_a_multiple_that_fills_the_window_is_refused() -> None:
    with pytest.raises(RecipeError, match="windows of a multiple of 272 px do not fit into 256 px"):
        windows_of(np.ones((4, 4), bool), multiple=17)


@given(
    seed=st.integers(0, 2**62),
    row=st.integers(-70, 200),
    col=st.integers(-70, 200),
    down=st.integers(0, 40),
    right=st.integers(0, 40),
)
def test_a_pixel_has_the_same_noise_in_every_window(seed, row, col, down, right) -> None:
    for noise in (noise_at, grain_at):
        whole = noise(seed, row, col, 80)
        part = noise(seed, row + down, col + right, 40)
        np.testing.assert_array_equal(part, whole[:, down : down + 40, right : right + 40])


def test_noise_is_white_and_hangs_on_its_seed() -> None:
    field = noise_at(3, -BLOCK_PX, 5, 4 * BLOCK_PX)
    # 196,608 numbers: six standard errors are 0.014 of the mean and 0.010 of the spread.
    assert abs(float(field.mean())) < 0.014
    assert abs(float(field.std()) - 1.0) < 0.010
    assert abs(float((field[..., 1:] * field[..., :-1]).mean())) < 0.014
    assert not np.array_equal(field, noise_at(4, -BLOCK_PX, 5, 4 * BLOCK_PX))


def test_grain_is_fine_and_mostly_brightness() -> None:
    grain = grain_of(white_for_grain(stream(0, 0, "grain"), 4, 128))
    assert grain.shape == (4, 3, 128, 128)
    assert grain.dtype == np.float32
    assert abs(float(grain.std()) - 1.0) < 0.02
    assert abs(float(np.corrcoef(grain[:, 0].ravel(), grain[:, 2].ravel())[0, 1]) - BRIGHTNESS) < 0.03
    # White noise has a spread of 0.063 in the mean of 16 pixels a side.
    clouds = grain.reshape(4, 3, 8, 16, 8, 16).mean(axis=(3, 5))
    assert float(clouds.std()) < 0.03


def test_crops_of_a_training_have_the_grain_of_a_painting() -> None:
    """The same white noise gives the same grain, in a batch and in a window of the plane."""
    reach = (white_for_grain(stream(0, 0, "grain"), 1, 40).shape[-1] - 40) // 2
    white = noise_at(7, -reach, 3 - reach, 40 + 2 * reach, bands=4)
    np.testing.assert_array_equal(grain_of(white[np.newaxis])[0], grain_at(7, 0, 3, 40))
