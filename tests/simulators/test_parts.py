"""Parts of objects: a snapshot adds and takes them, and undoes both."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.scene import Footprint
from diachron.simulators.parts import joined, network_piece, without
from diachron.simulators.preparation import prepare
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import snapshot
from tests.worlds import World, raw_scene, seeds


def grid_of(footprint: Footprint) -> np.ndarray:
    grid = np.zeros((40, 40), bool)
    grid[footprint.window] |= footprint.mask
    return grid


def some_footprint(rng: np.random.Generator) -> Footprint:
    mask = rng.random(tuple(rng.integers(3, 12, 2))) < 0.6
    mask[rng.integers(mask.shape[0])] = True
    return Footprint(int(rng.integers(0, 28)), int(rng.integers(0, 28)), mask)


@given(seeds(), st.booleans())
def test_joined_and_without_are_the_union_and_the_difference(seed, apart):
    rng = np.random.default_rng(seed)
    one, other = some_footprint(rng), some_footprint(rng)
    np.testing.assert_array_equal(grid_of(joined(one, other)), grid_of(one) | grid_of(other))
    rest = without(one, other)
    expected = grid_of(one) & ~grid_of(other)
    np.testing.assert_array_equal(np.zeros((40, 40), bool) if rest is None else grid_of(rest), expected)
    assert without(one, one) is None


def test_a_part_that_comes_and_one_that_goes_are_undone():
    scene = prepare(raw_scene(World(rows=80, cols=80, seed=5, scheme="hub", water=False, ignored=False)))
    number = next(n for n, e in scene.objects.items() if e.object_class == hub.BUILDING)
    own = scene.objects[number].footprint
    wing = Footprint(own.window[0].stop, own.col, np.ones((2, own.mask.shape[1]), bool))
    end = Footprint(own.row, own.col, np.ones((2, own.mask.shape[1]), bool))
    stands, ground = Cover(number, None), Cover(0, hub.GRASS)

    def event(event_id: int, before: Cover, after: Cover, part: Footprint) -> ChangeEvent:
        return ChangeEvent(
            event_id, "extension", "extension", "x", float(event_id), number, before, after, part,
            float(part.pixels),
        )  # fmt: skip

    log = EventLog((event(1, ground, stands, wing), event(2, stands, ground, end)))
    with_wing = own.pixels + wing.pixels
    for last, pixels in ((1.5, with_wing), (3.0, with_wing - end.pixels)):
        state = snapshot(scene, log, time_years=last, anchor_years=0.0)
        assert state.objects[number].footprint.pixels == pixels
        assert np.count_nonzero(state.instances == number) == pixels
    back = snapshot(scene, EventLog((event(1, stands, ground, end),)), time_years=0.0, anchor_years=2.0)
    assert back.objects[number].footprint.pixels == own.pixels


def test_a_stretch_of_road_takes_its_whole_width_and_never_most_of_it():
    scene = prepare(raw_scene(World(rows=90, cols=90, seed=2, scheme="hub")))
    site = Site(scene, survey(scene))
    free = site.unclaimed()
    piece = network_piece(site, free, 45, 40, 20.0)
    assert np.array_equal(np.flatnonzero(piece.mask[:, piece.mask.shape[1] // 2]), np.arange(5))
    assert 15 <= piece.mask.shape[1] <= 21
    assert network_piece(site, free, 45, 40, 80.0) is None
