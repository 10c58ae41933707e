"""Shadows of trees and free-standing walls: as long as the formula says, lifted and cast like houses'."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.light import shadow_direction
from diachron.core.scene import Sun
from diachron.simulators.acquisition import another_sun
from diachron.simulators.acquisition.context import Place
from diachron.simulators.acquisition.old_shadows import find_shadows
from diachron.simulators.acquisition.shadows import shaded

GSD_M = 0.5
CONTRAST = (0.35, 0.4, 0.5)
OLD = Sun(*shadow_direction(90.0), 5.0, CONTRAST, given=True)
TREES = [(row, col) for row in (20, 70, 120) for col in (40, 90, 140)]
SIDE_PX, TREE_M, WALL_M = 12, 8.0, 3.0


def park(*, heights: bool, shadows: bool = True) -> tuple[NDArray[np.float32], Place]:
    """Return a picture of nine square crowns, and of a wall where heights are known, and the place."""
    shape = (170, 190)
    surface = np.full(shape, hub.GRASS, np.uint8)
    height_m = np.zeros(shape, np.float32)
    for row, col in TREES:
        surface[row : row + SIDE_PX, col : col + SIDE_PX] = hub.TREE
        height_m[row : row + SIDE_PX, col : col + SIDE_PX] = TREE_M
    if heights:
        height_m[50:53, 60:120] = WALL_M
    place = Place(
        surface,
        np.zeros(shape, np.int32),
        {},
        GSD_M,
        sun=OLD,
        height_m=height_m if heights else None,
    )
    ground = np.asarray([0.5, 0.55, 0.4], np.float32)[:, None, None]
    rng = np.random.default_rng(0)
    image = np.broadcast_to(ground, (3, *shape)) * (1 + 0.04 * rng.standard_normal(shape))
    image = np.where(surface == hub.TREE, np.float32(0.18), image)
    if shadows:
        share = shaded(place.standing_m, OLD.shadow_row, OLD.shadow_col, OLD.shadow_length_m / 5.0 / GSD_M)
        image = image * (1 - share * (1 - np.asarray(CONTRAST)[:, None, None]))
    return image.astype(np.float32), place


def under(azimuth_deg: float, elevation_deg: float) -> dict[str, object]:
    length = 1.0 / math.tan(math.radians(elevation_deg)) / GSD_M
    return {"shadow_px": [part * length for part in shadow_direction(azimuth_deg)]}


@pytest.mark.parametrize("heights", [True, False])
def test_shadows_of_trees_are_lifted_and_cast_as_long_as_the_formula_says(heights: bool) -> None:
    image, place = park(heights=heights)
    bare, _ = park(heights=heights, shadows=False)
    moved = another_sun.act(image.copy(), under(0.0, 40.0), place)
    tall_m = TREE_M if heights else float(place.standing_m.max())
    row, col = TREES[4]
    middle = col + SIDE_PX // 2
    # Old ones lay to the west; in their middle the lawn is lit again.
    old = np.s_[:, row + 3 : row + SIDE_PX - 3, col - 8 : col - 3]
    np.testing.assert_allclose(moved[old].mean(axis=(1, 2)), bare[old].mean(axis=(1, 2)), rtol=0.08)
    # The sun in the north: shadows to the south, h / tan(40) long, with a pixel for their soft end.
    length_px = tall_m / math.tan(math.radians(40.0)) / GSD_M
    strip = moved[0, row + SIDE_PX :, middle - 3 : middle + 3].mean(axis=1)
    lit = bare[0, row + SIDE_PX :, middle - 3 : middle + 3].mean(axis=1)
    dark = strip / lit < 0.5 * (1 + CONTRAST[0])
    assert abs(int(dark.argmin()) - length_px) <= 1.5
    assert strip[: int(length_px) - 2].mean() / lit[: int(length_px) - 2].mean() == pytest.approx(
        CONTRAST[0], abs=0.04
    )


def test_a_wall_of_known_height_casts_its_shadow() -> None:
    image, place = park(heights=True)
    moved = another_sun.act(image.copy(), under(0.0, 45.0), place)
    length_px = WALL_M / GSD_M
    beside = moved[0, 53:70, 70:88].mean(axis=1) / np.float32(0.5)
    dark = beside < 0.5 * (1 + CONTRAST[0])
    assert abs(int(dark.argmin()) - length_px) <= 1.5


def test_trees_whose_shadows_are_not_seen_keep_the_picture_as_it_is() -> None:
    image, place = park(heights=True, shadows=False)
    assert find_shadows(image, place, OLD) is None
    moved = another_sun.act(image.copy(), under(0.0, 40.0), place)
    assert np.array_equal(moved, image)


def test_guessed_ground_has_no_trees_to_lift() -> None:
    image, place = park(heights=False)
    assert find_shadows(image, replace(place, labelled=False), OLD) is None


def test_wider_crowns_are_taken_for_higher_and_woods_are_not() -> None:
    surface = np.full((80, 160), hub.GRASS, np.uint8)
    surface[10:14, 10:14] = hub.TREE
    surface[10:22, 40:52] = hub.TREE
    surface[5:75, 80:150] = hub.TREE
    place = Place(surface, np.zeros(surface.shape, np.int32), {}, GSD_M)
    small, tree, wood = (float(place.standing_m[row, col]) for row, col in ((11, 11), (15, 45), (40, 110)))
    assert small == pytest.approx(4.0, abs=1.0)
    assert tree == pytest.approx(8.0, abs=1.0)
    assert wood == 12.0
    assert place.standing_m[0, 0] == 0.0
    assert not place.heights_m.any()
