"""Changes inside one picture: buildings inpainted away and copied about, the later date in another style.

Rules kept (Seo et al. 2023, Self-Pair, arXiv 2212.10236, its introduction and the figure
`resources/self-pair.png` of its repository at 88b549e): both dates come from one picture, so that unchanged
ground keeps its structure; the later one first gets another style as a whole, then buildings are painted
out with a generous hole, and the label is the building alone; buildings of the same picture are copied to
other places of it and blended (recalled, not seen in code).

Defects kept on purpose: shadows of removed buildings stay, copies have none and lie on roads, water and
trees; the restyled date is always the painted one.

Not made again: the style bank (CycleGAN, VSAIT), here means and deviations of another tile's bands taken
over in part (Reinhard et al. 2001); the inpainting network, here ground of the tile. How often and how many
is not published: one to five of each, each kind by a coin, at least one of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diachron.core import hub
from diachron.core.pair import LabelledPair
from diachron.core.scene import Footprint, Scene
from diachron.evaluation.rivals.cutouts import cutouts_of, free_place, paste, turned
from diachron.evaluation.rivals.edits import Edits, buildings_in
from diachron.evaluation.rivals.painting import grown_by, in_dtype, paint_ground

REGISTERED = True

MOST_EVENTS = 5
TRIES = 20
# The hole reaches farther than the building, as in the published figure.
HOLE_M = 3.0
FEATHER_PX = 2.0
# Contrast that another tile may lend: a tile of plain sand would wipe a picture out.
LEAST_GAIN, MOST_GAIN = 0.6, 1.6


def make(
    rng: np.random.Generator, scene: Scene, lend: Callable[[np.random.Generator], Scene]
) -> LabelledPair:
    """Return a tile and its restyled copy with buildings gone and others copied.

    Args:
        rng: chance.
        scene: prepared; shape and dtype of the pair are its.
        lend: gives the style.
    """
    edits = Edits(scene)
    other = lend(rng)
    removes, copies = ((True, False), (False, True), (True, True))[int(rng.integers(3))]
    if removes:
        _remove(rng, edits, other)
    if copies:
        _copy(rng, edits)
    _restyle(rng, edits, other)
    return edits.pair(edited_first=False)


def _remove(rng: np.random.Generator, edits: Edits, other: Scene) -> None:
    scene = edits.scene
    ids = [n for n in sorted(scene.objects) if scene.objects[n].object_class == hub.BUILDING]
    for number in rng.permutation(len(ids))[: int(rng.integers(1, MOST_EVENTS + 1))]:
        gone = scene.instances == ids[int(number)]
        hole = grown_by(gone, HOLE_M / scene.grid.gsd_m) & ((scene.instances == 0) | gone) & ~scene.ignored
        values, counts = np.unique(scene.surface[gone], return_counts=True)
        ground = int(values[np.argmax(counts)]) or hub.BARE
        if paint_ground(rng, edits, hole, ground, other, join=True):
            edits.clear(gone & buildings_in(scene, scene.labels))


def _copy(rng: np.random.Generator, edits: Edits) -> None:
    scene = edits.scene
    roofs = cutouts_of(scene)
    closed = buildings_in(scene, scene.labels) | scene.ignored

    def fits(place: Footprint) -> bool:
        return not (closed[place.window] & place.mask).any()

    for _ in range(int(rng.integers(1, MOST_EVENTS + 1)) if roofs else 0):
        roof = turned(rng, roofs[int(rng.integers(len(roofs)))])
        place = free_place(rng, scene.grid.shape, fits, roof, TRIES)
        if place is not None:
            paste(edits.image, roof, place, feather_px=FEATHER_PX)
            built = np.zeros(scene.grid.shape, bool)
            built[place.window] = place.mask
            closed |= built
            edits.build(built)


def _restyle(rng: np.random.Generator, edits: Edits, other: Scene) -> None:
    """Bring the copy's bands part of the way to the means and deviations of another tile."""
    strength = float(rng.random())
    good = ~edits.scene.ignored
    values = edits.image.astype(np.float32)
    here, there = values[:, good], other.image[:, ~other.ignored].astype(np.float32)
    deviation = np.maximum(here.std(axis=1), 1e-6)
    gain = np.clip(there.std(axis=1) / deviation, LEAST_GAIN, MOST_GAIN)[:, np.newaxis, np.newaxis]
    mean, wanted = (part.mean(axis=1)[:, np.newaxis, np.newaxis] for part in (here, there))
    styled = values + strength * ((values - mean) * gain + wanted - values)
    edits.image = np.where(good, in_dtype(styled, edits.image.dtype, edits.scene.full_scale), edits.image)
