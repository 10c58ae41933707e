"""A real picture as if it were a procedural place: a model from its layers, and its own levels of light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.place import COVER_IDS, PlaceModel
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene, object_class_map
from diachron.generators.procedural.light import Sunlight
from diachron.generators.procedural.new_ground import NEW_COVER
from diachron.generators.procedural.picture import reflected
from diachron.generators.procedural.state import state_in
from diachron.generators.procedural.tone import to_scale

# `Sun.shadow_length_m` is the length for an ordinary house of this height.
HOUSE_HEIGHT_M = 5.0
# Where no shadows were found, slopes of roofs are shaded as under this sun, and nothing casts a shadow.
USUAL_SUN = Sunlight(150.0, 45.0)
# The middle of a picture, so many pixels wide, tells its levels.
SAMPLE_PX = 192
# Neither colour nor level of a real picture differs by more than this factor from the rendering's.
MOST_GAIN = 12.0

# Quantiles between which a painted pixel stays.
RANGE = (0.005, 0.995)


@dataclass(frozen=True, eq=False)
class Levels:
    """How bright a real picture is beside its rendering, (C, 1, 1) float32 each, in the picture's scale.

    Args:
        ground, roofs: factors from the rendering to the picture.
        low, high: nearly the darkest and the brightest of the picture.
    """

    ground: NDArray[np.float32]
    roofs: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


_MODELS: WeakKeyDictionary[Scene, PlaceModel] = WeakKeyDictionary()
_LEVELS: WeakKeyDictionary[Scene, Levels] = WeakKeyDictionary()


def sun_of(scene: Scene) -> Sunlight | None:
    """Return where the sun of a scene stands, read back from its shadows; None where it has none."""
    sun = scene.sun
    if sun is None:
        return None
    azimuth = math.degrees(math.atan2(-sun.shadow_col, sun.shadow_row)) % 360.0
    elevation = math.degrees(math.atan2(HOUSE_HEIGHT_M, max(sun.shadow_length_m, 1e-6)))
    return Sunlight(round(azimuth, 2), round(elevation, 2))


def state_of(scene: Scene) -> Snapshot:
    """Return what stands in a scene's own picture."""
    return Snapshot(scene.time_years or 0.0, scene.surface, scene.instances, scene.objects)


def model_of(scene: Scene) -> PlaceModel:
    """Return a scene's model, or one that is assumed from its surface and objects; kept by scene."""
    if scene.model is not None:
        return scene.model
    if scene not in _MODELS:
        _MODELS[scene] = _assumed(scene)
    return _MODELS[scene]


def _assumed(scene: Scene) -> PlaceModel:
    """Return a model of one garden without trees, at twice the scene's resolution."""
    cover = NEW_COVER[scene.surface]
    classes = object_class_map(scene.instances, scene.objects)
    cover[classes == hub.ROAD] = COVER_IDS["asphalt"]
    cover[classes == hub.RAIL] = COVER_IDS["ballast"]

    def fine(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.repeat(np.repeat(values, 2, axis=0), 2, axis=1)

    shape = (2 * cover.shape[0], 2 * cover.shape[1])
    nothing = np.full(shape, np.nan, np.float32)
    return PlaceModel(
        oversampling=2,
        cover=fine(cover).astype(np.uint8),
        direction_deg=nothing,
        patch=np.ones(shape, np.int32),
        lane_m=nothing,
        road_width_m=nothing,
        instances=fine(scene.instances).astype(np.int32),
        ground_m=np.zeros(shape, np.float32),
        crowns=(),
        roofs={},
        style="real",
        seed=0,
        origin_m=(0.0, 0.0),
        gsd_m=scene.grid.gsd_m,
    )


def levels_of(scene: Scene) -> Levels:
    """Return the levels of a real picture; kept by scene."""
    if scene not in _LEVELS:
        _LEVELS[scene] = _measured(scene)
    return _LEVELS[scene]


def _measured(scene: Scene) -> Levels:
    """Compare medians of ground and roofs in the middle of the picture, in the picture's own scale."""
    rows, cols = scene.grid.shape
    box = (
        slice(max(0, (rows - SAMPLE_PX) // 2), min(rows, (rows + SAMPLE_PX) // 2)),
        slice(max(0, (cols - SAMPLE_PX) // 2), min(cols, (cols + SAMPLE_PX) // 2)),
    )
    state = state_in(model_of(scene), state_of(scene), EventLog(), box)
    sun = sun_of(scene)
    made = reflected(state, scene.bands, sun or USUAL_SUN, shadows=sun is not None)
    rendered = to_scale(made, scene.bands, scene.image.dtype, scene.full_scale).astype(np.float32)
    real = scene.image[:, box[0], box[1]].astype(np.float32)
    known = ~scene.ignored[box]
    if scene.void is not None:
        known &= ~scene.void[box]
    standing = scene.instances[box] > 0
    every = np.ones(len(scene.bands), np.float32)
    ground = _ratio(real, rendered, known & ~standing, every)
    roofs = _ratio(real, rendered, known & standing, ground)
    kept = scene.image[:, ~scene.ignored] if not scene.ignored.all() else scene.image.reshape(len(every), -1)
    low, high = np.quantile(kept.astype(np.float64), RANGE, axis=1).astype(np.float32)
    return Levels(*(part[:, None, None] for part in (ground, roofs, low, high)))


def _ratio(
    real: NDArray[np.float32],
    rendered: NDArray[np.float32],
    mask: NDArray[np.bool_],
    other: NDArray[np.float32],
) -> NDArray[np.float32]:
    if np.count_nonzero(mask) < 16:
        return other
    above, below = np.median(real[:, mask], axis=1), np.median(rendered[:, mask], axis=1)
    return np.clip(above / np.maximum(below, 1e-6), 1.0 / MOST_GAIN, MOST_GAIN).astype(np.float32)
