"""From a tile as it was read to a scene: single objects, the ground under them, walls and sun."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

from diachron.core import hub
from diachron.core.scene import Footprint, RawScene, Scene, SceneObject
from diachron.simulators.bearing import bearing_of
from diachron.simulators.ground import estimate_ground, fill_under_objects, luminance, scaled
from diachron.simulators.instances import (
    fills_of_oriented_boxes,
    number_in_raster_order,
    split_instances,
)
from diachron.simulators.orientation import orientation_deg, wall_vectors
from diachron.simulators.sunlight import estimate_sun, given_sun


def prepare(raw: RawScene) -> Scene:
    """Return the scene of a raw tile. No input array is changed.

    Objects come from the polygons where the source has them, else from the label map, split where they
    touch. Pixels without image data become ignore in every layer.

    Args:
        raw: a window of a source.
    """
    unit = scaled(raw)
    surface, object_class = raw.schema.to_hub(raw.labels)
    object_class = np.where(raw.void, 0, object_class).astype(np.uint8)
    bright = luminance(unit)
    instances, in_block = _instances(raw, object_class, bright)
    unknown = raw.schema.unknown_ground(raw.labels)
    estimated = bool((unknown & ~raw.void).any())
    if estimated:
        guess = estimate_ground(unit, raw.bands, raw.grid.gsd_m, instances > 0)
        surface = np.where(unknown, guess, surface).astype(np.uint8)
    surface = np.where(raw.void | (instances > 0), hub.IGNORE, surface).astype(np.uint8)
    networks = np.isin(object_class, list(hub.NETWORKS))
    visible_surface = surface
    surface = fill_under_objects(surface, instances, networks, estimated=estimated)
    objects = describe_objects(instances, object_class, void=raw.void, in_block=in_block)
    buildings = (object_class == hub.BUILDING) | (object_class == hub.GREENHOUSE)
    open_ground = (instances == 0) & np.isin(visible_surface, OPEN_GROUND)
    sun = estimate_sun(unit, buildings, open_ground, raw.grid.gsd_m)
    if raw.sun_azimuth_deg is not None:
        sun = given_sun(raw.sun_azimuth_deg, raw.sun_elevation_deg, sun, len(raw.bands), bearing_of(raw.grid))
    return Scene(
        image=raw.image,
        bands=raw.bands,
        full_scale=raw.full_scale,
        nodata=raw.nodata,
        surface=surface,
        instances=instances,
        objects=objects,
        height_m=None,
        grid=raw.grid,
        labels=raw.labels,
        schema=raw.schema,
        void=raw.void if raw.void.any() else None,
        surface_is_estimated=estimated,
        sun=sun,
        source=raw.source,
        licence=raw.licence,
    )


# Ground on which a shadow can be seen and a patch of which can stand in for another.
OPEN_GROUND = (hub.BARE, hub.GRASS, hub.SHRUB, hub.CROP, hub.DEVELOPED)


def _instances(
    raw: RawScene, object_class: NDArray[np.uint8], bright: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return polygon ids where there are polygons, and split label components elsewhere; and block pieces."""
    if raw.footprints is None:
        return split_instances(object_class, bright, raw.grid.gsd_m)
    polygons = np.where(raw.void | (object_class == 0), 0, raw.footprints)
    rest, in_block = split_instances(
        np.where(polygons > 0, 0, object_class).astype(np.uint8), bright, raw.grid.gsd_m
    )
    merged = np.where(polygons > 0, polygons, np.where(rest > 0, rest + int(polygons.max()), 0))
    return number_in_raster_order(_one_piece_each(merged.astype(np.int32))), in_block


def _one_piece_each(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give every further piece of an id that falls apart (cut by another polygon or by void) its own id."""
    pieces, count = measure.label(ids, connectivity=1, return_num=True)
    result = ids.copy()
    next_id = int(ids.max()) + 1
    # The id of each piece; one that comes twice has fallen apart.
    owners = np.zeros(count + 1, np.int32)
    owners[pieces] = ids
    values, times = np.unique(owners[1:], return_counts=True)
    boxes = ndimage.find_objects(ids)
    for index in values[times > 1].tolist():
        box = boxes[index - 1]
        pieces, count = ndimage.label(ids[box] == index)
        for piece in range(2, count + 1):
            result[box][pieces == piece] = next_id
            next_id += 1
    return result


def describe_objects(
    instances: NDArray[np.int32],
    object_class: NDArray[np.uint8],
    *,
    void: NDArray[np.bool_],
    in_block: NDArray[np.bool_],
) -> dict[int, SceneObject]:
    """Return id -> object with footprint, direction of walls, and whether something cuts it."""
    if not instances.any():
        return {}
    vectors = wall_vectors(instances > 0)
    sums = _sum_by_id(vectors, instances)
    fills = fills_of_oriented_boxes(instances)
    cut = set(
        np.unique(np.concatenate([instances[0], instances[-1], instances[:, 0], instances[:, -1]])).tolist()
    )
    if void.any():
        beside = ndimage.binary_dilation(void) & (instances > 0)
        cut |= set(np.unique(instances[beside]).tolist())
    objects: dict[int, SceneObject] = {}
    for object_id, box in enumerate(ndimage.find_objects(instances), start=1):
        if box is None:
            continue
        mask = instances[box] == object_id
        row, col = box[0].start, box[1].start
        first = int(np.argmax(mask[0]))
        objects[object_id] = SceneObject(
            id=object_id,
            object_class=int(object_class[row, col + first]),
            footprint=Footprint(row, col, mask),
            whole=object_id not in cut,
            orientation_deg=orientation_deg(sums[object_id]),
            fill=float(fills[object_id]),
            certain=not in_block[box][mask].any(),
        )
    return objects


def _sum_by_id(vectors: NDArray[np.complex64], instances: NDArray[np.int32]) -> NDArray[np.complex128]:
    """Return the sum of wall vectors over each object and the pixel around it."""
    ids = instances.ravel()
    size = int(ids.max()) + 1
    real = np.bincount(ids, weights=vectors.real.ravel(), minlength=size)
    imag = np.bincount(ids, weights=vectors.imag.ravel(), minlength=size)
    return real + 1j * imag
