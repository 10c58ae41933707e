"""The roof of a building that the model does not know: its donor's, or one like those around."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from diachron.core.events import EventLog
from diachron.core.place import PlaceModel, Roof
from diachron.core.scene import SceneObject
from diachron.generators.procedural.noise import hashed

# Of a building whose height nobody states, and the least of eaves: a low storey.
USUAL_HEIGHT_M = 6.0
LOWEST_EAVES_M = 2.2
# Where the place has no other building to take after.
USUAL = (
    Roof("gable", 0.0, 30.0, USUAL_HEIGHT_M, "tile", 0),
    Roof("hip", 0.0, 27.0, USUAL_HEIGHT_M, "tile", 0),
    Roof("gable", 0.0, 25.0, USUAL_HEIGHT_M, "shingle", 0),
    Roof("flat", 0.0, 0.0, USUAL_HEIGHT_M, "concrete", 0),
)


def roof_of(model: PlaceModel, entry: SceneObject, log: EventLog) -> Roof:
    """Return the roof of a building that is not in the model, the same at every date.

    Form, pitch and material are those of its donor where that stands in this place, else those of a building
    of the place that a hash of its id points to; the ridge runs along the building.

    Args:
        model: of the place.
        entry: the building.
        log: its construction names the donor.
    """
    seed = int(hashed(model.seed, entry.id, 77)) & 0x7FFFFFFF
    like = _donor(model, entry, log)
    if like is None:
        known = [model.roofs[number] for number in sorted(model.roofs)] or USUAL
        like = known[seed % len(known)]
    height = USUAL_HEIGHT_M if entry.height_m is None else float(entry.height_m)
    along_deg, _, across_px = long_axis(entry.footprint.mask)
    rise = 0.5 * across_px * model.gsd_m * math.tan(math.radians(like.pitch_deg))
    eaves = height if like.form == "flat" else max(LOWEST_EAVES_M, height - rise)
    # A ridge runs along the building, the fall of a shed across it.
    turned = along_deg if like.form != "shed" else (along_deg + 90.0) % 180.0
    return replace(like, ridge_deg=turned, eaves_m=eaves, seed=seed)


def _donor(model: PlaceModel, entry: SceneObject, log: EventLog) -> Roof | None:
    for event in log:
        if event.object_id == entry.id and event.new_object is not None:
            parameters: Mapping[str, object] = event.parameters
            number = parameters.get("donor_object")
            return model.roofs.get(int(number)) if number is not None else None  # type: ignore[call-overload]
    return None


def long_axis(mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return (direction of the long side in degrees in [0, 180), length, width in pixels) of a footprint.

    Of the turns by whole degrees over a quarter, the one whose box is smallest.
    """
    rows, cols = np.nonzero(mask)
    points = np.stack([cols - cols.mean(), rows - rows.mean()]).astype(np.float64)
    angles = np.radians(np.arange(0.0, 90.0, 1.0))
    axes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along, across = axes @ points, np.stack([-axes[:, 1], axes[:, 0]], axis=1) @ points
    lengths, widths = np.ptp(along, axis=1) + 1.0, np.ptp(across, axis=1) + 1.0
    best = int(np.argmin(lengths * widths))
    length, width, angle = float(lengths[best]), float(widths[best]), float(np.degrees(angles[best]))
    if width > length:
        length, width, angle = width, length, angle + 90.0
    return angle % 180.0, length, width
