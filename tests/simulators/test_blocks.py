"""Blocks of standing buildings: compact, bounded, whole, and never claimed twice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.scene import Footprint
from diachron.simulators.blocks import Block, Outline, between, choose_block, draw_outline, union
from diachron.simulators.preparation import prepare
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene

SCENE = prepare(raw_scene(World(rows=96, cols=96, seed=4)))
TERRAIN = survey(SCENE)
HUGE = Outline(area_m2=1e6, elongation=1.0, angle_rad=0.0, max_gap_m=14.0)


def chosen(site: Site, seed: int, outline: Outline, least: int = 2) -> Block | None:
    rng = np.random.default_rng(seed)
    return choose_block(rng, site, outline, least_buildings=least, max_area_m2=5000.0)


def on_grid(footprint: Footprint) -> np.ndarray:
    mask = np.zeros(SCENE.grid.shape, bool)
    mask[footprint.window] |= footprint.mask
    return mask


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(300, 8000), st.floats(1, 3), st.floats(0, math.pi), st.floats(2, 20))
def test_a_block_is_one_piece_of_whole_buildings_and_open_ground(seed, area_m2, elongation, angle, gap_m):
    block = chosen(Site(SCENE, TERRAIN), seed, Outline(area_m2, elongation, angle, gap_m))
    if block is None:
        return
    ground = on_grid(block.ground)
    assert not SCENE.instances[ground].any()
    assert not np.isin(SCENE.surface[ground], (hub.IGNORE, hub.WATER)).any()
    for entry in block.buildings:
        assert entry.object_class == hub.BUILDING
        np.testing.assert_array_equal(
            on_grid(entry.footprint)[SCENE.instances == entry.id], [True] * entry.footprint.pixels
        )
    whole = on_grid(block.whole)
    assert np.count_nonzero(whole) == np.count_nonzero(ground) + sum(
        e.footprint.pixels for e in block.buildings
    )


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_blocks_of_one_sample_are_disjoint(seed):
    site = Site(SCENE, TERRAIN)
    outline = Outline(900.0, 1.0, 0.0, 6.0)
    blocks = [chosen(site, seed + k, outline, least=1) for k in range(12)]
    found = [on_grid(block.whole) for block in blocks if block is not None]
    assert len(found) > 1
    assert np.sum(found, axis=0).max() == 1
    free = site.unclaimed()
    assert not free[np.logical_or.reduce(found)].any()
    # What nobody touched stays free.
    assert free.any()


def test_a_large_outline_takes_all_on_one_side_of_the_road():
    block = chosen(Site(SCENE, TERRAIN), 0, HUGE)
    assert block is not None
    rows = [entry.footprint.row for entry in block.buildings]
    road = np.flatnonzero((SCENE.instances[:, 0] > 0) & (SCENE.labels[:, 0] == SCENE.labels[48, 0]))
    assert max(rows) < road.min() or min(rows) > road.max()


def test_too_few_buildings_are_no_block_and_nothing_is_claimed():
    site = Site(SCENE, TERRAIN)
    assert chosen(site, 0, Outline(50.0, 1.0, 0.0, 0.0), least=3) is None
    assert site.unclaimed().all()


def test_gaps_are_closed_and_wider_ones_are_not():
    mask = np.zeros((40, 60), bool)
    mask[10:20, 5:15] = mask[10:20, 21:31] = mask[10:20, 45:55] = True
    closed = between(mask, 8.0, 0.0)
    # 6 px between the first two, 14 to the third.
    assert closed[12:18, 15:21].all()
    assert not closed[12:18, 37:40].any()
    assert np.count_nonzero(closed) < 380
    margin = between(mask, 0.0, 3.0)
    assert margin[15, 2]
    assert not margin[15, 1]


def test_an_outline_has_the_area_and_the_direction_that_it_says():
    outline = Outline(area_m2=math.pi * 200.0, elongation=2.0, angle_rad=math.pi / 2, max_gap_m=0.0)
    assert outline.axes_m == pytest.approx((20.0, 10.0))
    # The long axis points down the rows.
    assert outline.holds(19.9, 0.0)
    assert not outline.holds(0.0, 10.1)


def test_drawn_outlines_keep_to_their_ranges():
    rng = np.random.default_rng(0)
    outlines = [draw_outline(rng, (100.0, 200.0), (1.0, 2.0), 7.0) for _ in range(50)]
    assert all(100 <= o.area_m2 <= 200 and 1 <= o.elongation <= 2 for o in outlines)
    assert len({o.angle_rad for o in outlines}) == 50


def test_a_union_holds_all_pixels():
    a, b = Footprint(2, 3, np.ones((2, 2), bool)), Footprint(5, 1, np.ones((1, 4), bool))
    both = union((a, b))
    assert (both.row, both.col, both.mask.shape, both.pixels) == (2, 1, (4, 4), 8)
