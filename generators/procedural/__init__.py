"""Pictures from surface, objects and heights alone: textures, roofs, crowns, sun and sky; needs no pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import RenderError
from diachron.core.events import EventLog
from diachron.core.place import SEASONS
from diachron.core.sample import Painted, RenderRequest, Snapshot
from diachron.core.scene import Scene
from diachron.generators.procedural.paint import repaint
from diachron.generators.procedural.picture import picture_of

__all__ = ["NEEDS_DONORS", "REGISTERED", "SEASONS", "draw", "paint", "picture_of", "relit"]

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


def relit(
    scene: Scene, state: Snapshot, log: EventLog, sun_azimuth_deg: float, sun_elevation_deg: float
) -> NDArray[np.generic]:
    """Return the whole (C, H, W) picture of a state of a made-up place under another sun.

    Args:
        scene: with its model.
        state: what stands.
        log: events that led to it from the scene's own picture; none for that itself.
        sun_azimuth_deg: clockwise from north.
        sun_elevation_deg: in (0, 90].

    Raises:
        RenderError: a real scene, or no sun.
    """
    if scene.model is None:
        raise RenderError(f"{scene.source}: how a real place looks under another sun is not known")
    return picture_of(
        scene.model,
        state,
        sun_azimuth_deg=sun_azimuth_deg,
        sun_elevation_deg=sun_elevation_deg,
        bands=scene.bands,
        dtype=scene.image.dtype,
        full_scale=scene.full_scale,
        log=log,
    )
