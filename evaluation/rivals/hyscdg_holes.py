"""HySCDG's repainted footprints: up to three objects get a class drawn by frequency, decoys keep theirs.

Rules kept (Benidir et al. 2025; yb23/HySCDG at 0bca08e, `generate.py`, `src/flair.py`), lengths in metres
of its 0.2 m tiles: round(sqrt(U) / 0.3) objects; int(1.5 sqrt(U (4.5 - n))) decoy rectangles of 14-42 m to
60 m; a new class by its frequency in FLAIR, divided by one plus its pixels in the region; the region is the
connected piece of the class at the object's centroid, clipped to the footprint and 7 m; all within 9 m of
the footprint is repainted. Only the later date is painted.

Defects kept on purpose: a neighbour that touches goes too, up to 7 m; the centroid of a bent building may
lie on ground, and then ground changes class under the roof's hole; hardly anything is ever built; most of
what is repainted counts as unchanged; the whole later date is a decoded one (contrast 7-8 % lower, a little
darker and softer, as measured on FSC-180k).

Not made again: the diffusion model: ground is regrown from ground of its class in the tile or another,
roofs that were only repainted take the colour of another roof. Lines and masts of BD TOPO; text. A class
that neither tile can show, and "building", which needs a drawn roof (its share for a building is 0.004 %),
is drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.pair import LabelledPair
from diachron.core.scene import Scene, object_class_map
from diachron.evaluation.rivals.edits import Edits, Mask
from diachron.evaluation.rivals.painting import Passage, grown_by, in_dtype, paint_ground

REGISTERED = True

# FLAIR's classes that are ever created, as hub classes, with their frequency in percent.
FREQUENCIES = (
    (hub.BUILDING, 8.14),
    (hub.DEVELOPED, 8.25),  # pervious surface
    (hub.DEVELOPED, 13.72),  # impervious surface
    (hub.BARE, 3.47),
    (hub.WATER, 4.88),
    (hub.TREE, 2.74),  # coniferous
    (hub.TREE, 15.38),  # deciduous
    (hub.SHRUB, 6.95),
    (hub.CROP, 3.13),  # vineyard
    (hub.GRASS, 17.84),
    (hub.CROP, 10.98),
    (hub.BARE, 3.88),  # ploughed land
)
# What BD TOPO maps as objects, as far as scenes have it.
MAPPED = (hub.BUILDING, hub.SPORTS, hub.POOL)
REGION_M, HOLE_M = 7.0, 9.0
DECOY_M, LARGEST_DECOY_M = 14.0, 60.0
DRAWS = 8
# As on FSC-180k: means of 114, 118, 109 become 110, 117, 106 of 255. The blur is ours.
PASSAGE = Passage((0.93, 0.93, 0.92), (-0.014, -0.006, -0.014), 0.5)


def make(
    rng: np.random.Generator, scene: Scene, lend: Callable[[np.random.Generator], Scene]
) -> LabelledPair:
    """Return a tile and its copy with holes repainted.

    Args:
        rng: chance.
        scene: prepared; shape and dtype of the pair are its.
        lend: gives ground of classes that the tile does not have.
    """
    edits = Edits(scene)
    other = lend(rng)
    classes = _classes(scene)
    mapped = [n for n in sorted(scene.objects) if scene.objects[n].object_class in MAPPED]
    count = min(round(math.sqrt(rng.random()) / 0.3), len(mapped))
    decoys = int(1.5 * math.sqrt(rng.random() * (4.5 - count)))
    hole = np.zeros(scene.grid.shape, bool)
    done = np.zeros(scene.grid.shape, bool)
    for number in rng.permutation(len(mapped))[:count]:
        footprint = scene.instances == mapped[int(number)]
        region = _region(classes, footprint, REGION_M / scene.grid.gsd_m) & ~done & ~scene.ignored
        if _replace(rng, edits, region, classes, other):
            done |= region
            hole |= grown_by(footprint, HOLE_M / scene.grid.gsd_m)
    for _ in range(decoys):
        hole |= _decoy(rng, scene)
    _repaint(rng, edits, hole & ~done & ~scene.ignored, other)
    PASSAGE.apply(edits)
    return edits.pair(edited_first=False)


def _classes(scene: Scene) -> NDArray[np.uint8]:
    """Return (H, W) hub classes as seen from above."""
    above = object_class_map(scene.instances, scene.objects)
    return np.where(above > 0, above, scene.surface).astype(np.uint8)


def _region(classes: NDArray[np.uint8], footprint: Mask, reach_px: float) -> Mask:
    """Return the piece of the class at a footprint's centroid, clipped to the footprint and a rim."""
    row, col = (int(places.mean()) for places in np.nonzero(footprint))
    pieces, _ = ndimage.label(classes == classes[row, col])
    region: Mask = (pieces == pieces[row, col]) & grown_by(footprint, reach_px)
    return region


def _replace(
    rng: np.random.Generator, edits: Edits, region: Mask, classes: NDArray[np.uint8], other: Scene
) -> bool:
    """Paint a region as another class and write it into the label map; False where none could be painted."""
    if not region.any():
        return False
    present = np.bincount(classes[region], minlength=256)
    kinds = [kind for kind, _ in FREQUENCIES]
    weights = np.array([share / (1.0 + present[kind]) for kind, share in FREQUENCIES])
    for _ in range(DRAWS):
        kind = int(rng.choice(kinds, p=weights / weights.sum()))
        if kind != hub.BUILDING and paint_ground(rng, edits, region, kind, other, join=False):
            edits.labels[region] = edits.scene.schema.draws[kind]
            return True
    return False


def _decoy(rng: np.random.Generator, scene: Scene) -> Mask:
    """Return a rectangle as `little_mask` draws it, with both sides at least of a drawn length."""
    least = DECOY_M * (1.0 + 2.0 * rng.random()) / scene.grid.gsd_m
    spans = []
    for side in scene.grid.shape:
        shortest = min(int(least), side - 1)
        start = int(rng.integers(0, side - shortest))
        stop = min(side, start + max(int(LARGEST_DECOY_M / scene.grid.gsd_m), shortest + 1))
        spans.append(slice(start, int(rng.integers(start + shortest, stop))))
    decoy = np.zeros(scene.grid.shape, bool)
    decoy[spans[0], spans[1]] = True
    return decoy


def _repaint(rng: np.random.Generator, edits: Edits, hole: Mask, other: Scene) -> None:
    """Paint everything in a hole anew as what it is; what cannot be painted stays."""
    scene = edits.scene
    ground = hole & (scene.instances == 0)
    for surface in np.unique(scene.surface[ground]).tolist():
        pieces, count = ndimage.label(ground & (scene.surface == surface))
        # A hole a piece: the filling of one box around all of them would look at the whole tile.
        for number in range(1, count + 1):
            paint_ground(rng, edits, pieces == number, int(surface), other, join=True)
    standing = np.unique(scene.instances[hole & (scene.instances > 0)]).tolist()
    roofs = [n for n in sorted(scene.objects) if scene.objects[n].object_class == hub.BUILDING]
    for entry in (n for n in standing if n in roofs):
        like = scene.instances == roofs[int(rng.integers(len(roofs)))]
        own = (scene.instances == entry) & hole
        values = edits.image[:, own].astype(np.float32)
        shift = scene.image[:, like].mean(axis=1) - values.mean(axis=1)
        edits.image[:, own] = in_dtype(values + shift[:, np.newaxis], edits.image.dtype, scene.full_scale)
