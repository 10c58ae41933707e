"""The contract of every registered policy, on fake places of every sensor and scheme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.registry import entries, load
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.evaluation.rivals.edits import buildings_in
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene, seeds, worlds

EXAMPLES = settings(max_examples=5, phases=(Phase.explicit, Phase.reuse, Phase.generate))
every_policy = pytest.mark.parametrize("name", sorted(entries("rivals")))
# Seeds of a place that together are sure to hold a change: no policy changes every pair.
TRIES = 6


def scenes(world: World) -> tuple[Scene, Scene]:
    """Return a place of three bands at most, as a shelf serves them, and another one to lend."""
    bands = world.bands if world.bands <= 3 else 3
    here = World(**{**world.__dict__, "bands": bands})
    there = World(**{**here.__dict__, "seed": world.seed + 1})
    return prepare(raw_scene(here)), prepare(raw_scene(there))


def made(name: str, scene: Scene, other: Scene, seed: int = 0) -> LabelledPair:
    return load("rivals", name).make(stream(seed, 0, name), scene, lambda rng: other)


@every_policy
@EXAMPLES
@given(world=worlds(), seed=seeds())
def test_a_pair_keeps_the_form_of_its_scene(name, world, seed):
    scene, other = scenes(world)
    before = scene.image.tobytes(), scene.labels.tobytes(), other.image.tobytes()
    pair = made(name, scene, other, seed)
    for date in (pair.t1, pair.t2):
        assert date.shape == scene.image.shape and date.dtype == scene.image.dtype
        if date.dtype.kind == "u":
            assert int(date.max()) <= scene.full_scale
        assert np.isfinite(date.astype(np.float64)).all()
    assert pair.change.shape == scene.grid.shape and pair.change.dtype == np.uint8
    assert set(np.unique(pair.change)) <= {0, 1, UNKNOWN}
    assert (pair.full_scale, pair.gsd_m, pair.bands) == (scene.full_scale, scene.grid.gsd_m, scene.bands)
    assert (scene.image.tobytes(), scene.labels.tobytes(), other.image.tobytes()) == before


@every_policy
@EXAMPLES
@given(world=worlds(), seed=seeds())
def test_change_is_the_difference_of_the_building_masks(name, world, seed):
    scene, other = scenes(world)
    pair = made(name, scene, other, seed)
    assert pair.labels_t1 is not None and pair.labels_t2 is not None and pair.schema == scene.schema
    before, after = (buildings_in(scene, labels) for labels in (pair.labels_t1, pair.labels_t2))
    known = pair.change != UNKNOWN
    np.testing.assert_array_equal((pair.change == 1)[known], (before ^ after)[known])
    assert (pair.change[scene.ignored] == UNKNOWN).all()
    if name != "changestar_pairs":
        np.testing.assert_array_equal(known, ~scene.ignored)


@every_policy
@pytest.mark.parametrize(("dtype", "bands"), [("uint8", 3), ("uint16", 2), ("float32", 1)])
def test_places_with_buildings_change_and_the_change_shows(name, dtype, bands):
    scene, other = scenes(World(rows=72, cols=72, dtype=dtype, bands=bands, seed=3))
    assert buildings_in(scene, scene.labels).any()
    pairs = [made(name, scene, other, seed) for seed in range(TRIES)]
    assert any((pair.change == 1).any() for pair in pairs)
    for pair in pairs:
        changed = pair.change == 1
        differs = (pair.t1 != pair.t2).any(axis=0)
        # A pixel may happen to have the same value at both dates, a whole building may not.
        assert np.count_nonzero(differs & changed) >= 0.9 * np.count_nonzero(changed)


@every_policy
@given(seed=st.integers(0, 2**20))
@EXAMPLES
def test_the_same_stream_gives_the_same_pair(name, seed):
    scene, other = scenes(World(seed=5))
    first, second = made(name, scene, other, seed), made(name, scene, other, seed)
    np.testing.assert_array_equal(first.t1, second.t1)
    np.testing.assert_array_equal(first.t2, second.t2)
    np.testing.assert_array_equal(first.change, second.change)


@every_policy
def test_places_without_buildings_make_pairs_too(name):
    bare = World(seed=2)
    raw = raw_scene(bare)
    ground = raw.schema.draw(*no_buildings(raw))
    empty = prepare(type(raw)(**{**raw.__dict__, "labels": ground}))
    assert not buildings_in(empty, empty.labels).any()
    for seed in range(4):
        pair = made(name, empty, prepare(raw_scene(World(seed=7))), seed)
        assert pair.shape == empty.grid.shape


def no_buildings(raw):
    """Return surface and objects of a fake place with grass where its buildings stand."""
    surface, objects = raw.schema.to_hub(raw.labels)
    built = objects == hub.BUILDING
    return np.where(built, hub.GRASS, surface).astype(np.uint8), np.where(built, 0, objects).astype(np.uint8)
