"""Panels: maps in the colours of their legend, outlines that stay inside, sheets that hold every panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diachron.outputs.panels import (
    GAP_PX,
    TITLE_PX,
    UNKNOWN,
    Panel,
    map_pixels,
    object_pixels,
    outlined,
    sheet,
    tinted,
    write_png,
)

GREY = np.full((5, 6, 3), 100, np.uint8)


def test_a_map_has_the_colours_of_its_legend() -> None:
    shown = map_pixels(np.array([[0, 1], [7, 1]], np.uint8), {0: (1, 2, 3), 1: (4, 5, 6)})
    assert shown.tolist() == [[[1, 2, 3], [4, 5, 6]], [list(UNKNOWN), [4, 5, 6]]]


def test_an_object_keeps_its_colour_and_differs_from_its_neighbour() -> None:
    ids = np.zeros((5, 6), np.int32)
    ids[0, :3] = 1, 2, 3
    first = object_pixels(GREY, ids)
    ids[4, 5] = 2
    again = object_pixels(GREY, ids)
    assert len({tuple(pixel) for pixel in first[0, :4].tolist()}) == 4
    assert (again[4, 5] == first[0, 1]).all()
    assert (first[1:] == 50).all()


def test_marks_stay_inside_the_mask_and_leave_the_picture_alone() -> None:
    mask = np.zeros((5, 6), bool)
    mask[1:4, 1:5] = True
    line = outlined(GREY, mask, (255, 0, 0))
    assert (line[~mask] == 100).all()
    assert (line[2, 2] == 100).all()
    assert (line[1, 1] == (255, 0, 0)).all()
    colour = tinted(GREY, mask, (200, 0, 100), strength=0.5)
    assert (colour[mask] == (150, 50, 100)).all()
    assert (colour[~mask] == 100).all()
    assert (GREY == 100).all()


def test_a_sheet_holds_every_panel_whole(tmp_path: Path) -> None:
    small = np.zeros((2, 3, 3), np.uint8)
    made = sheet([[Panel("", GREY), Panel("", small)], [Panel("", small)]])
    assert made.shape == (2 * TITLE_PX + 5 + 2 + 2 * GAP_PX, 6 + 3 + 2 * GAP_PX, 3)
    assert (made[TITLE_PX : TITLE_PX + 5, :6] == 100).all()
    assert (made[TITLE_PX : TITLE_PX + 2, 6 + GAP_PX : 9 + GAP_PX] == 0).all()
    write_png(made, tmp_path / "deep" / "sheet.png")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["sheet.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "deep" / "sheet.png")), made)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OSError, match=r"taken\.png"):
        write_png(GREY, tmp_path / "taken.png")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]
