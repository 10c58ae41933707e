"""What is published of HySCDG's holes holds for our copy of them, defects included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.pair import LabelledPair
from diachron.core.streams import stream
from diachron.evaluation.rivals import hyscdg_holes
from diachron.evaluation.rivals.edits import buildings_in
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene

SCENE = prepare(raw_scene(World(rows=112, cols=112, gsd_m=0.5, seed=1, ignored=False)))
OTHER = prepare(raw_scene(World(rows=112, cols=112, gsd_m=0.5, seed=2, ignored=False)))


@pytest.fixture(scope="module")
def pairs() -> list[LabelledPair]:
    """Return pairs of one scene."""
    return [hyscdg_holes.make(stream(seed, 0, "holes"), SCENE, lambda rng: OTHER) for seed in range(10)]


def test_at_most_three_buildings_go_and_none_comes(pairs):
    pieces, _ = ndimage.label(buildings_in(SCENE, SCENE.labels))
    gone = []
    for pair in pairs:
        after = buildings_in(SCENE, pair.labels_t2)
        assert not (after & (pieces == 0)).any()
        gone.append(np.unique(pieces[(pieces > 0) & ~after]).size)
    # Of 0 to 3 objects, 2.2 on average.
    assert max(gone) == 3 and sum(gone) / len(gone) > 1.5


def test_buildings_become_several_kinds_of_ground(pairs):
    classes = np.unique(np.concatenate([pair.labels_t2[pair.change == 1] for pair in pairs]))
    assert SCENE.schema.draws[hub.BUILDING] not in classes
    assert classes.size >= 3


def test_most_repainted_ground_counts_as_unchanged(pairs):
    repainted = changed = 0
    for pair in pairs:
        # What only went through the autoencoder moves little; what was repainted moves much.
        moved = np.abs(pair.t2.astype(float) - pair.t1).max(axis=0)
        repainted += np.count_nonzero((moved > 30) & (pair.change == 0))
        changed += np.count_nonzero(pair.change == 1)
    assert repainted > changed


def test_decoys_have_sides_in_metres():
    for seed in range(30):
        decoy = hyscdg_holes._decoy(stream(seed, 0, "decoy"), SCENE)
        height, width = (np.count_nonzero(decoy.any(axis=axis)) for axis in (1, 0))
        assert min(height, width) >= 14.0 / 0.5 and max(height, width) <= 60.0 / 0.5 + 1
        assert np.count_nonzero(decoy) == height * width
