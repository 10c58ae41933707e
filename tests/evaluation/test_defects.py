"""The counts find planted defects, and none in this package's own simulator."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from diachron.evaluation.contestants import Diachron, Houses
from diachron.evaluation.defects import Trials, count_defects
from diachron.evaluation.testmaps import BUILDING, GAP_PX, ROAD, WATER, parcels, terraces, town

TRIALS = Trials(houses=40, steps=6, additions=40)


@pytest.fixture(scope="module")
def towns():
    return [town(seed, side_px=512, houses=40) for seed in (0, 1)]


def counts_of(contestant, towns):
    return count_defects(contestant, towns, terraces(side_px=256), parcels(8, side_px=128), TRIALS)


@pytest.fixture(scope="module")
def own(towns):
    return counts_of(Diachron(), towns)


def test_this_package_has_none_of_the_defects(own):
    assert {name: count.found for name, count in own.items() if count.found} == {}


def test_every_defect_was_looked_for(own):
    assert all(count.of > 0 for count in own.values())
    # Recorded refusals for want of room are no defect, but most houses must have come to be looked at.
    assert own["houses_on_road"].of >= 0.8 * TRIALS.houses
    assert own["additions_on_ground_just_cleared"].of >= TRIALS.additions


class Careless:
    """Drops square houses anywhere, takes whole blobs, forgets numbers, and counts on nobody's seed."""

    name = "careless"

    def __init__(self):
        self.stream = np.random.default_rng(0)

    def add(self, place, count, seed):
        after = (place.houses > 0).astype(np.int32)
        if place.houses.any():
            for _ in range(count):
                row, col = self.stream.integers(0, after.shape[0] - 24, 2)
                after[row : row + 24, col : col + 24] = 1
        return Houses(place.houses, after)

    def remove(self, place, count, seed):
        blobs, number = ndimage.label((place.houses > 0) | (place.labels == 0))
        gone = self.stream.permutation(number)[:count] + 1
        before = np.where(place.labels == 0, 255, place.houses)
        return Houses(before, np.where(np.isin(blobs, gone), 0, before))

    def mix(self, place, count, seed):
        if count == 0:
            raise ValueError("no step without an event")
        went = self.remove(place, count, seed)
        vacated = (went.before > 0) & (went.after == 0)
        return went, Houses(went.after, np.where(vacated, 1, went.after))

    def evolve(self, place, seed, *, still=False):
        after = place.labels.copy()
        after[(after == ROAD) | (after == BUILDING) | (after == 0)] = WATER
        if still:
            after[:8, :8] = WATER
        return after

    def callers_stream(self):
        return repr(self.stream.bit_generator.state)


def test_a_careless_simulator_is_found_out_on_every_count(towns):
    counts = counts_of(Careless(), towns)
    assert [name for name, count in counts.items() if count.found == 0] == []


def test_houses_of_a_town_stand_apart():
    place = town(3, side_px=512, houses=40)
    assert place.houses.max() == 40
    for number, box in enumerate(ndimage.find_objects(place.houses), start=1):
        around = tuple(slice(max(0, s.start - GAP_PX), s.stop + GAP_PX) for s in box)
        assert set(np.unique(place.houses[around])) <= {0, number}


def test_terraces_are_told_apart_by_their_polygons_only():
    place = terraces(side_px=256)
    rows = ndimage.label(place.labels == BUILDING)[1]
    assert place.houses.max() == 9 * rows
    fused = Diachron().prepared(dataclasses.replace(place, name="fused", polygons=False))
    apart = Diachron().prepared(place)
    assert len(fused.scene.objects) == rows
    assert len(apart.scene.objects) == 9 * rows
