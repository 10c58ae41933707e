"""Self-Pair restyles the later date as a whole and hides more than it labels."""

from __future__ import annotations

import numpy as np

from diachron.core.streams import stream
from diachron.evaluation.rivals import self_pair
from diachron.evaluation.rivals.edits import Edits, buildings_in
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

SCENE = prepare(raw_scene(World(rows=128, cols=128, gsd_m=0.5, seed=1, ignored=False)))
OTHER = prepare(raw_scene(World(rows=128, cols=128, gsd_m=0.5, seed=2, water=False, ignored=False)))


def test_the_first_date_is_real_and_the_second_in_another_style():
    moved = []
    for seed in range(6):
        pair = self_pair.make(stream(seed, 0, "self"), SCENE, lambda rng: OTHER)
        np.testing.assert_array_equal(pair.t1, SCENE.image)
        same = pair.change == 0
        # Eight bits swallow the weakest styles.
        moved.append(np.count_nonzero((pair.t1 != pair.t2).any(axis=0) & same) / np.count_nonzero(same))
    assert min(moved) > 0.1 and np.median(moved) > 0.8


def test_a_hole_is_larger_than_its_label():
    edits = Edits(SCENE)
    self_pair._remove(stream(0, 0, "remove"), edits, OTHER)
    gone = buildings_in(SCENE, SCENE.labels) & ~buildings_in(SCENE, edits.labels)
    touched = (edits.image != SCENE.image).any(axis=0)
    assert gone.any()
    assert np.count_nonzero(touched) > 1.2 * np.count_nonzero(gone)


def test_copies_fade_at_their_edge():
    edits = Edits(SCENE)
    self_pair._copy(stream(1, 0, "copy"), edits)
    built = buildings_in(SCENE, edits.labels) & ~buildings_in(SCENE, SCENE.labels)
    assert built.any()
    np.testing.assert_array_equal(edits.image[:, ~built], SCENE.image[:, ~built])
    moved = np.abs(edits.image.astype(float) - SCENE.image).mean(axis=0)
    rim = built & ~np.pad(built, 1)[2:, 1:-1] | built & ~np.pad(built, 1)[:-2, 1:-1]
    inner = built & np.roll(rim, 4, axis=0) & ~rim
    assert moved[rim].mean() < moved[inner].mean()
