"""Two unrelated labelled tiles as one pair, change where one of the building masks says building (STAR).

Rules kept (Zheng et al. 2021, ChangeStar, `core/mixin.py` at a3c9c50): no synthesis at all; image i is
paired with another image j, never with itself; the label is the exclusive or of the two masks. The temporal
symmetry of its loss is the swap of dates in our training.

Defects kept on purpose: the unchanged part of a pair shows two different places, so only "building or not"
can be learnt from it; where two different houses overlap the label says that nothing changed.

Not made again: the segmentation loss on the first image beside the change loss (our detectors have one
head), and ChangeStar2's coin between such pairs and real ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import SourceError
from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.scene import Scene
from diachron.evaluation.rivals.edits import buildings_in

REGISTERED = True


def make(
    rng: np.random.Generator, scene: Scene, lend: Callable[[np.random.Generator], Scene]
) -> LabelledPair:
    """Return two tiles as two dates, each cropped at random to the size that both have.

    Label maps are given where both tiles have one scheme.

    Args:
        rng: chance.
        scene: the first date; dtype, bands and gsd are its.
        lend: gives the second date.

    Raises:
        SourceError: the scene is lent to itself: there is no second tile.
    """
    other = lend(rng)
    if other is scene:
        raise SourceError(f"{scene.source}: a pair of unrelated tiles needs a second tile; add tiles")
    rows, cols = (min(sides) for sides in zip(scene.grid.shape, other.grid.shape, strict=True))
    windows = [_window(rng, tile, rows, cols) for tile in (scene, other)]
    images = [
        tile.image[:, window[0], window[1]] for tile, window in zip((scene, other), windows, strict=True)
    ]
    labels = [tile.labels[window] for tile, window in zip((scene, other), windows, strict=True)]
    masks = [buildings_in(tile, own) for tile, own in zip((scene, other), labels, strict=True)]
    unknown = scene.ignored[windows[0]] | other.ignored[windows[1]]
    change: NDArray[np.uint8] = np.where(unknown, UNKNOWN, masks[0] ^ masks[1]).astype(np.uint8)
    same_scheme = scene.schema == other.schema
    return LabelledPair(
        name=f"{scene.source}|{other.source}",
        t1=images[0],
        t2=images[1],
        full_scale=scene.full_scale,
        gsd_m=scene.grid.gsd_m,
        change=change,
        labels_t1=labels[0] if same_scheme else None,
        labels_t2=labels[1] if same_scheme else None,
        schema=scene.schema if same_scheme else None,
        bands=scene.bands,
    )


def _window(rng: np.random.Generator, tile: Scene, rows: int, cols: int) -> tuple[slice, slice]:
    """Return a random window of a tile."""
    row, col = (
        int(rng.integers(side - own + 1)) for side, own in zip(tile.grid.shape, (rows, cols), strict=True)
    )
    return slice(row, row + rows), slice(col, col + cols)
