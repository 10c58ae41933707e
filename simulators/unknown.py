"""Pixels that nobody can vouch for, taken out of a scene: nothing stands, is built or counts there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.scene import Footprint, Scene, SceneObject

Mask = NDArray[np.bool_]

# Of an object that has lost more, nobody can say what is left of it.
LEAST_LEFT = 0.5


def with_unknown(scene: Scene, unknown: Mask, void: Mask) -> Scene:
    """Return the scene with more pixels that say nothing. No input array is changed.

    They become ignore in the surface, and in the label map where its scheme has a class for that. An object
    that loses pixels keeps its id and what is left of it, but its outline is a guess from then on: it is
    neither lent nor taken down. One that loses half is gone, and its pixels say nothing either.

    Args:
        scene: as prepared.
        unknown: (H, W) pixels to take out.
        void: (H, W) pixels without data at any date; they are taken out too.
    """
    unknown = unknown | void
    objects: dict[int, SceneObject] = {}
    for object_id in sorted(scene.objects):
        entry = scene.objects[object_id]
        window, mask = entry.footprint.window, entry.footprint.mask
        left = mask & ~unknown[window]
        pixels = int(np.count_nonzero(left))
        if pixels == entry.footprint.pixels:
            objects[object_id] = entry
        elif pixels > LEAST_LEFT * entry.footprint.pixels:
            kept = Footprint(entry.footprint.row, entry.footprint.col, left)
            objects[object_id] = replace(entry, footprint=kept, whole=False, certain=False)
        else:
            unknown[window] |= mask
    labels, ignore = scene.labels, scene.schema.ignore
    return replace(
        scene,
        surface=np.where(unknown, hub.IGNORE, scene.surface).astype(np.uint8),
        instances=np.where(unknown, 0, scene.instances).astype(np.int32),
        labels=labels if ignore is None else np.where(unknown, np.uint8(ignore), labels),
        objects=objects,
        void=void if void.any() else None,
    )
