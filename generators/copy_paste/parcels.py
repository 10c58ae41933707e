"""Whole parcels: a house comes with its yard, as far as that belongs to it there and is free ground here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub, light
from diachron.core.growth import grown, near
from diachron.core.scene import Scene, SceneObject, object_class_map
from diachron.generators.copy_paste.canvas import Box, Canvas
from diachron.generators.copy_paste.palette import OBJECT_MARGIN_PX, palette_of
from diachron.generators.copy_paste.shadows import measured_length_m

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# The outline wanders by up to this share of the margin, in waves of about this length.
RAGGED = 0.4
WAVE_M = 2.5
# Detail changes over within this width, colour over a share of the margin: a sharp rim of grain is not seen,
# a rim of colour is.
DETAIL_M = 0.6
COLOUR_SHARE = 0.7
# What is coarser than this is colour, what is finer is detail.
GRAIN_M = 1.0
# Ground that is mixed with another object's wall, in the donor's picture.
CLEAN_PX = 2.0


def yard_of(scene: Scene, donor: SceneObject, box: Box, mask: Mask) -> tuple[Mask, Mask]:
    """Return (ground, shadow): (h, w) ground nearer to an object than to any other, and its shadow there.

    Ground ends half of the way to the next building and at roads, water and other objects.

    Args:
        scene: in which it stands.
        donor: the object.
        box: window with room for the yard and the shadow.
        mask: (h, w) its footprint there.
    """
    instances = scene.instances[box]
    others = (instances > 0) & ~mask
    classes = object_class_map(instances, scene.objects)
    buildings = others & ~np.isin(classes, list(hub.NETWORKS))
    own = (instances == 0) & ~np.isin(scene.surface[box], (hub.IGNORE, hub.WATER))
    if others.any():
        own &= ~near(others, CLEAN_PX)
    if buildings.any():
        own &= ndimage.distance_transform_edt(~mask) <= ndimage.distance_transform_edt(~buildings)
    shadow = np.zeros_like(own)
    if scene.sun is not None:
        length_px = measured_length_m(scene, donor) / scene.grid.gsd_m + 1.0
        cone = light.swept(mask, scene.sun.shadow_row, scene.sun.shadow_col, length_px)
        dark = palette_of(scene).brightness[box] < palette_of(scene).dark_below
        shadow = grown(cone & dark, 2) & own
    return own, shadow


def room_for(
    canvas: Canvas,
    rng: np.random.Generator,
    box: Box,
    entry: SceneObject,
    footprint: Mask,
    ground: Mask,
    shadow: Mask,
    classes: NDArray[np.uint8] | None,
    margin_px: float,
) -> Mask:
    """Return (h, w) where the yard comes to lie: on free, lit ground of its kind that no other event needs.

    It is the same at every date of a series, whatever else stands then.

    Args:
        canvas: is painted on.
        rng: for its ragged outline.
        box: window.
        entry: the new object.
        footprint: (h, w) of it.
        ground: (h, w) where the donor has some to give.
        shadow: (h, w) the part of it that comes along however far it reaches.
        classes: (h, w) hub ids of the donor's ground, or None where labels do not tell kinds apart.
        margin_px: of the yard.
    """
    scene = canvas.scene
    surface = scene.surface[box]
    palette = palette_of(scene)
    closed = (scene.instances[box] > 0) | np.isin(surface, (hub.IGNORE, hub.WATER)) | scene.ignored[box]
    closed |= (palette.brightness[box] < palette.dark_below) | _of_others(canvas, box, entry)
    closed &= ~footprint
    free = ground & ~footprint & ~grown(closed, OBJECT_MARGIN_PX)
    if classes is not None:
        free &= classes == surface
    noise = ndimage.gaussian_filter(
        rng.standard_normal(free.shape), max(1.0, WAVE_M / scene.grid.gsd_m / 2.0)
    )
    reach_px = margin_px * (1.0 - RAGGED * np.clip(0.5 + noise / (4.0 * noise.std() + 1e-9), 0.0, 1.0))
    free &= (ndimage.distance_transform_edt(~footprint) <= reach_px) | shadow
    pieces, count = ndimage.label(free | footprint)
    kept = np.zeros(count + 1, bool)
    kept[np.unique(pieces[footprint])] = True
    kept[0] = False
    joined: Mask = kept[pieces] & ~footprint
    return joined


def _of_others(canvas: Canvas, box: Box, entry: SceneObject) -> Mask:
    """Return (h, w) the ground that other events of the log touch at any time, with their usual shadows."""
    taken = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), bool)
    for event in canvas.request.log:
        place = event.footprint
        top, left = place.row - box[0].start, place.col - box[1].start
        if event.object_id == entry.id or top >= taken.shape[0] or left >= taken.shape[1]:
            continue
        mask = place.mask[max(-top, 0) :, max(-left, 0) :]
        part = taken[max(top, 0) :, max(left, 0) :][: mask.shape[0], : mask.shape[1]]
        part |= mask[: part.shape[0], : part.shape[1]]
    sun = canvas.scene.sun
    if sun is not None and taken.any():
        length_px = sun.shadow_length_m / canvas.scene.grid.gsd_m
        taken |= light.swept(taken, sun.shadow_row, sun.shadow_col, length_px)
    return taken


def blended(
    picture: Picture, moved: Picture, footprint: Mask, parcel: Mask, margin_px: float, gsd_m: float
) -> Picture:
    """Return (C, h, w) the picture with the yard in it, unchanged outside the parcel.

    Colour changes over slowly and detail quickly (Burt and Adelson 1983, with two bands), so that neither a
    line nor a strip of double grain shows.

    Args:
        picture: (C, h, w) float32 as painted so far.
        moved: (C, h, w) float32 the donor's pixels in this light.
        footprint: (h, w) of the new object.
        parcel: (h, w) where the yard comes to lie.
        margin_px: of the yard.
        gsd_m: of the picture.
    """
    whole = np.pad(parcel | footprint, 1)
    depth = ndimage.distance_transform_edt(whole)[1:-1, 1:-1].astype(np.float32)
    quick = np.clip(depth / max(2.0, DETAIL_M / gsd_m), 0.0, 1.0)
    slow = np.clip(depth / max(3.0, COLOUR_SHARE * margin_px), 0.0, 1.0)
    slow = slow * slow * (3.0 - 2.0 * slow)
    grain = max(1.5, GRAIN_M / gsd_m)
    coarse_here, coarse_there = _coarse(picture, ~footprint, grain), _coarse(moved, parcel, grain)
    colour = coarse_here + slow * (coarse_there - coarse_here)
    # Weights whose squares sum to one keep the grain as strong where two grains meet.
    norm = np.sqrt(quick * quick + (1.0 - quick) ** 2)
    detail = (quick * (moved - coarse_there) + (1.0 - quick) * (picture - coarse_here)) / norm
    return np.where(parcel, colour + detail, picture).astype(np.float32)


def _coarse(picture: Picture, where: Mask, sigma_px: float) -> Picture:
    """Return (C, h, w) means around each pixel over a mask."""
    weight = ndimage.gaussian_filter(where.astype(np.float32), sigma_px)
    sums = np.stack([ndimage.gaussian_filter(np.where(where, band, 0.0), sigma_px) for band in picture])
    return np.where(weight > 1e-3, sums / np.maximum(weight, 1e-3), picture).astype(np.float32)
