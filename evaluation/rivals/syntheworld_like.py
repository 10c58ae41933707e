"""Two renderings of a made place, some of its buildings in one of them only, in the manner of SyntheWorld.

Rules kept (Song, Chen, Yokoya 2024, SyntheWorld; Song et al. 2024, SynRS3D; read from their data sets'
descriptions): no real pixel anywhere; buildings alone change, the label is the difference of their masks;
both dates are rendered, each under its own sun, with shadows from the heights; the later date is the place
as it was made, the earlier one the same place with other buildings. The scenes are meant to be procedural
worlds, as `benchmarks/generators.py` gives them; of a real scene the layers alone are taken, on flat ground
and without trees, and no pixel of it is used where they say anything.

Defects kept on purpose: what a house leaves is the ground the world has there, at once and without a trace,
and nobody builds in stages; houses come where the finished plan has room for them, never on fields; one
sensor, no haze, no shift between dates. Nothing but buildings and light differs, so that a detector may take
whatever differs for a building.

Not made again: the Blender assets and the six city styles (never released; here the eight styles of our
worlds), textures made by image generators, views off nadir, and a new texture for ground that stays. How many
buildings differ is not stated where we could read: here a share of all, even between none and a half, each
missing at either date by a coin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene
from diachron.evaluation.rivals.edits import buildings_in
from diachron.generators.procedural import picture_of
from diachron.generators.procedural.assumed import model_of

REGISTERED = True

LARGEST_SHARE = 0.5
# Set by us: suns under which a survey flies, and no shadow longer than twice the height.
AZIMUTHS_DEG, ELEVATIONS_DEG = (90.0, 270.0), (27.0, 70.0)


def make(
    rng: np.random.Generator, scene: Scene, lend: Callable[[np.random.Generator], Scene]
) -> LabelledPair:
    """Return two renderings of a scene's layers; shape, bands and dtype are the scene's.

    Args:
        rng: chance.
        scene: a procedural place; a real one gives its layers.
        lend: is not asked: nothing is borrowed.
    """
    del lend
    ids = [n for n in sorted(scene.objects) if scene.objects[n].object_class == hub.BUILDING]
    share = float(rng.uniform(0.0, LARGEST_SHARE))
    changes, at_first = rng.random(len(ids)) < share, rng.random(len(ids)) < 0.5
    absent = [
        [number for number, here in zip(ids, changes & missing, strict=True) if here]
        for missing in (~at_first, at_first)
    ]
    # The sun of both dates is drawn before anything is painted.
    suns = [(float(rng.uniform(*AZIMUTHS_DEG)), float(rng.uniform(*ELEVATIONS_DEG))) for _ in absent]
    images, labels = [], []
    for gone, sun in zip(absent, suns, strict=True):
        away = np.isin(scene.instances, gone)
        drawn = scene.labels.copy()
        drawn[away] = scene.schema.draw(scene.surface[away], np.zeros(np.count_nonzero(away), np.uint8))
        images.append(_picture(scene, gone, away, sun))
        labels.append(drawn)
    masks = [buildings_in(scene, each) for each in labels]
    change = np.where(scene.ignored, UNKNOWN, masks[0] ^ masks[1]).astype(np.uint8)
    return LabelledPair(
        name=scene.source,
        t1=images[0],
        t2=images[1],
        full_scale=scene.full_scale,
        gsd_m=scene.grid.gsd_m,
        change=change,
        labels_t1=labels[0],
        labels_t2=labels[1],
        schema=scene.schema,
        bands=scene.bands,
    )


def _picture(
    scene: Scene, gone: Sequence[int], away: NDArray[np.bool_], sun: tuple[float, float]
) -> NDArray[np.generic]:
    """Return the rendering without some buildings; ground that nobody knows keeps its pixels."""
    left = set(gone)
    standing = {number: entry for number, entry in scene.objects.items() if number not in left}
    state = Snapshot(0.0, scene.surface, np.where(away, 0, scene.instances).astype(np.int32), standing)
    painted = picture_of(
        model_of(scene),
        state,
        sun_azimuth_deg=sun[0],
        sun_elevation_deg=sun[1],
        bands=scene.bands,
        dtype=scene.image.dtype,
        full_scale=scene.full_scale,
    )
    result: NDArray[np.generic] = np.where(scene.ignored, scene.image, painted)
    return result
