"""The one way in which label maps are shown to a network: a map of hub ids.

Every label scheme maps to the hub, so a network that reads this map reads all schemes. An object hides the
ground that it stands on. What is not known is 0, and a network has a code for that, too; it also stands for a
label map that is left out, for guidance.

| value | means |
|---|---|
| 0 | not known |
| 1-9 | bare, grass, shrub, tree, crop, developed, water, wetland, snow |
| 11-16 | building, road, sports, pool, greenhouse, rail |

A network turns the ids into a few numbers of its own (an embedding). Colours chosen by hand would say that
classes are alike because their colours are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.scene import SceneObject, object_class_map

# Ids with their gap: 10 is nobody's.
VALUES = max(hub.NAMES) + 1


def hub_map(
    surface: NDArray[np.uint8], instances: NDArray[np.int32], objects: Mapping[int, SceneObject]
) -> NDArray[np.uint8]:
    """Return the (H, W) uint8 hub id that is seen at each pixel.

    Args:
        surface: (H, W) hub ids of the ground.
        instances: (H, W) object ids, 0 where none stands.
        objects: id -> object.
    """
    standing = object_class_map(instances, objects)
    return np.where(standing > 0, standing, surface).astype(np.uint8)
