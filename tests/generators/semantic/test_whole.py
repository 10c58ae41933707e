"""Whole pictures: every pixel is answered, no seams, the same bytes again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core.streams import stream
from diachron.generators.inpainting.painter import Holes, Manner
from diachron.generators.models.pixels import from_network
from diachron.generators.semantic.painter import SemanticPainter
from diachron.generators.semantic.whole import (
    LONGEST_WHOLE_PX,
    Brush,
    Content,
    paint_over,
    paint_parts,
    windows_over,
)
from tests.generators.models.nets import tiny_unet

MANNER = Manner(0.5, 2)


class Copyist(SemanticPainter):
    """Paints what it is shown, so that only what windows do is left."""

    def paint(self, holes: Holes, manner: Manner) -> NDArray[np.float32]:
        return holes.proposal


def over(
    painter: SemanticPainter,
    image: NDArray[np.generic],
    labels: NDArray[np.uint8] | None = None,
    seed: int = 0,
) -> NDArray[np.generic]:
    shape = image.shape[-2:]
    full = 255.0 if image.dtype == np.uint8 else 10_000.0
    bands = ("red", "green", "blue", "nir")[: len(image)]
    known = np.ones(shape, np.uint8) if labels is None else labels
    content = Content(known, np.zeros(shape, np.int32), bands, full, 0.5)
    return paint_over(image, content, Brush(painter, MANNER, seed))


@given(st.integers(1, 1300), st.integers(1, 1300), st.sampled_from((4, 16, 48)))
def test_windows_cover_a_picture(rows: int, cols: int, multiple: int) -> None:
    count = np.zeros((rows, cols), int)
    windows = windows_over((rows, cols), multiple)
    for window in windows:
        box, _ = window.inside(count.shape)
        count[box] += 1
    assert count.min() >= 1
    assert count.max() <= 4
    sizes = {window.size for window in windows}
    assert len(sizes) == 1
    assert max(sizes) < LONGEST_WHOLE_PX + multiple
    assert max(sizes) % multiple == 0


@pytest.mark.parametrize(
    ("side", "windows", "area"), [(40, 1, 1.5), (256, 1, 1.0), (512, 1, 1.0), (600, 4, 1.4), (1024, 9, 1.3)]
)
def test_what_a_picture_costs_is_little_more_than_its_area(side: int, windows: int, area: float) -> None:
    found = windows_over((side, side), 16)
    assert len(found) == windows
    assert sum(window.size**2 for window in found) <= area * side**2


def test_a_strip_is_not_painted_as_a_square() -> None:
    assert sum(window.size**2 for window in windows_over((128, 1024), 16)) < 3 * 128 * 1024


def test_answers_of_neighbours_run_into_each_other() -> None:
    """Windows that agree give the picture back, wherever their edges are: weights add up."""
    image = np.full((3, 600, 560), 90, np.uint8)
    image[:, :, 120:] = 140
    labels = np.ones((600, 560), np.uint8)
    labels[:, 120:] = 2
    assert len(windows_over((600, 560), tiny_unet().stride)) == 4
    found = over(Copyist(tiny_unet()), image, labels)
    np.testing.assert_array_equal(found, image)


def test_windows_that_differ_leave_no_seam() -> None:
    class Stubborn(SemanticPainter):
        """Paints each window in one colour, another each time."""

        count = 0

        def paint(self, holes: Holes, manner: Manner) -> NDArray[np.float32]:
            Stubborn.count += 1
            return np.full_like(holes.proposal, float(Stubborn.count % 2) * 2.0)

    found = over(Stubborn(tiny_unet()), np.full((3, 250, 580), 90, np.uint8)).astype(int)
    assert np.ptp(found) > 80
    assert np.abs(np.diff(found, axis=2)).max() <= 3


def test_parts_are_painted_in_windows_that_are_all_hole_and_nothing_else_is_touched() -> None:
    shown: list[Holes] = []

    class Witness(SemanticPainter):
        """Paints the sketch half as bright in red, and keeps what it was shown."""

        def paint(self, holes: Holes, manner: Manner) -> NDArray[np.float32]:
            shown.append(holes)
            return holes.proposal * np.array([0.5, 1.0, 1.0], np.float32)[:, None, None]

    rng = stream(0, 0, "test")
    image = rng.integers(500, 3000, (4, 120, 200)).astype(np.uint16)
    parts = np.zeros((120, 200), bool)
    parts[30:50, 40:70] = parts[100:120, 150:160] = True
    labels = np.ones(parts.shape, np.uint8)
    bands = ("red", "green", "blue", "nir")
    content = Content(labels, np.zeros(parts.shape, np.int32), bands, 10_000.0, 0.5)
    found = paint_parts(image, parts, content, Brush(Witness(tiny_unet()), MANNER, 0))
    assert found.dtype == np.uint16
    assert found[:, ~parts].tobytes() == image[:, ~parts].tobytes()
    assert found[3].tobytes() == image[3].tobytes()
    sketch = Brush(SemanticPainter(tiny_unet()), MANNER, 0).sketch(image, content)
    sketch[0] *= 0.5
    np.testing.assert_array_equal(found[:3, parts], np.rint(from_network(sketch, 10_000.0))[:, parts])
    assert len(shown) == 2
    for holes in shown:
        assert holes.hole.all()
        # Around the parts it is shown a sketch, too: next to no texture.
        assert np.abs(np.diff(holes.proposal)).mean() < 0.2 * np.abs(np.diff(image / 2000.0)).mean()


def test_a_single_band_is_seen_as_grey_at_both_dates() -> None:
    class Tinting(SemanticPainter):
        def paint(self, holes: Holes, manner: Manner) -> NDArray[np.float32]:
            return np.broadcast_to(np.float32([0.0, 1.0, 2.0])[:, None, None], holes.proposal.shape).copy()

    image, labels = np.full((1, 48, 48), 90, np.uint8), np.ones((48, 48), np.uint8)
    content = Content(labels, np.zeros((48, 48), np.int32), ("pan",), 255.0, 0.5)
    brush, parts = Brush(Tinting(tiny_unet()), MANNER, 0), np.ones((48, 48), bool)
    found = paint_over(image, content, brush)
    np.testing.assert_array_equal(paint_parts(image, parts, content, brush), found)


def test_the_same_seed_and_any_threads_give_the_same_bytes() -> None:
    image = stream(0, 0, "test").integers(0, 255, (3, 64, 200)).astype(np.uint8)
    painter = SemanticPainter(tiny_unet())
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(over(painter, image).tobytes())
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
    assert over(painter, image, seed=1).tobytes() != found[0]


def test_dtype_and_further_bands_are_kept() -> None:
    image = stream(0, 0, "test").integers(500, 3000, (4, 48, 48)).astype(np.uint16)
    found = over(SemanticPainter(tiny_unet()), image)
    assert found.dtype == np.uint16
    assert found.shape == image.shape
    # Near infrared moves with brightness: its ratio to the colours' mean stays.
    ratio = [(layers[3] / layers[:3].mean(0)) for layers in (image.astype(float), found.astype(float))]
    inside = found[3] < 10_000
    np.testing.assert_allclose(ratio[1][inside], ratio[0][inside], rtol=0.01)
