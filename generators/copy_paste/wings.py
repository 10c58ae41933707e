"""Parts of objects that stay: wings and strips of road that come, and those that make room for ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import RenderError
from diachron.core.hub import NETWORKS
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.clearing import remove_object
from diachron.generators.copy_paste.edits import PartEdit
from diachron.generators.copy_paste.hard_ground import grey_level, hard_ground
from diachron.generators.copy_paste.paste import paste_object
from diachron.generators.copy_paste.shadows import padded

Mask = NDArray[np.bool_]

# A strip of road is taken from its own lanes, no farther from the kerb than this; beyond are markings.
LANE_M = 3.0


def paint_part(canvas: Canvas, edit: PartEdit) -> None:
    """Paint a part of an object that stands at both dates.

    A new wing is a donor's roof with its shadow, a new strip of road the mirror image of the lane beside it.
    Where a wing goes, ground is grown over it and its shadow leaves.

    Args:
        canvas: is painted on.
        edit: the part.

    Raises:
        RenderError: no clear ground to fill it with, or its donor is not at hand.
    """
    if edit.ground is not None:
        remove_object(canvas, edit.part, edit.ground)
    elif edit.part.object_class in NETWORKS:
        _widen(canvas, edit)
    else:
        paste_object(canvas, edit.part, edit.event, gain=1.0)


def _widen(canvas: Canvas, edit: PartEdit) -> None:
    """Paint a strip beside a road with the pixels that lie as far on the other side of its old kerb."""
    scene = canvas.scene
    gsd = scene.grid.gsd_m
    box, strip = padded(scene, edit.part, max(8, round(3 * LANE_M / gsd)))
    road = scene.instances[box] == edit.part.id
    if not road.any():
        raise RenderError(f"{scene.source}: event {edit.event.id} widens a road that is not in the picture")
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    rows, cols = ndimage.distance_transform_edt(~road, return_distances=False, return_indices=True)
    grid = np.mgrid[: strip.shape[0], : strip.shape[1]]
    # The kerb lies half a pixel this side of the nearest pixel of the road.
    mirrored = 2 * np.stack([rows, cols]) - grid
    inside = (mirrored >= 0).all(axis=0)
    inside &= (mirrored[0] < strip.shape[0]) & (mirrored[1] < strip.shape[1])
    at = np.where(inside, mirrored, np.stack([rows, cols]))
    on_road = road[at[0], at[1]]
    at = np.where(on_road, at, np.stack([rows, cols]))
    lane = picture[:, at[0], at[1]]
    plain = hard_ground(canvas.rng(edit.event.id + (1 << 37)), picture, grey_level(canvas.origin), gsd)
    level = picture[:, road].mean(axis=1) / np.maximum(plain.mean(axis=(1, 2)), 1e-6)
    new = np.where(on_road, lane, plain * level[:, None, None])
    # Towards the ground an edge pixel sees both; towards the road the strip is open.
    depth = ndimage.distance_transform_edt(np.pad(strip | road, 1, mode="edge"))[1:-1, 1:-1]
    alpha = np.clip(depth / 2.0, 0.0, 1.0)
    painted = np.where(strip, alpha * new + (1.0 - alpha) * picture, picture)
    canvas.put(box, strip, painted.astype(np.float32), "road", strip)
