"""Roofs are cut out whole, turned with their mask, and pasted where they fit."""

from __future__ import annotations

import numpy as np

from diachron.core import hub
from diachron.core.scene import Footprint
from diachron.evaluation.rivals.cutouts import Cutout, cutouts_of, free_place, paste, turned
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

MASK = np.array([[1, 1, 1], [1, 0, 0]], bool)
ROOF = Cutout(np.stack([np.where(MASK, value, 0) for value in (50, 100, 150)]).astype(np.uint8), MASK)


def test_cutouts_are_whole_buildings():
    scene = prepare(raw_scene(World(seed=4)))
    found = cutouts_of(scene)
    whole = [o for o in scene.objects.values() if o.object_class == hub.BUILDING and o.whole]
    assert len(found) == len(whole) > 0
    assert found[0].image.shape == (3, *found[0].mask.shape)


def test_a_turn_moves_mask_and_pixels_together():
    shapes = set()
    for seed in range(40):
        roof = turned(np.random.default_rng(seed), ROOF)
        np.testing.assert_array_equal(roof.image[1] == 100, roof.mask)
        shapes.add((roof.mask.shape, roof.mask.tobytes()))
    assert len(shapes) == 8


def test_hard_pastes_write_the_roof_and_nothing_else():
    image = np.full((3, 6, 6), 9, np.uint8)
    paste(image, ROOF, Footprint(2, 1, MASK))
    expected = np.full((6, 6), 9)
    expected[2, 1:4] = expected[3, 1] = 100
    np.testing.assert_array_equal(image[1], expected)


def test_feathered_pastes_let_the_ground_through_at_the_edge():
    roof = Cutout(np.full((1, 9, 9), 90, np.uint8), np.ones((9, 9), bool))
    image = np.zeros((1, 9, 9), np.uint8)
    paste(image, roof, roof.at(0, 0), feather_px=2.0)
    # A third of the way over two pixels: 30, 60, then the roof itself.
    assert image[0, 4].tolist() == [30, 60, 90, 90, 90, 90, 90, 60, 30]


def test_a_place_is_inside_and_free_or_none():
    closed = np.ones((8, 8), bool)
    closed[3:5, 2:5] = False

    def fits(place: Footprint) -> bool:
        return not (closed[place.window] & place.mask).any()

    rng = np.random.default_rng(0)
    place = free_place(rng, (8, 8), fits, ROOF, 500)
    assert place is not None and (place.row, place.col) == (3, 2)
    assert free_place(rng, (8, 8), lambda place: False, ROOF, 20) is None
    assert free_place(rng, (1, 8), lambda place: True, ROOF, 20) is None
