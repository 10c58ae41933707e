"""Putting objects up: a donor's pixels, moved whole, in this scene's light, with a shadow on this ground."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from diachron.core.errors import RenderError
from diachron.core.events import ChangeEvent
from diachron.core.hub import NETWORKS
from diachron.core.motion import Motion
from diachron.core.optics import optics_of
from diachron.core.scene import SceneObject, object_class_map
from diachron.generators.copy_paste.canvas import Box, Canvas
from diachron.generators.copy_paste.light import in_local_light
from diachron.generators.copy_paste.parcels import blended, room_for, yard_of
from diachron.generators.copy_paste.patch import Patch
from diachron.generators.copy_paste.shadows import (
    cast,
    lower_roofs,
    measured_length_m,
    padded,
    shadow_reach_px,
)

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# Pixels around an object's window for the softness of its edge and of its shadow.
EDGE_PX = 6
# No edge of a picture is sharper, and what is less opaque is not painted.
SHARPEST_PX = 0.45
FAINTEST = 0.04
# A house casts at least this share of the usual shadow, or of its own width where that is less.
SHORTEST = 0.4
# Smoothing that takes the stairs of pixels out of an outline.
STAIRS_PX = 0.7
# Of the streams of an object, the one of noise and ragged outlines.
STREAM = 1 << 33


def paste_object(canvas: Canvas, entry: SceneObject, event: ChangeEvent, *, gain: float) -> None:
    """Paint an object into the picture.

    Args:
        canvas: is painted on.
        entry: the new object.
        event: its construction (or, in the past, its demolition), which names donor and motion.
        gain: brightness against the donor.

    Raises:
        RenderError: the event names no donor, or one that is not at hand.
    """
    parameters: Mapping[str, object] = event.parameters
    if "motion" not in parameters:
        raise RenderError(f"{canvas.scene.source}: event {event.id} has no donor to take pixels from")
    donor_scene = canvas.donor(str(parameters["donor_scene"]))
    donor = donor_scene.objects[int(parameters["donor_object"])]  # type: ignore[call-overload]
    motion = Motion.from_json(parameters["motion"])  # type: ignore[arg-type]
    scene, real = canvas.scene, canvas.origin
    metres_per_donor_metre = motion.scale * scene.grid.gsd_m / donor_scene.grid.gsd_m
    length_m = measured_length_m(donor_scene, donor) * metres_per_donor_metre
    if scene.sun is not None and donor_scene.sun is not None:
        # The same house under another sun: lengths go as the usual lengths of the two pictures.
        length_m *= scene.sun.shadow_length_m / max(donor_scene.sun.shadow_length_m, 1e-6)
    if scene.sun is not None and "parcel_margin_m" not in parameters:
        # A donor whose outline takes in its shadow seems to cast none, and would lie there like a rug.
        width_m = entry.footprint.pixels**0.5 * scene.grid.gsd_m
        length_m = max(length_m, SHORTEST * min(scene.sun.shadow_length_m, width_m))
    length_px = min(length_m / scene.grid.gsd_m, float(shadow_reach_px(scene)))
    margin_px = float(parameters.get("parcel_margin_m", 0.0)) / scene.grid.gsd_m  # type: ignore[arg-type]
    box, footprint = padded(scene, entry, math.ceil(max(length_px, margin_px)) + EDGE_PX)
    rng = canvas.rng(entry.id + STREAM)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    patch = Patch(donor_scene, donor, motion, box, footprint.shape)
    parcel, taken = np.zeros_like(footprint), patch.roof()
    if margin_px > 0:
        parcel, with_yard = _parcel(canvas, patch, rng, entry, footprint, margin_px)
        taken = with_yard if parcel.any() else taken
    moved = in_local_light(patch.pixels(real, taken), donor_scene, donor, real, entry)
    if parcel.any():
        picture = blended(picture, moved, footprint, parcel, margin_px, scene.grid.gsd_m)
    roof = moved * np.float32(gain) + patch.missing_noise(real, rng)
    instances = canvas.target.instances[box]
    classes = object_class_map(instances, canvas.target.objects)
    receives = ((instances == 0) | np.isin(classes, list(NETWORKS))) & ~scene.ignored[box]
    roofs = lower_roofs(scene, canvas.target, box, entry)
    shaded, shadow = cast(scene, picture, box, footprint, receives, length_px, roofs)
    alpha = _opacity(footprint, parcel, max(optics_of(real).blur_px, SHARPEST_PX))
    alpha[~(footprint | (receives & (instances == 0)))] = 0.0
    painted = alpha * roof + (1.0 - alpha) * shaded
    rim = (alpha > 0) & ~footprint
    canvas.put(box, parcel & ~rim & ~shadow, painted, "parcel", footprint)
    canvas.put(box, shadow & ~rim, painted, "new shadow", footprint)
    canvas.put(box, footprint | rim, painted, "roof edge", footprint)


def _opacity(footprint: Mask, parcel: Mask, blur_px: float) -> NDArray[np.float32]:
    """Return (h, w) how much of a pixel is roof; an edge is as wide as the optics make it, on both sides.

    Beside its own yard a roof keeps the edge that it came with.
    """
    inside, outside = (_softened(mask, blur_px) for mask in (footprint | parcel, footprint))
    alpha: NDArray[np.float32] = np.where(footprint, inside, np.where(parcel, 0.0, outside))
    alpha[alpha < FAINTEST] = 0.0
    return alpha


def _softened(mask: Mask, blur_px: float) -> NDArray[np.float32]:
    """Return (h, w) a mask without its stairs, its edge smoothed with a Gaussian.

    A straight edge smoothed by `STAIRS_PX` tells the distance from it, and so the edge under any blur.
    """
    wide = ndimage.gaussian_filter(mask.astype(np.float64), max(STAIRS_PX, blur_px))
    distance_px = max(STAIRS_PX, blur_px) * special.ndtri(np.clip(wide, 1e-9, 1.0 - 1e-9))
    soft: NDArray[np.float32] = special.ndtr(distance_px / blur_px).astype(np.float32)
    return soft


def _parcel(
    canvas: Canvas,
    patch: Patch,
    rng: np.random.Generator,
    entry: SceneObject,
    footprint: Mask,
    margin_px: float,
) -> tuple[Mask, tuple[Box, Mask]]:
    """Return (where the yard comes to lie, window there with the pixels to take), as far as there is room."""
    scene, there = canvas.scene, patch.scene
    source, mask = patch.window(margin_px)
    ground, shadow = yard_of(there, patch.donor, source, mask)
    known = not (scene.surface_is_estimated or there.surface_is_estimated)
    parcel = room_for(
        canvas,
        rng,
        patch.box,
        entry,
        footprint,
        patch.moved_mask(ground, source),
        patch.moved_mask(shadow, source),
        patch.moved_classes(there.surface[source], source) if known else None,
        margin_px,
    )
    return parcel, (source, ground | mask)
