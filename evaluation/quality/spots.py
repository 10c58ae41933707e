"""Where a made pair was painted, and where nothing happened: points that crops are cut around."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.evaluation.quality.made import MadePair
from diachron.training.probes.edited_parts import EditedPart, edited_parts, middle, outline

# Spots of each kind that one pair gives: no place may fill a probe alone.
PER_PAIR = 6
# Untouched ground lies this far from every object.
GROUND_GAP_PX = 8


@dataclass(frozen=True)
class Spot:
    """A point to look at.

    Args:
        kind: `object` or `ground`.
        centre: row and column inside it.
        outline: row and column on its outline; of ground, its centre again.
        object_id: of an object, else 0.
    """

    kind: str
    centre: tuple[int, int]
    outline: tuple[int, int]
    object_id: int = 0


def painted_spots(pair: MadePair, date: int, rng: np.random.Generator) -> list[Spot]:
    """Return spots of the painted date: objects that were put there, and ground that was laid over others.

    Args:
        pair: of which exactly one date was painted.
        date: the painted one.
        rng: chooses.
    """
    parts = edited_parts(pair.instances[date], pair.instances[1 - date], pair.edit)
    spots = [_spot(part, rng) for part in parts]
    return _some(spots, rng)


def untouched_spots(
    pair: MadePair, side: int, rng: np.random.Generator, number: int = PER_PAIR
) -> list[Spot]:
    """Return spots of objects that stand at both dates and of open ground, with no edit within a window.

    Args:
        pair: any pair.
        side: of the window that will be cut around them.
        rng: chooses.
        number: of each kind, at most.
    """
    far = ~ndimage.maximum_filter(pair.edit | pair.void, size=side + 1, mode="constant")
    here = np.where(far & (pair.instances[0] == pair.instances[1]), pair.instances[0], 0)
    whole = dict(zip(*np.unique(pair.instances[0], return_counts=True), strict=True))
    seen, sizes = np.unique(here, return_counts=True)
    complete = [int(n) for n, size in zip(seen, sizes, strict=True) if n > 0 and size == whole[n]]
    objects = [
        _spot(EditedPart("object", here == n, int(n)), rng) for n in rng.permutation(complete)[:number]
    ]
    standing = (pair.instances[0] > 0) | (pair.instances[1] > 0)
    open_ground = far & ~ndimage.maximum_filter(standing, size=2 * GROUND_GAP_PX + 1)
    inside = np.zeros_like(open_ground)
    half = side // 2
    inside[half : -half or None, half : -half or None] = True
    places = np.flatnonzero(open_ground & inside)
    chosen = rng.choice(places, min(number, places.size), replace=False) if places.size else places
    points = [_pixel(int(place), here.shape[1]) for place in chosen]
    return objects + [Spot("ground", point, point) for point in points]


def _some(spots: list[Spot], rng: np.random.Generator) -> list[Spot]:
    """Return at most `PER_PAIR` spots of each kind."""
    chosen = []
    for kind in ("object", "ground"):
        mine = [spot for spot in spots if spot.kind == kind]
        chosen += [mine[i] for i in np.sort(rng.permutation(len(mine))[:PER_PAIR])]
    return chosen


def _spot(part: EditedPart, rng: np.random.Generator) -> Spot:
    return Spot(part.kind, middle(part.mask), on_outline(part.mask, rng), part.object_id)


def on_outline(mask: NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int]:
    """Return row and column of a pixel on the outline of a mask."""
    candidates = outline(mask)
    row, col = candidates[rng.integers(len(candidates))]
    return int(row), int(col)


def _pixel(flat: int, cols: int) -> tuple[int, int]:
    row, col = divmod(flat, cols)
    return row, col
