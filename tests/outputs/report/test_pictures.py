"""Layers become images without losing what they say."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from diachron.core.scene import Footprint
from diachron.outputs.report.pictures import (
    MAX_SIDE,
    Display,
    display_bands,
    map_uri,
    outline,
    picture_uri,
)


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [
        (("red", "green", "blue"), 3, (0, 1, 2)),
        (("blue", "green", "red", "nir"), 4, (2, 1, 0)),
        (("NIR", "R", "G", "B"), 4, (1, 2, 3)),
        (("swir1", "nir", "red", "green"), 4, (0, 1, 2)),
        (("b1", "b2"), 2, (0,)),
        (("grey",), 1, (0,)),
        ((), 5, (0, 1, 2)),
    ],
)
def test_red_green_and_blue_are_found_by_name(names, count, expected):
    assert display_bands(names, count) == expected


def test_eight_bits_are_shown_as_they_are():
    picture = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(3, 4, 4)
    shown = Display.of(picture, ("red", "green", "blue"), None).pixels(picture)
    np.testing.assert_array_equal(shown, np.moveaxis(picture, 0, -1))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_both_dates_are_scaled_alike(dtype):
    first = np.linspace(0, 1000, 101).astype(dtype).reshape(1, 1, 101)
    display = Display.of(first, ("grey",), None)
    # The 2nd and the 98th percentile of 0, 10 ... 1000 are 20 and 980.
    second = np.array([[[20, 500, 980, 5000]]], dtype)
    np.testing.assert_array_equal(display.pixels(second), [[0, 128, 255, 255]])


def test_nodata_and_nan_are_black_and_do_not_stretch():
    first = np.concatenate([np.linspace(100, 200, 101), [-9999.0] * 50, [np.nan] * 50])
    first = first.astype(np.float32).reshape(1, 1, -1)
    pixels = Display.of(first, ("grey",), -9999.0).pixels(first)[0]
    assert (pixels[101:] == 0).all()
    assert pixels[50] in (127, 128)


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_a_flat_picture_is_shown_without_warning(value):
    picture = np.full((1, 4, 4), value, np.float32)
    shown = Display.of(picture, ("grey",), None).pixels(picture)
    assert shown.shape == (4, 4)


def test_pictures_are_webp_and_large_ones_are_reduced():
    image = decoded(picture_uri(np.zeros((MAX_SIDE * 2, MAX_SIDE, 3), np.uint8)))
    assert image.format == "WEBP"
    assert image.size == (MAX_SIDE // 2, MAX_SIDE)
    assert decoded(picture_uri(np.zeros((5, 7), np.uint8))).size == (7, 5)


@pytest.mark.parametrize("classes", [1, 3, 15, 200])
def test_maps_keep_every_colour_and_are_clear_elsewhere(classes):
    colours = {value: (value, 255 - value, 9, 255) for value in range(20, 20 + classes)}
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = np.asarray(decoded(map_uri(values, colours)).convert("RGBA")).reshape(256, 4)
    for value in range(256):
        if value in colours:
            assert tuple(pixels[value]) == colours[value]
        else:
            assert pixels[value, 3] == 0


@given(arrays.arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))).filter(np.any))
def test_an_outline_encloses_its_pixels_and_no_other(mask):
    loops = read_path(outline(Footprint(30, 50, mask)))
    inside = np.zeros(mask.shape, bool)
    for row, col in np.ndindex(mask.shape):
        # Even-odd: a ray to the left of the pixel's middle crosses the border an odd number of times.
        crossed = sum(
            x1 == x2 and x1 <= col + 50 and min(y1, y2) <= row + 30 < max(y1, y2)
            for loop in loops
            for (x1, y1), (x2, y2) in zip(loop, [*loop[1:], loop[0]], strict=True)
        )
        inside[row, col] = crossed % 2 == 1
    np.testing.assert_array_equal(inside, mask)


def test_an_outline_keeps_corners_only():
    assert outline(Footprint(2, 3, np.ones((4, 5), bool))) == "M3 2H8V6H3Z"


def read_path(path: str) -> list[list[tuple[int, int]]]:
    """Return the corners of each loop."""
    loops = []
    for part in path.split("Z")[:-1]:
        start, *strokes = part.replace("H", " H").replace("V", " V").removeprefix("M").split(" H", 1)
        x, y = (int(n) for n in start.split())
        corners = [(x, y)]
        for stroke in ("H" + strokes[0]).split():
            x, y = (int(stroke[1:]), y) if stroke[0] == "H" else (x, int(stroke[1:]))
            corners.append((x, y))
        loops.append(corners)
    return loops
