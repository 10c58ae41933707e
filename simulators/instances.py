"""Single objects from a label map: touching buildings are cut apart where they narrow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from diachron.core import hub

Mask = NDArray[np.bool_]

# Two parts are two buildings where the neck between them is thinner than this share of the thinner part.
NECK_SHARE = 0.6
# A piece that is larger than this and fills its box badly is a labelled block, not a building.
BLOCK_AREA_M2 = 900.0
BLOCK_FILL = 0.72
# Side of the pieces that a block is cut into along the edges of the picture: a usual house with its wall.
BLOCK_PIECE_M = 15.0


def split_instances(
    object_class: NDArray[np.uint8], luminance: NDArray[np.float32], gsd_m: float
) -> tuple[NDArray[np.int32], Mask]:
    """Return (instance ids, pixels whose object is a piece of a labelled block).

    Ids are (H, W) int32, from 1 in raster order of their first pixel, 0 off objects.

    Components are 4-connected and of one class. Buildings and greenhouses are then cut at necks
    (distance transform), and irregular blocks along the edges of the picture (watershed); roads, rails,
    pitches and pools stay whole.

    Args:
        object_class: (H, W) uint8 hub object ids, 0 off objects.
        luminance: (H, W) float32, any scale.
        gsd_m: ground sampling distance.
    """
    ids = np.zeros(object_class.shape, np.int32)
    in_block = np.zeros(object_class.shape, bool)
    for hub_id in sorted(hub.OBJECTS):
        mask = object_class == hub_id
        if not mask.any():
            continue
        parts, count = ndimage.label(mask)
        parts = parts.astype(np.int32)
        if hub_id in hub.SPLIT_WHEN_TOUCHING:
            parts = _cut_necks(mask, parts, count)
            cut = _cut_blocks(parts, luminance, gsd_m)
            in_block |= cut != parts
            parts = cut
        ids = np.where(mask, parts + int(ids.max()), ids)
    return number_in_raster_order(ids), in_block


def number_in_raster_order(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the same regions numbered from 1 by their first pixel; 0 stays 0."""
    values, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first[values > 0], kind="stable")
    table = np.zeros(values.size, np.int32)
    table[np.flatnonzero(values > 0)[order]] = np.arange(1, order.size + 1)
    return table[inverse].reshape(ids.shape)


def _cut_necks(mask: Mask, parts: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Cut components where {distance > t} falls into two or more parts that are much thicker than t."""
    distance = ndimage.distance_transform_edt(mask).astype(np.float32)
    markers = parts.copy()
    next_id = count + 1
    split: set[int] = set()
    level = 0.75
    while level < distance.max() * NECK_SHARE:
        cores, core_count = ndimage.label(distance > level)
        peaks = ndimage.maximum(distance, cores, np.arange(1, core_count + 1))
        thick = np.flatnonzero(peaks >= level / NECK_SHARE) + 1
        parents = np.array([markers[position] for position in _first_pixels(cores, thick)], np.int64)
        values, occurrences = np.unique(parents, return_counts=True)
        crowded = {int(v) for v, n in zip(values, occurrences, strict=True) if v > 0 and n > 1}
        if crowded:
            split |= crowded
            table = np.zeros(core_count + 1, np.int32)
            for core, parent in zip(thick, parents, strict=True):
                if int(parent) in crowded:
                    table[core] = next_id
                    next_id += 1
            fresh = table[cores]
            # What lay between the cores is given to one of them by the flood below.
            markers[np.isin(markers, sorted(crowded))] = 0
            markers = np.where(fresh > 0, fresh, markers)
        level *= 1.35
    if not split:
        return parts
    return watershed(-distance, markers, mask=mask).astype(np.int32)


def _first_pixels(regions: NDArray[np.integer], ids: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Return the first pixel in raster order of each region."""
    boxes = ndimage.find_objects(regions)
    pixels = []
    for region in ids:
        box = boxes[int(region) - 1]
        col = int(np.argmax(regions[box][0] == region))
        pixels.append((box[0].start, box[1].start + col))
    return pixels


def _cut_blocks(parts: NDArray[np.int32], luminance: NDArray[np.float32], gsd_m: float) -> NDArray[np.int32]:
    """Cut large pieces that fill their box badly into house-sized pieces along edges of the picture."""
    result = parts.copy()
    next_id = int(parts.max()) + 1
    step = max(4, round(BLOCK_PIECE_M / gsd_m))
    for index, box in enumerate(ndimage.find_objects(parts), start=1):
        if box is None:
            continue
        piece = parts[box] == index
        pixels = int(np.count_nonzero(piece))
        if pixels * gsd_m * gsd_m < BLOCK_AREA_M2 or fill_of_oriented_box(piece) >= BLOCK_FILL:
            continue
        edges = ndimage.gaussian_gradient_magnitude(luminance[box], max(1.0, 0.7 / gsd_m))
        seeds = np.zeros(piece.shape, np.int32)
        rows = np.arange(step // 2, piece.shape[0], step)
        cols = np.arange(step // 2, piece.shape[1], step)
        grid_rows, grid_cols = (g.ravel() for g in np.meshgrid(rows, cols, indexing="ij"))
        inside = piece[grid_rows, grid_cols]
        seeds[grid_rows[inside], grid_cols[inside]] = np.arange(next_id, next_id + int(inside.sum()))
        if inside.sum() < 2:
            continue
        spread = float(edges[piece].std()) or 1.0
        flood = watershed(edges / spread, seeds, mask=piece, compactness=0.02)
        result[box] = np.where(flood > 0, flood, result[box])
        next_id += int(inside.sum())
    return result


def fill_of_oriented_box(piece: Mask) -> float:
    """Return the share of its box, turned to its main axis, that a piece fills."""
    rows, cols = np.nonzero(piece)
    points = np.stack([cols - cols.mean(), rows - rows.mean()])
    _, axes = np.linalg.eigh(points @ points.T)
    turned = axes.T @ points
    extent = turned.max(axis=1) - turned.min(axis=1) + 1.0
    return float(rows.size / extent.prod())
