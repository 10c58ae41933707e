"""Where changed ground ends: old ground reaches into the new one, unevenly, as feet and growth leave it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.place import COVER_IDS, COVERS
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.noise import field, hashed

Mask = NDArray[np.bool_]

# Ground whose edge no one built. Kerbs, walls and water's edge of stone are straight.
NATURAL = (
    "soil", "sand", "rock", "gravel", "dirt", "rubbish", "lawn", "meadow", "dry_grass", "scrub", "hedge",
    "forest_floor", "crop", "stubble", "ploughed", "orchard", "marsh",
)  # fmt: skip
# Old ground reaches so far into new ground in the mean, and this is the spread over lengths in metres. By eye
# beside edges of fields, clearings and worn grass at 0.25 m.
MEAN_M = 0.45
SPREAD_M = ((6.3, 0.55), (2.1, 0.40), (0.8, 0.30))
FARTHEST_M = 2.2
# Ploughs and drills keep a line.
WORKED = ("crop", "stubble", "ploughed")
WORKED_SHARE = 0.5
_IS_NATURAL = np.array([name in NATURAL for name in COVERS])
_SHARE = np.zeros(len(COVERS), np.float32)
for _name in (*NATURAL, "lake"):
    _SHARE[COVER_IDS[_name]] = WORKED_SHARE if _name in WORKED else 1.0


def frayed(
    frame: Frame,
    seed: int,
    other: Mask,
    taken: Mask,
    was: NDArray[np.uint8],
    cover: NDArray[np.uint8],
) -> Mask:
    """Return (h, w) pixels of changed ground, near its rim, that still look as they did.

    No pixel beyond the changed ground is touched, so that the maps' change holds all of it.

    Args:
        frame: of the window.
        seed: of the world.
        other: (h, w) ground that differs from the model's.
        taken: (h, w) where an object stands.
        was, cover: (h, w) kinds of ground in the model and now.
    """
    beside = ~other & ~taken & _IS_NATURAL[was]
    may = other & ~taken & _IS_NATURAL[was] & (_SHARE[cover] > 0.0)
    if not beside.any() or not may.any():
        return np.zeros_like(other)
    away_m = ndimage.distance_transform_edt(~beside).astype(np.float32) * np.float32(frame.step_m)
    may &= away_m < FARTHEST_M
    reach = np.full(frame.shape, np.float32(MEAN_M))
    for number, (length, spread) in enumerate(SPREAD_M):
        reach += np.float32(spread) * field(frame, length, int(hashed(seed, 620 + number)))
    found: Mask = may & (away_m < reach * _SHARE[cover])
    return found
