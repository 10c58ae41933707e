"""What is published of Changen2's events holds for our copy of them, defects included."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy import ndimage

from diachron.core import hub
from diachron.core.pair import LabelledPair
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.evaluation.rivals import changen2_events
from diachron.evaluation.rivals.edits import Edits, buildings_in
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

SCENE = prepare(raw_scene(World(rows=128, cols=128, gsd_m=0.5, seed=1, ignored=False)))
OTHER = prepare(raw_scene(World(rows=128, cols=128, gsd_m=0.5, seed=2, ignored=False)))


def pairs(count: int) -> list[LabelledPair]:
    return [
        changen2_events.make(stream(seed, 0, "changen2"), SCENE, lambda rng: OTHER) for seed in range(count)
    ]


def states(pair: LabelledPair, scene: Scene = SCENE) -> tuple[np.ndarray, np.ndarray]:
    assert pair.labels_t1 is not None and pair.labels_t2 is not None
    return buildings_in(scene, pair.labels_t1), buildings_in(scene, pair.labels_t2)


def test_components_go_whole_and_come_as_copies():
    pieces, count = ndimage.label(buildings_in(SCENE, SCENE.labels), np.ones((3, 3)))
    areas = np.bincount(pieces.ravel())[1:].tolist()
    sums = {sum(chosen) for number in range(1, 6) for chosen in combinations(areas, min(number, count))}
    only_lost = only_gained = 0
    for pair in pairs(30):
        before, after = states(pair)
        gained, lost = after & ~before, before & ~after
        if lost.any() and not gained.any():
            only_lost += 1
            np.testing.assert_array_equal(lost, np.isin(pieces, np.unique(pieces[lost])))
            assert np.unique(pieces[lost]).size <= 5
        if gained.any() and not lost.any():
            only_gained += 1
            assert np.count_nonzero(gained) in sums
    assert only_lost >= 5 and only_gained >= 5


def test_copies_are_the_pixels_of_their_component():
    colours = {tuple(pixel) for pixel in SCENE.image[:, buildings_in(SCENE, SCENE.labels)].T.tolist()}
    edits = Edits(SCENE)
    changen2_events._add(stream(1, 0, "add"), edits, buildings_in(SCENE, SCENE.labels))
    gained = buildings_in(SCENE, edits.labels) & ~buildings_in(SCENE, SCENE.labels)
    assert gained.any()
    assert {tuple(pixel) for pixel in edits.image[:, gained].T.tolist()} <= colours
    np.testing.assert_array_equal(edits.image[:, ~gained], SCENE.image[:, ~gained])


def test_houses_are_put_on_roads_and_water():
    draws = SCENE.schema.draws
    closed = np.isin(SCENE.labels, [draws[hub.ROAD], draws[hub.WATER]])
    hit = 0
    for pair in pairs(16):
        before, after = states(pair)
        hit += np.count_nonzero(after & ~before & closed)
    assert hit > 0


def test_the_later_date_loses_contrast_everywhere():
    for pair in pairs(8):
        same = pair.change == 0
        before, after = (date[:, same].astype(float).std(axis=1) for date in (pair.t1, pair.t2))
        assert (after / before < 0.95).all()
        np.testing.assert_array_equal(pair.t1, SCENE.image)
