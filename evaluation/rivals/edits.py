"""A copy of a scene that a policy paints in, and the pair that comes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.scene import Scene

Mask = NDArray[np.bool_]


def buildings_in(scene: Scene, labels: NDArray[np.uint8]) -> Mask:
    """Return the (H, W) building pixels of a label map in the scene's scheme."""
    found: Mask = scene.schema.to_hub(labels)[1] == hub.BUILDING
    return found


class Edits:
    """Picture and label map of a scene at the other date; the scene itself stays.

    Args:
        scene: to copy.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.image = scene.image.copy()
        self.labels = scene.labels.copy()

    def build(self, pixels: Mask) -> None:
        """Write buildings into the label map."""
        self.labels[pixels] = self.scene.schema.draws[hub.BUILDING]

    def clear(self, pixels: Mask) -> None:
        """Write the ground that the scene is known or guessed to have there into the label map."""
        ground = self.scene.schema.draw(
            self.scene.surface[pixels], np.zeros(np.count_nonzero(pixels), np.uint8)
        )
        self.labels[pixels] = ground

    def pair(self, *, edited_first: bool) -> LabelledPair:
        """Return the scene and its edited copy; change is the difference of their building masks.

        Args:
            edited_first: the copy is the earlier date.
        """
        scene = self.scene
        changed = buildings_in(scene, scene.labels) != buildings_in(scene, self.labels)
        change = np.where(scene.ignored, UNKNOWN, changed).astype(np.uint8)
        dates = [(scene.image, scene.labels), (self.image, self.labels)]
        (t1, labels_t1), (t2, labels_t2) = reversed(dates) if edited_first else dates
        return LabelledPair(
            name=scene.source,
            t1=t1,
            t2=t2,
            full_scale=scene.full_scale,
            gsd_m=scene.grid.gsd_m,
            change=change,
            labels_t1=labels_t1,
            labels_t2=labels_t2,
            schema=scene.schema,
            bands=scene.bands,
        )
