"""Water: shallow and muddy along its shore, deep in the middle, ruffled by wind, bright where it mirrors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.place import COVER_IDS
from diachron.generators.procedural.ground import Waves
from diachron.generators.procedural.noise import field, hashed
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.state import PlaceState

Picture = NDArray[np.float32]

# Metres from the shore over which the bottom shows, and over which waves of the sea break.
SHALLOW_M = {"river": 3.0, "lake": 3.5, "sea": 7.0}
BOTTOM = {"river": "silty_water", "lake": "green_water", "sea": "sand"}
SURF_M = 4.5
REACH_M = 14.0
# A shore is nowhere shallower than at this share of the distance.
NEAREST = 0.3
# Swell: length of the waves and how much brighter their sunny sides are.
SWELL_M, SWELL = {"river": 0.0, "lake": 5.0, "sea": 11.0}, {"river": 0.0, "lake": 0.05, "sea": 0.16}
# The sky mirrored in water seen from above: 2 % of it (Fresnel at normal incidence).
MIRRORED = 0.02


def paint_water(state: PlaceState, bands: Sequence[str], waves: Waves, picture: Picture) -> None:
    """Paint shores, swell and mirrored sky into (C, h, w) reflectance, in place."""
    wet = np.isin(state.cover, [COVER_IDS[name] for name in SHALLOW_M]) & (state.classes == 0)
    if not wet.any():
        return
    flat = picture.reshape(len(bands), -1)
    step = state.frame.step_m
    # Beyond the window the water goes on.
    framed = np.pad(np.isin(state.cover, [COVER_IDS[name] for name in SHALLOW_M]), 1, mode="edge")
    shore = ndimage.distance_transform_edt(framed)[1:-1, 1:-1].astype(np.float32) * np.float32(step)
    np.minimum(shore, np.float32(REACH_M), out=shore)
    foam = spectra(["foam"], bands)
    for name, depth in SHALLOW_M.items():
        at = np.flatnonzero(wet & (state.cover == COVER_IDS[name]))
        if at.size == 0:
            continue
        off = shore.ravel()[at]
        uneven = np.maximum(
            1.0 + 0.35 * waves.spots[1].ravel()[at] + 0.15 * waves.spots[2].ravel()[at], NEAREST
        )
        # Nothing of the bottom is left where the distance is no longer known: the deep has no sandbanks.
        fading = 1.0 - np.square(off / np.float32(REACH_M))
        shallow = (np.exp(-off * uneven / depth) * fading).astype(np.float32)
        bottom = spectra([BOTTOM[name]], bands)
        flat[:, at] += np.float32(0.45) * shallow * (bottom - flat[:, at])
        if SWELL[name] and step < SWELL_M[name] / 3:
            crest = _swell(state, SWELL_M[name]).ravel()[at]
            flat[:, at] *= np.float32(1.0) + np.float32(SWELL[name]) * crest
        flat[:, at] += np.float32(MIRRORED) * (1.0 + np.float32(0.25) * waves.grain[2].ravel()[at])
        if name == "sea":
            breaking = np.exp(
                -(((off - 1.0 - waves.spots[1].ravel()[at] * 0.9) / np.float32(SURF_M / 4)) ** 2)
            )
            broken = np.clip(breaking * (0.45 + 0.5 * waves.grain[2].ravel()[at]), 0.0, 0.9)
            flat[:, at] += broken * (foam - flat[:, at])


def _swell(state: PlaceState, length_m: float) -> Picture:
    """Return (h, w) waves of about one length, long along their crests, -1 to 1."""
    turn = float(hashed(state.seed, 400) & np.uint64(0xFFFF)) / 65536.0 * np.pi
    south, east = state.frame.south_m[:, None], state.frame.east_m[None, :]
    phase = (south * np.cos(turn) + east * np.sin(turn)) * (2 * np.pi / length_m)
    bend = field(state.frame, 6 * length_m, int(hashed(state.seed, 401)))
    strength = np.clip(0.5 + 0.5 * field(state.frame, 2.5 * length_m, int(hashed(state.seed, 402))), 0.0, 1.0)
    return (np.sin(phase + 2.2 * bend) * strength).astype(np.float32)
