"""The sun is read off the shadows, or not at all."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from diachron.simulators.preparation import prepare
from tests.worlds import SHADE, World, raw_scene

TOWN = World(rows=170, cols=170, gsd_m=0.5, road=False, water=False, ignored=False, shadow_px=7)


def angle_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    cosine = (a[0] * b[0] + a[1] * b[1]) / (math.hypot(*a) * math.hypot(*b))
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


@pytest.mark.parametrize("sun_azimuth_deg", range(0, 360, 30))
def test_the_direction_of_shadows_is_recovered(sun_azimuth_deg):
    scene = prepare(raw_scene(dataclasses.replace(TOWN, sun_azimuth_deg=float(sun_azimuth_deg), seed=4)))
    assert scene.sun is not None
    assert scene.sun.given is False
    azimuth = math.radians(sun_azimuth_deg)
    towards = (math.cos(azimuth), -math.sin(azimuth))
    assert angle_between((scene.sun.shadow_row, scene.sun.shadow_col), towards) <= 15.0
    assert math.hypot(scene.sun.shadow_row, scene.sun.shadow_col) == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_length_and_contrast_are_those_of_the_picture(dtype):
    scene = prepare(raw_scene(dataclasses.replace(TOWN, dtype=dtype, bands=4, seed=4)))
    assert scene.sun is not None
    # Seven pixels of half a metre; half of the dark share is reached within a metre of the end.
    assert scene.sun.shadow_length_m == pytest.approx(3.5, abs=1.0)
    assert len(scene.sun.contrast) == 4
    # Dark pixels of two grounds against lit ones of both: about the shade, band by band.
    assert all(contrast == pytest.approx(SHADE, abs=0.08) for contrast in scene.sun.contrast)


@pytest.mark.parametrize("seed", range(6))
def test_without_shadows_there_is_no_sun(seed):
    assert prepare(raw_scene(dataclasses.replace(TOWN, sun_azimuth_deg=None, seed=seed))).sun is None


def test_without_buildings_there_is_no_sun():
    raw = raw_scene(TOWN)
    assert prepare(dataclasses.replace(raw, labels=np.ones_like(raw.labels))).sun is None


@pytest.mark.parametrize(("elevation_deg", "length_m"), [(45.0, 5.0), (math.degrees(math.atan(2)), 2.5)])
def test_the_sun_that_a_source_states_is_taken(elevation_deg, length_m):
    raw = dataclasses.replace(raw_scene(TOWN), sun_azimuth_deg=90.0, sun_elevation_deg=elevation_deg)
    sun = prepare(raw).sun
    assert sun is not None
    assert sun.given is True
    assert (sun.shadow_row, sun.shadow_col) == pytest.approx((0.0, -1.0), abs=1e-9)
    # A house of 5 m throws a shadow of 5 m under a sun at 45 degrees.
    assert sun.shadow_length_m == pytest.approx(length_m)


def test_a_stated_sun_stands_where_nothing_can_be_read():
    raw = dataclasses.replace(
        raw_scene(dataclasses.replace(TOWN, sun_azimuth_deg=None)), sun_azimuth_deg=180.0
    )
    sun = prepare(raw).sun
    assert sun is not None
    assert (sun.shadow_row, sun.shadow_col) == pytest.approx((-1.0, 0.0), abs=1e-9)
    assert len(sun.contrast) == 3
