"""Objects by themselves, upright, each filling a crop: what was put there, and what stood there before."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.transform import AffineTransform, warp

from diachron.evaluation.quality.crop_shelf import Crops, Shelf
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.spots import painted_spots

SIDE = 64
# Smaller objects have no texture to compare.
SMALLEST_PX = 60
# Real objects of one tile; more of a dense town would only be more of the same.
PER_TILE = 60


@dataclass
class ObjectPatches:
    """Collects painted objects, and the real ones of each tile once, however many samples show it."""

    made: Shelf = field(default_factory=lambda: Shelf(SIDE))
    real: Shelf = field(default_factory=lambda: Shelf(SIDE))
    _seen: set[str] = field(default_factory=set)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take the objects of one pair."""
        date = pair.painted_date
        if date is None:
            return
        for spot in painted_spots(pair, date, rng):
            if spot.object_id:
                mask = pair.instances[date] == spot.object_id
                self.made.add(object_patch(pair.dates[date], mask), pair.place)
        if pair.tile in self._seen:
            return
        self._seen.add(pair.tile)
        ids = pair.instances[1 - date]
        boxes = ndimage.find_objects(ids)
        whole = [number for number, box in enumerate(boxes, 1) if box is not None and _inside(box, ids.shape)]
        for number in rng.permutation(whole)[:PER_TILE]:
            self.real.add(object_patch(pair.dates[1 - date], ids == number), pair.place)


def _inside(box: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    """Whether an object does not touch the rim, beyond which it may go on."""
    return all(part.start > 0 and part.stop < length for part, length in zip(box, shape, strict=True))


def object_patch(image: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Return an object alone, its longer axis along the rows of pixels; None where it is too small.

    Around it lies its own mean colour: what counts is what it looks like, not its outline.

    Args:
        image: (3, H, W) from 0 to 1.
        mask: (H, W) bool of one object.
    """
    if np.count_nonzero(mask) < SMALLEST_PX:
        return None
    rows, cols = np.nonzero(mask)
    middle = np.array([cols.mean(), rows.mean()])
    spread = np.cov(np.stack([cols, rows]))
    _, axes = np.linalg.eigh(spread)
    along = axes[:, 1]
    angle = float(np.arctan2(along[1], along[0]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    reach = np.abs((np.stack([cols, rows], axis=1) - middle) @ turn).max() + 1.0
    scale = 2.0 * reach / SIDE
    matrix = np.eye(3)
    matrix[:2, :2] = scale * turn
    matrix[:2, 2] = middle - scale * turn @ np.full(2, (SIDE - 1) / 2)
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    own = image[:, mask].mean(axis=1)[:, None, None]
    height, width = mask[box].shape
    # A rim of the mean: what lies beyond is its continuation.
    alone = np.broadcast_to(own, (3, height + 2, width + 2)).copy()
    alone[:, 1:-1, 1:-1] = np.where(mask[box], image[:, box[0], box[1]], own)
    matrix[:2, 2] -= (box[1].start - 1, box[0].start - 1)
    # Without this a large object would be sampled in points.
    soft = ndimage.gaussian_filter(alone, (0, *(2 * [max(0.0, 0.5 * (scale - 1.0))])), mode="nearest")
    upright = AffineTransform(matrix=matrix)
    bands = [warp(band, upright, output_shape=(SIDE, SIDE), order=1, mode="edge") for band in soft]
    patch: NDArray[np.float32] = np.stack(bands).astype(np.float32)
    return patch


def copied(crops: Crops) -> Crops:
    """Return crops upside down and a tenth brighter: copies, as a renderer may pass them on."""
    return Crops(np.clip(1.1 * crops.pixels[:, :, ::-1, ::-1], 0.0, 1.0).astype(np.float32), crops.places)
