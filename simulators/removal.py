"""Choosing standing objects to take away."""

from __future__ import annotations

import numpy as np

from diachron.core.scene import Footprint, SceneObject
from diachron.simulators.site import Site

# What fills less of its box is a piece of a labelled block, not a building that could go alone.
WHOLE_FILL = 0.7
# Smaller than a shed, or a few pixels of a house that the border cuts off: nobody could see it go.
SMALLEST_M2 = 12.0
FEWEST_PIXELS = 20


def choose_standing(
    rng: np.random.Generator, site: Site, classes: frozenset[int], max_area_m2: float
) -> SceneObject | None:
    """Return a standing object of these hub classes, by likelihood where some are likelier; None for none."""
    ids = site.standing(classes, max_area_m2=max_area_m2, least_fill=WHOLE_FILL)
    if not ids:
        return None
    if site.likelihood is None:
        chosen = ids[int(rng.integers(len(ids)))]
    else:
        likely = site.shuffled(rng, ids, 1)
        if not likely:
            return None
        chosen = likely[0]
    site.mark_gone(chosen)
    return site.scene.objects[chosen]


def ground_under(site: Site, entry: SceneObject) -> int:
    """Return the hub surface that most of an object's footprint stands on."""
    under = site.scene.surface[entry.footprint.window][entry.footprint.mask]
    return int(np.bincount(under).argmax())


def one_kind(site: Site, footprint: Footprint) -> int | None:
    """Return the hub surface of a footprint; None where there are several, which a log cannot bring back."""
    under = site.scene.surface[footprint.window][footprint.mask]
    return int(under[0]) if (under == under[0]).all() else None
