"""Pictures from surface, objects and heights alone: textures, roofs, crowns, sun and sky; needs no pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from diachron.core.place import SEASONS
from diachron.core.sample import Painted, RenderRequest
from diachron.generators.procedural.paint import repaint
from diachron.generators.procedural.picture import picture_of

__all__ = ["NEEDS_DONORS", "REGISTERED", "SEASONS", "draw", "paint", "picture_of"]

REGISTERED = True
# A new building takes form and material from its donor where that has a roof model; no pixels are copied.
NEEDS_DONORS = False


def draw(rng: np.random.Generator, request: RenderRequest) -> dict[str, object]:
    """Return the random part of a painting: nothing, as everything hangs on the place's seed and on ids.

    An object looks the same at every date of a series, and a place the same in every sample.
    """
    del rng, request
    return {}


def paint(request: RenderRequest, params: Mapping[str, object]) -> Painted:
    """Return the scene's picture in the target state.

    Both states are rendered in windows around what changed; where they differ, the picture shows the new
    one. On a date that was painted before, that is what changed since: all else stays as it was left.
    `edit` is what changed on the maps and every pixel whose light changed: shadows, crowns, walls. On a
    scene without a model (a real one) a plain model is assumed from its maps, changed ground takes the
    picture's own levels, and new shadows darken its own pixels.

    Args:
        request: scene, target state and log.
        params: from `draw`.
    """
    del params
    return repaint(request)
