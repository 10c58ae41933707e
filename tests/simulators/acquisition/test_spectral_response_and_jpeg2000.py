"""Bands that share light with their neighbours; pictures that were stored as wavelets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.registry import load
from diachron.simulators.acquisition.apply import apply_date
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.spectral_response import neighbours

RGB = ("red", "green", "blue")
MODULES = {name: load("acquisition", name) for name in ("spectral_response", "jpeg2000")}


def drawn(name: str, bands: tuple[str, ...] = RGB, dtype: str = "uint8", **parameters: Any) -> dict[str, Any]:
    step = MODULES[name].Parameters(**parameters)
    numbers: dict[str, Any] = MODULES[name].draw(np.random.default_rng(0), step, Context(bands, 0.5, dtype))
    return numbers


@pytest.mark.parametrize(
    ("bands", "pairs"),
    [
        (("red", "green", "blue"), [(0, 1), (1, 0), (1, 2), (2, 1)]),
        # Red and near infrared touch only where no red edge lies between.
        (("nir", "red"), [(0, 1), (1, 0)]),
        (("nir", "red", "rededge"), [(0, 2), (1, 2), (2, 0), (2, 1)]),
        (("band1", "band2"), []),
    ],
)
def test_neighbours_are_those_of_the_spectrum(bands, pairs):
    assert neighbours(bands) == pairs


def test_a_tenth_of_the_neighbours_light():
    record = drawn("spectral_response", overlap=0.1, spread=0.0)
    assert np.asarray(record["matrix"]) == pytest.approx(
        np.asarray([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]])
    )
    image = np.broadcast_to(np.asarray([0.8, 0.4, 0.2], np.float32)[:, None, None], (3, 6, 6))
    mixed = apply_date(image, {"spectral_response": record}, MODULES, full_scale=1.0)
    # Red gets a tenth of the way to green, green goes both ways, blue to green.
    np.testing.assert_allclose(mixed[:, 3, 3], [0.76, 0.42, 0.22], atol=1e-3)


def test_grey_stays_grey():
    grey = np.broadcast_to(np.linspace(0.1, 0.9, 40, dtype=np.float32), (3, 20, 40))
    record = drawn("spectral_response", overlap=-0.2, spread=0.1)
    mixed = apply_date(grey, {"spectral_response": record}, MODULES, full_scale=1.0)
    np.testing.assert_allclose(mixed, grey, atol=1e-4)


def texture(dtype: str, white: float) -> NDArray[Any]:
    noise = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((3, 96, 90)), (0, 1, 1))
    return (white * (0.5 + 0.4 * noise / np.abs(noise).max())).astype(dtype)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255.0), ("uint16", 2047.0)])
def test_stronger_pressure_leaves_less(dtype, white):
    image = texture(dtype, white)
    errors = []
    for ratio in (4.0, 16.0, 64.0):
        record = drawn("jpeg2000", dtype=dtype, ratio=ratio)
        assert record["skipped"] is None
        coded = apply_date(image, {"jpeg2000": record}, MODULES, full_scale=white)
        assert coded.dtype == image.dtype
        assert coded.max() <= white
        errors.append(float(np.sqrt(((coded.astype(float) - image) ** 2).mean())) / white)
    assert 0 < errors[0] < errors[1] < errors[2] < 0.15
    # The mean is the last thing to go.
    assert abs(coded.mean() - image.mean()) < 0.01 * white


def test_reflectance_is_not_coded_and_the_record_says_so():
    record = drawn("jpeg2000", dtype="float32", ratio=20.0)
    assert record["skipped"] == "JPEG 2000 holds whole numbers, not float32"
    image = texture("uint8", 255.0).astype(np.float32) / 255
    np.testing.assert_array_equal(apply_date(image, {"jpeg2000": record}, MODULES, full_scale=1.0), image)


def test_a_chance_of_none_leaves_the_picture():
    image = texture("uint8", 255.0)
    record = drawn("jpeg2000", ratio=50.0, chance=0.0)
    assert record["ratio"] == 0.0
    np.testing.assert_array_equal(apply_date(image, {"jpeg2000": record}, MODULES, full_scale=255.0), image)
