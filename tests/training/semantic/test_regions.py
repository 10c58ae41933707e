"""Regions of crops: what is known stays, and ground that nobody named is cut where brightness changes."""

from __future__ import annotations

import numpy as np

from diachron.core.streams import stream
from diachron.generators.semantic.sketch import VOID, regions_of
from diachron.training.inpainting.places import Ground
from diachron.training.semantic.regions import FIRST, crop_regions


def crop(label: int) -> Ground:
    """Return a dark and a bright half, with an object and a stripe without data across both."""
    pixels = np.full((3, 32, 32), -1.5, np.float32)
    pixels[:, :, 16:] = 5.0
    pixels += stream(0, 0, "test").normal(0, 0.02, pixels.shape).astype(np.float32)
    instances, void = np.zeros((32, 32), np.int32), np.zeros((32, 32), bool)
    instances[4:8, 10:20] = 7
    void[20:22] = True
    return Ground(pixels, np.full((32, 32), label, np.uint8), instances, void, 0.5)


def test_ground_of_no_class_is_cut_at_edges_of_brightness() -> None:
    for seed in range(20):
        regions = crop_regions(stream(seed, 0, "test"), crop(0))
        assert (regions[4:8, 10:20] == 7).all()
        assert (regions[20:22] == VOID).all()
        ground = regions[24:, :]
        assert ground.min() >= FIRST
        assert not set(ground[:, :15].ravel()) & set(ground[:, 17:].ravel())


def test_a_map_that_names_the_ground_is_believed() -> None:
    known = crop(2)
    found = crop_regions(stream(0, 0, "test"), known)
    np.testing.assert_array_equal(found, regions_of(known.labels, known.instances, known.void))


def test_how_finely_is_drawn_anew() -> None:
    slope = crop(0)
    ramp = np.broadcast_to(np.linspace(-2, 4, 32, dtype=np.float32), (3, 32, 32))
    slope = Ground(ramp, slope.labels, slope.instances, slope.void, 0.5)
    counts = {len(np.unique(crop_regions(stream(seed, 0, "test"), slope))) for seed in range(12)}
    assert len(counts) > 3
