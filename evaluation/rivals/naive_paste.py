"""Roofs cut out and pasted hard onto open ground of the same tile: the simplest copy-paste.

Rules kept (Ghiasi et al. 2021, Simple Copy-Paste, and the outer rules of IAug, Chen et al. 2021): whole
roofs of the tile and of one other tile, turned by quarters and mirrored, at uniform positions, ten tries
each, off every building; all pastes on one date, which one by a coin. Colour jitter belongs to the
training.

Defects kept on purpose: hard edges, no shadow, no harmony with the ground, roofs on roads, water and trees,
everything that was not pasted equal to the bit.

Not made again: IAug's learnt roofs (SPADE) and its blending. The number of roofs, 1 to 20, is ours: IAug's
50 fill a LEVIR tile.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diachron.core.pair import LabelledPair
from diachron.core.scene import Footprint, Scene
from diachron.evaluation.rivals.cutouts import cutouts_of, free_place, paste, turned
from diachron.evaluation.rivals.edits import Edits, buildings_in

REGISTERED = True

MOST_ROOFS = 20
TRIES = 10


def make(
    rng: np.random.Generator, scene: Scene, lend: Callable[[np.random.Generator], Scene]
) -> LabelledPair:
    """Return a tile and its copy with more roofs; `labels` of the copy say building there.

    Args:
        rng: chance.
        scene: prepared; shape and dtype of the pair are its.
        lend: gives the other tile.
    """
    roofs = [*cutouts_of(scene), *cutouts_of(lend(rng))]
    edits = Edits(scene)
    closed = buildings_in(scene, scene.labels) | scene.ignored

    def fits(place: Footprint) -> bool:
        return not (closed[place.window] & place.mask).any()

    if roofs:
        for _ in range(int(rng.integers(1, MOST_ROOFS + 1))):
            roof = turned(rng, roofs[int(rng.integers(len(roofs)))])
            place = free_place(rng, scene.grid.shape, fits, roof, TRIES)
            if place is not None:
                paste(edits.image, roof, place)
                closed[place.window] |= place.mask
                pasted = np.zeros(scene.grid.shape, bool)
                pasted[place.window] = place.mask
                edits.build(pasted)
    return edits.pair(edited_first=bool(rng.integers(2)))
