"""Putting objects up: a donor's pixels, moved whole, in this scene's light, with a shadow on this ground."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import RenderError
from diachron.core.events import ChangeEvent
from diachron.core.hub import NETWORKS
from diachron.core.motion import Motion
from diachron.core.scene import Scene, SceneObject, object_class_map
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.light import in_local_light
from diachron.generators.copy_paste.shadows import cast, measured_length_m, padded, shadow_reach_px

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]


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
    scene = canvas.scene
    metres_per_donor_metre = motion.scale * scene.grid.gsd_m / donor_scene.grid.gsd_m
    length_m = measured_length_m(donor_scene, donor) * metres_per_donor_metre
    if scene.sun is not None and donor_scene.sun is not None:
        # The same house under another sun: lengths go as the usual lengths of the two pictures.
        length_m *= scene.sun.shadow_length_m / max(donor_scene.sun.shadow_length_m, 1e-6)
    length_px = min(length_m / scene.grid.gsd_m, float(shadow_reach_px(scene)))
    box, footprint = padded(scene, entry, math.ceil(length_px) + 4)
    moved = moved_pixels(donor_scene, donor, motion, box, footprint)
    moved = in_local_light(moved, donor_scene, donor, scene, entry) * np.float32(gain)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    ground = canvas.target.instances[box] == 0
    classes = object_class_map(canvas.target.instances[box], canvas.target.objects)
    receives = (ground | np.isin(classes, list(NETWORKS))) & ~scene.ignored[box]
    shaded, shadow = cast(scene, picture, box, footprint, receives, length_px)
    # An edge pixel sees roof and ground: half of each, inside the footprint.
    depth = ndimage.distance_transform_edt(np.pad(footprint, 1))[1:-1, 1:-1]
    alpha = np.clip(depth / 2.0, 0.0, 1.0).astype(np.float32)
    painted = np.where(footprint, alpha * moved + (1.0 - alpha) * shaded, shaded)
    canvas.put(box, footprint | shadow, painted, "new shadow", footprint)


def moved_pixels(
    donor_scene: Scene, donor: SceneObject, motion: Motion, box: tuple[slice, slice], footprint: Mask
) -> Picture:
    """Return (C, h, w) float32: the donor's pixels at the window, in the donor scene's scale.

    Pixels of the footprint that no donor pixel reaches (a drawn shape) take the nearest one that does.
    """
    margin = 3
    source_box, source_mask = padded(donor_scene, donor, margin)
    pixels = donor_scene.image[:, source_box[0], source_box[1]].astype(np.float32)
    # Beyond the outline lies other ground: its edge pixels are carried outwards before resampling.
    outside = ~source_mask
    rows, cols = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    pixels = pixels[:, rows, cols]
    shape = footprint.shape
    if motion.is_exact:
        down = int(motion.to_row - motion.from_row) - (box[0].start - source_box[0].start)
        right = int(motion.to_col - motion.from_col) - (box[1].start - source_box[1].start)
        r = np.clip(np.arange(shape[0]) - down, 0, pixels.shape[1] - 1)
        c = np.clip(np.arange(shape[1]) - right, 0, pixels.shape[2] - 1)
        return pixels[:, r[:, None], c]
    offset = motion.offset(box[0].start, box[1].start) - np.array([source_box[0].start, source_box[1].start])
    return np.stack(
        [
            ndimage.affine_transform(
                band, motion.matrix(), offset, output_shape=shape, order=3, mode="nearest"
            )
            for band in pixels
        ]
    )
