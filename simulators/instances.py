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
    flat = ids.ravel()
    at = np.flatnonzero(flat)
    first = _first_of_each(flat[at], at, int(flat.max(initial=0)))
    present = np.flatnonzero(first >= 0)
    table = np.zeros(first.size, np.int32)
    table[present[np.argsort(first[present])]] = np.arange(1, present.size + 1)
    return table[ids]


def _cut_necks(mask: Mask, parts: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Cut components where {distance > t} falls into two or more parts that are much thicker than t."""
    distance = ndimage.distance_transform_edt(mask).astype(np.float32)
    markers = parts.copy()
    next_id = count + 1
    split: set[int] = set()
    level = 0.75
    while level < distance.max() * NECK_SHARE:
        cores, core_count = ndimage.label(distance > level)
        inside = np.flatnonzero(cores)
        owners = cores.ravel()[inside]
        peaks = np.zeros(core_count + 1, np.float32)
        np.maximum.at(peaks, owners, distance.ravel()[inside])
        thick = np.flatnonzero(peaks[1:] >= level / NECK_SHARE) + 1
        parents = markers.ravel()[_first_of_each(owners, inside, core_count)[thick]]
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


def _first_of_each(owners: NDArray[np.integer], pixels: NDArray[np.int64], largest: int) -> NDArray[np.int64]:
    """Return by id, 0 to `largest`, the first of its pixels in raster order, -1 for an id without any.

    Args:
        owners: (n,) ids.
        pixels: (n,) numbers of their pixels, row by row, rising.
        largest: of the ids.
    """
    first = np.full(largest + 1, -1, np.int64)
    # Written from the last to the first, so that the first one stays.
    first[owners[::-1]] = pixels[::-1]
    return first


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
    return float(fills_of_oriented_boxes(piece.astype(np.int32))[1])


def fills_of_oriented_boxes(ids: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return by id the share of its box, turned to its main axis, that a region fills; 0 for an id without.

    Args:
        ids: (H, W) int32, 0 off regions.
    """
    inside = np.flatnonzero(ids)
    rows, cols = np.divmod(inside, ids.shape[1])
    owners = ids.ravel()[inside]
    size = int(ids.max(initial=0)) + 1
    pixels = np.bincount(owners, minlength=size).astype(np.float64)
    right, down, square_right, square_down, product = (
        np.bincount(owners, weights=values, minlength=size)
        for values in (cols, rows, cols * cols, rows * rows, cols * rows)
    )
    # Whole numbers, so that a square has no main axis by a rounding error; times the pixels squared.
    spread = np.empty((size, 2, 2))
    spread[:, 0, 0] = pixels * square_right - right * right
    spread[:, 1, 1] = pixels * square_down - down * down
    spread[:, 0, 1] = spread[:, 1, 0] = pixels * product - right * down
    _, axes = np.linalg.eigh(spread)
    # The outermost pixels of a region end one of its runs along a row.
    wide = np.zeros((ids.shape[0], ids.shape[1] + 2), ids.dtype)
    wide[:, 1:-1] = ids
    middle = wide[:, 1:-1]
    ends = np.flatnonzero((middle != 0) & ((middle != wide[:, :-2]) | (middle != wide[:, 2:])))
    ends = ends[np.argsort(ids.ravel()[ends], kind="stable")]
    owners = ids.ravel()[ends]
    rows, cols = np.divmod(ends, ids.shape[1])
    starts = np.flatnonzero(np.diff(owners, prepend=0))
    box = np.ones(size)
    for axis in (0, 1):
        along = axes[owners, 0, axis] * cols + axes[owners, 1, axis] * rows
        extent = np.maximum.reduceat(along, starts) - np.minimum.reduceat(along, starts) + 1.0
        box[owners[starts]] *= extent
    share: NDArray[np.float64] = pixels / box
    return share
