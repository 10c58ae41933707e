"""Blur and noise that were put into a picture are measured again."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from diachron.core.optics import USUAL_BLUR_PX, edge_blur_px, noise_of, optics_of
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

FINER = 4


def town(blur_px: float, noise: float, turn_deg: float = 0.0) -> np.ndarray:
    """Return (H, W) float32 even roofs on even ground, drawn finer, smoothed, averaged down."""
    rng = np.random.default_rng(7)
    side = 200 * FINER
    rows, cols = np.mgrid[0:side, 0:side]
    angle = np.deg2rad(turn_deg)
    along = rows * np.cos(angle) + cols * np.sin(angle)
    across = cols * np.cos(angle) - rows * np.sin(angle)
    # Blocks of 22 pixels with streets of 14 between them, off the grid of pixels.
    roofs = ((along + 1.3) % (36.4 * FINER) < 22 * FINER) & ((across + 2.1) % (36.4 * FINER) < 22 * FINER)
    fine = np.where(roofs, 170.0, 80.0)
    if blur_px > 0:
        fine = ndimage.gaussian_filter(fine, blur_px * FINER)
    coarse = fine.reshape(200, FINER, 200, FINER).mean(axis=(1, 3))
    return (coarse + noise * rng.standard_normal(coarse.shape)).astype(np.float32)


@pytest.mark.parametrize("turn_deg", [0.0, 27.0, 45.0])
@pytest.mark.parametrize("blur_px", [0.5, 0.8, 1.1])
def test_the_blur_of_edges_is_found_whichever_way_they_run(blur_px, turn_deg):
    picture = town(blur_px, 1.0, turn_deg)
    assert edge_blur_px(picture, np.ones(picture.shape, bool)) == pytest.approx(blur_px, rel=0.2)


def test_edges_that_were_not_blurred_are_sharper_than_any_that_were():
    sharp = edge_blur_px(town(0.0, 1.0), np.ones((200, 200), bool))
    assert sharp < 0.35


def test_a_picture_without_edges_has_the_usual_blur():
    rng = np.random.default_rng(0)
    assert edge_blur_px(np.full((64, 64), 90.0, np.float32), np.ones((64, 64), bool)) == USUAL_BLUR_PX
    noise = rng.normal(90.0, 3.0, (16, 16)).astype(np.float32)
    assert edge_blur_px(noise, np.ones((16, 16), bool)) == USUAL_BLUR_PX
    assert edge_blur_px(np.zeros((4, 4), np.float32), np.ones((4, 4), bool)) == USUAL_BLUR_PX


@pytest.mark.parametrize("noise", [0.5, 2.0, 6.0])
def test_noise_is_found_beside_edges(noise):
    picture = town(0.8, noise)[None]
    # The flattest tenth of 600 blocks lies below the mean by 1.3 standard errors of a block of 64, of 0.13.
    (found,) = noise_of(picture, np.zeros((200, 200), bool), 255.0)
    assert 0.7 * noise < found < noise


def test_a_ramp_and_burnt_out_ground_are_no_noise():
    ramp = np.add.outer(np.arange(64.0), 2.0 * np.arange(64.0)).astype(np.float32)[None]
    assert noise_of(ramp, np.zeros((64, 64), bool), 255.0) == (0.0,)
    rng = np.random.default_rng(0)
    burnt = (254.0 + 0.5 * rng.standard_normal((1, 64, 64))).astype(np.float32)
    assert noise_of(burnt, np.zeros((64, 64), bool), 255.0) == (0.0,)
    assert noise_of(burnt, np.ones((64, 64), bool), 1000.0) == (0.0,)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_optics_are_told_in_pixels_and_in_the_scale_of_the_source(dtype):
    scene = prepare(raw_scene(World(rows=96, cols=96, dtype=dtype, bands=4, seed=3)))
    softer = dataclasses.replace(
        scene, image=np.stack([ndimage.gaussian_filter(b, 1.0) for b in scene.image])
    )
    found, soft = optics_of(scene), optics_of(softer)
    assert len(found.noise) == 4
    assert soft.blur_px > found.blur_px
    assert max(soft.noise) < min(found.noise)
    # Grain of 0.03 of white, as the world draws it.
    assert 0.01 < np.mean(found.noise) / scene.full_scale < 0.04
    assert optics_of(scene) is found
