"""Crops: what a step sees depends on its number alone, averages keep their mean, unknown stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import LabelError, RecipeError, SourceError
from diachron.core.pair import LabelledPair
from diachron.training.detectors.averaging import average_down, majority_down, share_down
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.crops import CropOptions, CropStream, mirrored

BINARY = DetectorConfig()
OPTIONS = CropOptions(batch=5, crop_px=32)


class Listed(list[LabelledPair]):
    """Pairs in memory."""

    name = "listed"


def plain(side: int = 48, value: int = 100, **layers: object) -> LabelledPair:
    """Return a pair of one colour without change."""
    picture = np.full((3, side, side), value, np.uint8)
    pair = LabelledPair("plain", picture, picture, 255.0, 1.0, np.zeros((side, side), np.uint8))
    return replace(pair, **layers)  # type: ignore[arg-type]


def test_a_batch_depends_on_seed_and_step_alone(blocks: Callable) -> None:
    forward = CropStream([blocks()], BINARY, OPTIONS, 3)
    expected = [forward[step] for step in range(4)]
    # Backwards, and with a cache that keeps one pair: what was read before must not matter.
    backward = CropStream([blocks()], BINARY, replace(OPTIONS, cache_mb=0), 3)
    for step in (3, 1, 0, 2):
        again = backward[step]
        assert torch.equal(again.t1, expected[step].t1)
        assert torch.equal(again.t2, expected[step].t2)
        assert torch.equal(again.change, expected[step].change)
    assert not torch.equal(expected[0].t1, expected[1].t1)
    assert not torch.equal(CropStream([blocks()], BINARY, OPTIONS, 4)[0].t1, expected[0].t1)


def test_a_crop_is_cut_out_of_its_pair_bit_for_bit(blocks: Callable) -> None:
    batch = CropStream([blocks(count=1)], BINARY, OPTIONS, 0)[0]
    pair = blocks(count=1)[0]
    places = np.lib.stride_tricks.sliding_window_view(pair.t1, (32, 32), axis=(1, 2))
    for t1, t2, change in zip(batch.t1, batch.t2, batch.change, strict=True):
        wanted = np.round(t1.numpy() * 255).astype(np.uint8)
        hits = np.argwhere((places == wanted[:, None, None]).all(axis=(0, 3, 4)))
        assert len(hits) == 1
        (row, col), side = hits[0], 32
        np.testing.assert_array_equal(change, pair.change[row : row + side, col : col + side])
        np.testing.assert_allclose(t2 * 255, pair.t2[:, row : row + side, col : col + side], atol=1e-4)


def test_every_pair_is_as_likely_as_any_other_and_weights_change_that() -> None:
    # Values name the pairs: the small set's is 0, the large set's are 1, 2 and 3.
    small, large = Listed([plain(value=0)]), Listed([plain(value=50 * n) for n in (1, 2, 3)])
    options = CropOptions(batch=400, crop_px=16)
    even = CropStream([small, large], BINARY, options, 0)[0].t1[:, 0, 0, 0]
    # 400 draws at 1/4: six spreads are 52, one in 10^9 runs lies outside.
    assert abs(int((even == 0).sum()) - 100) < 52
    halves = CropStream([small, large], BINARY, replace(options, weights=(1.0, 1.0)), 0)[0].t1[:, 0, 0, 0]
    assert abs(int((halves == 0).sum()) - 200) < 60


def test_crops_with_change_are_preferred() -> None:
    change = np.zeros((256, 256), np.uint8)
    change[200:203, 30:33] = 1
    pair = plain(256, change=change)
    batch = CropStream([Listed([pair])], BINARY, CropOptions(batch=200, crop_px=32), 0)[0]
    share = float((batch.change.flatten(1) == 1).any(1).float().mean())
    # One half by choice, and 34² of 225² windows by chance; six spreads are 0.21.
    assert 0.3 < share < 0.75


def test_a_small_pair_goes_on_as_its_mirror_image() -> None:
    layer = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(
        mirrored(layer, np.arange(4), np.arange(7))[[0, 1, 2, 3], :],
        [[0, 1, 2, 2, 1, 0, 0], [3, 4, 5, 5, 4, 3, 3], [3, 4, 5, 5, 4, 3, 3], [0, 1, 2, 2, 1, 0, 0]],
    )
    batch = CropStream([Listed([plain(20)])], BINARY, OPTIONS, 0)[0]
    assert batch.t1.shape == (5, 3, 32, 32)


def test_crops_are_never_finer_than_their_pair_and_never_coarser_than_asked() -> None:
    stripes = np.zeros((3, 400, 400), np.uint8)
    stripes[:, :, ::2] = 200
    pair = replace(plain(400), t1=stripes)
    same = CropStream([Listed([pair])], BINARY, replace(OPTIONS, gsd_m=(0.1, 0.5)), 0)[0]
    assert same.t1.unique().tolist() == [0.0, pytest.approx(200 / 255)]
    coarse = CropStream([Listed([pair])], BINARY, replace(OPTIONS, gsd_m=(8.0, 8.0)), 0)[0]
    assert torch.allclose(coarse.t1, torch.tensor(100 / 255), atol=1e-6)


@given(st.integers(4, 40), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_averaging_keeps_the_mean(size: int, tenths: int, seed: int) -> None:
    side = size + size * tenths // 3
    image = np.random.default_rng(seed).random((2, side, side), np.float32)
    averaged = average_down(image, size)
    assert averaged.shape == (2, size, size)
    np.testing.assert_allclose(averaged.mean((1, 2)), image.mean((1, 2)), atol=1e-5)


def test_averaging_by_two_is_the_mean_of_four() -> None:
    image = np.array([[[0, 4, 1, 1], [8, 4, 1, 1], [0, 0, 2, 0], [0, 0, 0, 0]]], np.float32)
    np.testing.assert_allclose(average_down(image, 2), [[[4, 1], [0, 0.5]]], atol=1e-6)


def test_change_is_what_fills_more_than_half_of_what_is_known() -> None:
    change = np.array(
        [
            [1, 1, 1, 1, 255, 255],
            [1, 0, 0, 0, 255, 1],
            [255, 255, 0, 0, 255, 1],
            [1, 0, 0, 0, 1, 255],
            [1, 1, 0, 0, 0, 0],
            [255, 0, 0, 1, 255, 255],
        ],
        np.uint8,
    )
    # By hand: 3 of 4; 2 of 4 is no majority; 3 of 4 unknown; half unknown and half of the rest; ...
    np.testing.assert_array_equal(share_down(change, 3), [[1, 0, 255], [0, 0, 1], [1, 0, 0]])


def test_labels_go_by_majority_and_the_lower_value_breaks_a_tie() -> None:
    labels = np.array([[2, 2, 1, 3], [2, 0, 3, 1], [255, 255, 4, 255], [255, 0, 4, 0]], np.uint8)
    np.testing.assert_array_equal(majority_down(labels, 2, 5), [[2, 1], [255, 4]])


def test_a_head_that_reads_labels_says_which_pair_has_none(blocks: Callable) -> None:
    config = DetectorConfig(head="semantic", classes=2)
    with pytest.raises(LabelError, match=r"blocks/\d, date 1: no label map.*--head binary"):
        CropStream([blocks()], config, OPTIONS, 0)[0]
    narrow = DetectorConfig(head="semantic", classes=1)
    with pytest.raises(LabelError, match="label value 1, but the detector is made for values below 1"):
        CropStream([blocks(classes=2)], narrow, OPTIONS, 0)[0]


def test_sets_without_pairs_and_weights_that_do_not_fit_are_refused(blocks: Callable) -> None:
    with pytest.raises(SourceError, match="every set is empty"):
        CropStream([blocks(count=0)], BINARY, OPTIONS, 0)
    with pytest.raises(RecipeError, match="expected one number a set"):
        CropStream([blocks()], BINARY, replace(OPTIONS, weights=(1.0, 2.0)), 0)
    with pytest.raises(RecipeError, match="the finer first"):
        replace(OPTIONS, gsd_m=(2.0, 1.0))
