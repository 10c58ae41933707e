"""The measure of real change: blind to light, alive to what comes and goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy import ndimage

from diachron.pipelines.recipes.model import RealDates
from diachron.simulators.real_change import real_change
from tests.dated_tiles import under_another_light
from tests.worlds import FULL_SCALE, World, raw_scene, seeds, worlds

EXAMPLES = settings(max_examples=8)
TOWN = World(rows=160, cols=160, gsd_m=0.6, ignored=False)


def known(image: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.ones(image.shape[1:], bool)


@EXAMPLES
@given(worlds())
def test_a_picture_agrees_with_itself(world):
    raw = raw_scene(world)
    found = real_change(raw.image, raw.image, ~raw.void)
    assert found.share == 0.0
    assert found.shift_px == (0, 0)
    told = found.disagreement[np.isfinite(found.disagreement)]
    np.testing.assert_allclose(told, 0.0, atol=1e-4)


@EXAMPLES
@given(seeds())
def test_another_light_is_no_change(seed):
    image = raw_scene(replace(TOWN, seed=seed)).image
    seen = under_another_light(image, seed, FULL_SCALE["uint8"])
    assert real_change(image, seen, known(image)).share == 0.0


@pytest.mark.parametrize("gain", [-1.0, 0.25])
def test_gain_and_a_negative_are_no_change(gain):
    image = raw_scene(TOWN).image.astype(np.float32)
    found = real_change(image, gain * image + 300.0, known(image))
    np.testing.assert_allclose(found.disagreement, 0.0, atol=1e-3)


@EXAMPLES
@given(seeds())
def test_two_places_disagree(seed):
    first, second = (raw_scene(replace(TOWN, seed=s)).image for s in (seed, seed + 1))
    assert real_change(first, second, known(first)).share > RealDates().max_change


@pytest.mark.parametrize("shift", [(0, 0), (3, -5), (-8, 8)])
def test_a_shift_of_the_whole_picture_is_found_and_forgiven(shift):
    image = raw_scene(replace(TOWN, rows=180, cols=180)).image
    down, right = shift
    first = image[:, 10:170, 10:170]
    second = image[:, 10 + down : 170 + down, 10 + right : 170 + right]
    found = real_change(first, second, known(first))
    assert found.shift_px == shift
    assert found.share == 0.0


def test_a_block_that_is_built_over_disagrees_and_no_other():
    image = ndimage.gaussian_filter(np.random.default_rng(0).normal(120, 30, (3, 128, 128)), (0, 2, 2))
    later = image.copy()
    later[:, 32:64, 64:96] = ndimage.gaussian_filter(
        np.random.default_rng(1).normal(120, 30, (3, 32, 32)), (0, 2, 2)
    )
    disagreement = real_change(image, later, known(image)).disagreement
    # Blocks begin every 16 pixels: the one that is all new is the third down and the fifth to the right.
    assert np.unravel_index(np.argmax(disagreement), disagreement.shape) == (2, 4)
    assert disagreement[2, 4] > 0.6
    far = np.ones((7, 7), bool)
    far[0:5, 2:7] = False
    assert disagreement[far].max() < 0.05


def test_blocks_without_data_say_nothing():
    image = raw_scene(TOWN).image
    there = known(image)
    there[:, :64] = False
    found = real_change(image, image[:, ::-1], there)
    assert np.isnan(found.disagreement[:, :3]).all()
    assert np.isfinite(found.disagreement[:, 3:]).all()
    nothing = real_change(image, image, np.zeros_like(there))
    assert nothing.share == 0.0
    assert np.isnan(nothing.disagreement).all()


def test_flat_pictures_agree():
    flat = np.full((3, 64, 64), 7, np.uint8)
    assert real_change(flat, flat, known(flat)).share == 0.0
