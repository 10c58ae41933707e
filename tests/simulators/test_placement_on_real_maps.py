"""On real maps too, new objects touch nothing and stand on open ground."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import object_class_map
from diachron.pipelines.sources import SourceOptions, discover
from diachron.simulators.preparation import prepare
from tests.worlds import YEARS, played

EIGHT = np.ones((3, 3), bool)


@pytest.fixture(scope="module")
def real_data() -> Path:
    folder = os.environ.get("DIACHRON_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    return Path(folder)


@pytest.mark.parametrize(
    ("name", "options", "tiles", "side_px", "gap_m"),
    [
        ("dubai_mbrsc", {"schema": "mbrsc", "gsd_m": 1.0}, 3, 512, 2.0),
        ("dubai_mbrsc", {"schema": "mbrsc", "gsd_m": 1.0}, 2, 512, 0.5),
        ("oam_banepa", {}, 1, 512, 2.0),
        ("building_cities", {}, 5, 384, 2.0),
    ],
)
def test_no_new_object_touches_anything(real_data, name, options, tiles, side_px, gap_m):
    source = discover(SourceOptions(source=str(real_data / name), **options))
    units = source.units(side_px)
    scenes = [prepare(source.read(units[k * len(units) // tiles])) for k in range(tiles)]
    placed = 0
    faults: list[str] = []
    for number, scene in enumerate(scenes):
        classes = object_class_map(scene.instances, scene.objects)
        closed = (scene.instances > 0) | np.isin(scene.surface, (hub.WATER, hub.IGNORE))
        assert set(np.unique(classes[scene.instances > 0])) <= set(hub.OBJECTS)
        for seed, anchor in enumerate((0.0, YEARS, 2.0)):
            play = played(
                scene, seed=seed, anchor=anchor, incidents=12.0, lenders=[scenes[number - 1]], gap_m=gap_m
            )
            taken = np.zeros(scene.grid.shape, bool)
            # Ground events put up nothing, and roads are made to meet roads.
            new = {
                e.object_id: e
                for e in play.log
                if e.new_object is not None
                and e.object_id not in scene.objects
                and e.new_object.object_class not in hub.NETWORKS
            }
            for event in new.values():
                mask = np.zeros(scene.grid.shape, bool)
                mask[event.footprint.window][event.footprint.mask] = True
                grown = ndimage.binary_dilation(mask, EIGHT)
                if (grown & (closed | taken)).any():
                    faults.append(f"{scene.source} seed {seed}: object {event.object_id}")
                taken |= mask
            placed += len(new)
    assert faults == []
    # A check of nothing would pass: open ground is rare in these towns, but there is some.
    assert placed >= 3
