"""What is kept of SyntheWorld's rules holds on procedural places: buildings alone change, both dates made."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.pair import LabelledPair
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.evaluation.rivals import syntheworld_like
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources.worlds import world_source

SETTINGS = ("world={styles: [suburb], gsd_m: 1.0}", "window_px=128")


@pytest.fixture(scope="module")
def place() -> Scene:
    """Return a procedural place as a shelf serves it."""
    return SceneShelf([world_source(load_recipe("world", list(SETTINGS)).world_options(4, 2))])[0]


@pytest.fixture(scope="module")
def pairs(place: Scene) -> list[LabelledPair]:
    """Return pairs of one place."""
    return [
        syntheworld_like.make(stream(seed, 0, "made"), place, lambda rng: pytest.fail("nothing is borrowed"))
        for seed in range(6)
    ]


def test_whole_buildings_stand_at_one_date_only(place, pairs):
    came = went = 0
    for pair in pairs:
        masks = [pair.schema.to_hub(each)[1] == hub.BUILDING for each in (pair.labels_t1, pair.labels_t2)]
        for number in np.unique(place.instances[pair.change == 1]):
            own = place.instances == number
            assert number > 0 and (pair.change[own] == 1).all()
            came += bool(masks[1][own].all() and not masks[0][own].any())
            went += bool(masks[0][own].all() and not masks[1][own].any())
    assert came > 0 and went > 0


def test_half_of_the_buildings_change_at_most_in_the_mean(place, pairs):
    buildings = sum(entry.object_class == hub.BUILDING for entry in place.objects.values())
    changed = [np.unique(place.instances[pair.change == 1]).size for pair in pairs]
    # Shares even in 0-0.5: six means beyond 0.45 have a chance below 1e-6.
    assert 0 < np.mean(changed) / buildings < 0.45


def test_both_dates_are_rendered_under_suns_of_their_own(place, pairs):
    for pair in pairs:
        assert not np.array_equal(pair.t1, place.image) and not np.array_equal(pair.t2, place.image)
        same = pair.change == 0
        assert (pair.t1 != pair.t2).any(axis=0)[same].mean() > 0.2


def test_ground_that_stays_differs_by_light_alone(place, pairs):
    for pair in pairs:
        far = ~ndimage.binary_dilation((place.instances > 0) | (place.surface == hub.TREE), iterations=12)
        if not far.any():
            continue
        ratio = pair.t2[:, far].astype(float) / np.maximum(pair.t1[:, far], 1)
        assert np.median(np.abs(ratio - np.median(ratio))) < 0.1
