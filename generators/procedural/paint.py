"""Painting a state: renderings of before and after, laid over the picture where they differ."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Scene, object_class_map
from diachron.generators.procedural.assumed import USUAL_SUN, levels_of, model_of, state_of, sun_of
from diachron.generators.procedural.changes import (
    changed_pixels,
    differs,
    highest_m,
    stirred_pixels,
    windows,
)
from diachron.generators.procedural.picture import reflected
from diachron.generators.procedural.state import Box, PlaceState, state_in
from diachron.generators.procedural.tone import GAMMA, to_scale

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]


def repaint(request: RenderRequest) -> Painted:
    """Return the target's picture, equal to the scene's where nothing that is seen has changed."""
    scene, origin = request.scene, request.origin
    image = scene.image.copy()
    edit = np.zeros(scene.grid.shape, bool)
    changed = changed_pixels(request)
    looked_at = changed | stirred_pixels(request)
    if not looked_at.any():
        return Painted(image, edit)
    model, sun = model_of(origin), sun_of(origin)
    before = state_of(scene)
    # What the log tells is of painted dates: the real picture shows what the model says.
    told = EventLog() if scene is origin else request.log
    tallest = max(highest_m(model, before), highest_m(model, request.target))
    effects: Counter[str] = Counter()
    footprints = np.zeros_like(edit)
    for event in request.log:
        footprints[event.footprint.window] |= event.footprint.mask
    for box in windows(looked_at, tallest, sun, scene.grid.gsd_m):
        states = state_in(model, before, told, box), state_in(model, request.target, request.log, box)
        pictures = [
            reflected(state, scene.bands, sun or USUAL_SUN, shadows=sun is not None) for state in states
        ]
        touched = (differs(*pictures) | changed[box]) & _may_change(scene, changed, box)
        values = _values(request, box, changed[box], pictures)
        image[:, box[0], box[1]][:, touched] = values[:, touched]
        edit[box] |= touched
        beyond = touched & ~footprints[box]
        earth = beyond & _earth(states[1])
        darker = (pictures[1] < pictures[0]).any(axis=0)
        for name, mask in (
            ("earth", earth),
            ("shadow", beyond & darker & ~earth),
            ("light", beyond & ~darker & ~earth),
        ):
            if mask.any():
                effects[name] += int(np.count_nonzero(mask))
    return Painted(image, edit, dict(sorted(effects.items())))


def _earth(state: PlaceState) -> Mask:
    """Return (h, w) pixels of the picture onto which earth was carried."""
    k = state.oversampling
    if state.earth is None:
        return np.zeros((state.frame.shape[0] // k, state.frame.shape[1] // k), bool)
    found: Mask = state.earth[k // 2 :: k, k // 2 :: k] > 0.0
    return found


def _may_change(scene: Scene, changed: Mask, box: Box) -> Mask:
    """Return (h, w) pixels that may be touched: not ignored, and of a real picture no standing object's."""
    allowed = ~scene.ignored[box]
    if scene.void is not None:
        allowed &= ~scene.void[box]
    if scene.model is None:
        # Heights are unknown there: nobody can tell where a shadow climbs a wall.
        classes = object_class_map(scene.instances[box], scene.objects)
        allowed &= changed[box] | (classes == 0) | np.isin(classes, list(hub.NETWORKS))
    return allowed


def _values(request: RenderRequest, box: Box, changed: Mask, pictures: list[Picture]) -> NDArray[np.generic]:
    """Return (C, h, w) in the scene's dtype: the new rendering, in the levels of the scene's own picture."""
    scene = request.scene
    dtype = scene.image.dtype
    rendered = to_scale(pictures[1], scene.bands, dtype, scene.full_scale)
    if scene.model is not None:
        return _with_data(scene, rendered)
    levels = levels_of(request.origin)
    roofed = request.target.instances[box] > 0
    matched = rendered.astype(np.float32) * np.where(roofed, levels.roofs, levels.ground)
    matched = np.clip(matched, levels.low, levels.high)
    # New shadows fall on the picture's own ground; where light comes back the rendering stands in.
    share = pictures[1] / np.maximum(pictures[0], 1e-4)
    if dtype == np.uint8:
        share = share ** np.float32(1.0 / GAMMA)
    own = scene.image[:, box[0], box[1]].astype(np.float32) * share
    darkened = ~changed & (share <= 1.0).all(axis=0)
    values = np.where(darkened, own, matched)
    if np.issubdtype(dtype, np.integer):
        values = np.clip(np.rint(values), 0, scene.full_scale)
    return _with_data(scene, values.astype(dtype))


def _with_data(scene: Scene, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return values none of which says that a pixel has no data."""
    if scene.nodata is not None:
        step = 1 if scene.nodata < scene.full_scale / 2 else -1
        hole = (values == scene.nodata).all(axis=0)
        values[:, hole] = np.asarray(scene.nodata + step).astype(values.dtype)
    return values
