"""What a network sees: pixels of any sensor, and any label scheme as hub ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core import hub
from diachron.generators.models.hub_map import VALUES, hub_map
from diachron.generators.models.pixels import LIMIT, colour_bands, from_network, to_network
from diachron.simulators.preparation import prepare
from tests.worlds import SCHEMES, World, raw_scene


@given(full_scale=st.sampled_from((255.0, 2047.0, 10000.0)), seed=st.integers(0, 2**20))
def test_integers_come_back_as_they_were(full_scale, seed) -> None:
    values = np.random.default_rng(seed).integers(0, int(full_scale) + 1, (3, 8, 8)).astype(np.uint16)
    back = np.rint(from_network(to_network(values, full_scale), full_scale)).astype(np.uint16)
    np.testing.assert_array_equal(back, values)


def test_what_is_no_number_stays_in_range() -> None:
    seen = to_network(np.array([np.nan, np.inf, -np.inf, 0.4], np.float32), 1.0)
    np.testing.assert_allclose(seen, [0.0, LIMIT, -LIMIT, 0.0], atol=1e-6)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("blue", "green", "red", "nir"), (2, 1, 0)),
        (("band1", "band2", "band3", "band4"), (0, 1, 2)),
        (("red", "nir"), (0, 1, 1)),
        (("grey",), (0, 0, 0)),
    ],
)
def test_colours_are_found_by_name(names, found) -> None:
    assert colour_bands(names) == found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_is_shown_as_hub_ids(scheme) -> None:
    scene = prepare(raw_scene(World(rows=64, cols=64, scheme=scheme, many=True)))
    shown = hub_map(scene.surface, scene.instances, scene.objects)
    assert set(np.unique(shown)) <= set(hub.NAMES)
    assert shown.max() < VALUES
    buildings = [entry for entry in scene.objects.values() if entry.object_class == hub.BUILDING]
    assert buildings
    for entry in buildings:
        assert (shown[entry.footprint.window][entry.footprint.mask] == hub.BUILDING).all()
    bare = scene.instances == 0
    np.testing.assert_array_equal(shown[bare], scene.surface[bare])
