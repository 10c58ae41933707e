"""Changen2's building events: components of the mask removed, or copied to where no building stands.

Rules kept (Zheng et al. 2024; torchange 0.0.4, `models/changen2/change_event_simulation.py`): one step of
add, remove, or remove-then-add; 8-connected components of more than 64 pixels; one to five of them a step;
a copy keeps shape and orientation and gets a uniform offset inside the frame, 50 tries, then it is dropped;
a place is free where no building pixel lies. The earlier date is real, the later one is painted.

Defects kept on purpose: components, not buildings (a terrace goes as one); houses on roads, water and
trees, up against each other; a shift of zero twice as likely (offsets are cut to whole numbers towards
zero); ground that was just vacated is built on again, and the difference of the masks hides both; an empty
tile stays empty. The whole later date loses contrast and shifts in colour, as measured on Changen2's
published pairs.

Not made again: the diffusion renderer (gated weights). Copies are the source component's own pixels,
removed ones are filled with ground of the tile and a rim of two metres; shadows stay. A value "ignore" is
not a building here. The mode is drawn with equal chance: the published mixture is not stated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.pair import LabelledPair
from diachron.core.scene import Scene
from diachron.evaluation.rivals.edits import Edits, Mask, buildings_in
from diachron.evaluation.rivals.painting import Passage, grown_by, paint_ground

REGISTERED = True

MODES = ("add", "remove", "mix")
MOST_EVENTS = 5
TRIES = 50
LARGER_THAN_PX = 64
RIM_M = 2.0
# As on Changen2's pairs: means of 114, 117, 100 become 118, 120, 102 of 255. The blur is ours.
PASSAGE = Passage((0.85, 0.82, 0.86), (0.014, 0.012, 0.007), 0.5)


@dataclass(frozen=True)
class _Component:
    """Rows and columns of the pixels of one component."""

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]


def make(
    rng: np.random.Generator, scene: Scene, lend: Callable[[np.random.Generator], Scene]
) -> LabelledPair:
    """Return a tile and its state after one step of events.

    Args:
        rng: chance.
        scene: prepared; shape and dtype of the pair are its.
        lend: gives ground for holes that the tile has none for.
    """
    edits = Edits(scene)
    other = lend(rng)
    standing = buildings_in(scene, scene.labels) & ~scene.ignored
    mode = MODES[int(rng.integers(len(MODES)))]
    if mode != "add":
        standing = _remove(rng, edits, standing, other)
    if mode != "remove":
        _add(rng, edits, standing)
    PASSAGE.apply(edits)
    return edits.pair(edited_first=False)


def _remove(rng: np.random.Generator, edits: Edits, standing: Mask, other: Scene) -> Mask:
    """Return what still stands after up to five components went."""
    left = standing.copy()
    scene = edits.scene
    for component in _drawn(rng, standing):
        gone = np.zeros(standing.shape, bool)
        gone[component.rows, component.cols] = True
        rim = grown_by(gone, RIM_M / scene.grid.gsd_m) & (scene.instances == 0) & ~scene.ignored
        values, counts = np.unique(scene.surface[gone], return_counts=True)
        ground = int(values[np.argmax(counts)]) or hub.BARE
        if paint_ground(rng, edits, gone | rim, ground, other, join=True):
            edits.clear(gone)
            left &= ~gone
    return left


def _add(rng: np.random.Generator, edits: Edits, standing: Mask) -> None:
    """Copy up to five components to where nothing stands."""
    taken = standing | edits.scene.ignored
    for component in _drawn(rng, standing):
        for _ in range(TRIES):
            down, right = (
                _offset(rng, places, side)
                for places, side in zip((component.rows, component.cols), standing.shape, strict=True)
            )
            rows, cols = component.rows + down, component.cols + right
            if not taken[rows, cols].any():
                taken[rows, cols] = True
                edits.image[:, rows, cols] = edits.scene.image[:, component.rows, component.cols]
                built = np.zeros(standing.shape, bool)
                built[rows, cols] = True
                edits.build(built)
                break


def _offset(rng: np.random.Generator, places: NDArray[np.intp], side: int) -> int:
    """Return a shift that keeps a component inside; `int` cuts towards zero, as the published code does."""
    first, room = int(places.min()), side - 1 - int(places.max()) + int(places.min())
    return int(rng.random() * room - first)


def _drawn(rng: np.random.Generator, standing: Mask) -> list[_Component]:
    """Return one to five components in random order, fewer where there are not so many."""
    found, _ = ndimage.label(standing, np.ones((3, 3)))
    components = []
    for number, box in enumerate(ndimage.find_objects(found), start=1):
        rows, cols = np.nonzero(found[box] == number)
        if rows.size > LARGER_THAN_PX:
            components.append(_Component(rows + box[0].start, cols + box[1].start))
    wanted = int(rng.integers(1, MOST_EVENTS + 1))
    return [components[number] for number in rng.permutation(len(components))[:wanted]]
